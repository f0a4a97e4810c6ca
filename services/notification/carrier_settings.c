#include "services/notification/carrier_settings.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const sms_types[] = {"application/json", "application/x-www-form-urlencoded", "text/xml",
                                        "text/plain"};

bool mail_address_is_plain(const char *address) {
    const char *at = strchr(address, '@');
    size_t size = strlen(address);
    if (at == NULL || at == address || at - address > 64 || at[1] == '\0' || strchr(at + 1, '@') != NULL ||
        size > MAIL_ADDRESS_MAX || address[0] == '.' || address[size - 1] == '.' || strstr(address, "..") != NULL)
        return false;
    for (const unsigned char *c = (const unsigned char *)address; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"(),:;<>[\\]", *c) != NULL)
            return false;
    return true;
}

static bool is_printable(const char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return false;
    return true;
}

static int read_sender(struct carrier_settings *out, const char *from, struct reason *why) {
    const char *open = strrchr(from, '<'), *close = strrchr(from, '>');
    if (from[0] == '\0')
        return out->smtp_url[0] == '\0' ? 0 : refuse(why, "ZHITONG_MAIL_FROM", "is needed with a mail server");
    if (open == NULL) {
        snprintf(out->mail_from, sizeof out->mail_from, "%s", from);
    } else {
        size_t name = (size_t)(open - from);
        if (close == NULL || close[1] != '\0' || close < open || name > MAIL_NAME_MAX)
            return refuse(why, "ZHITONG_MAIL_FROM", "must be ADDRESS or NAME <ADDRESS>");
        while (name > 0 && from[name - 1] == ' ')
            name--;
        snprintf(out->mail_name, sizeof out->mail_name, "%.*s", (int)name, from);
        snprintf(out->mail_from, sizeof out->mail_from, "%.*s", (int)(close - open - 1), open + 1);
    }
    if (!mail_address_is_plain(out->mail_from) || !is_printable(out->mail_name))
        return refuse(why, "ZHITONG_MAIL_FROM", "must be ADDRESS or NAME <ADDRESS>");
    return 0;
}

static int read_url(char *out, size_t room, const struct settings *settings, const char *name, struct reason *why) {
    const char *url = settings_text(settings, name);
    bool mail = strcmp(name, "ZHITONG_SMTP_URL") == 0;
    bool fits = mail ? strncmp(url, "smtp://", 7) == 0 || strncmp(url, "smtps://", 8) == 0
                     : strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
    if (url[0] != '\0' && (!fits || !is_printable(url) || strchr(url, ' ') != NULL))
        return refuse(why, name, "must begin with %s", mail ? "smtp:// or smtps://" : "http:// or https://");
    snprintf(out, room, "%s", url);
    return 0;
}

static int read_mail(struct carrier_settings *out, const struct settings *settings, struct reason *why) {
    const char *tls = settings_text(settings, "ZHITONG_SMTP_TLS");
    if (read_url(out->smtp_url, sizeof out->smtp_url, settings, "ZHITONG_SMTP_URL", why) != 0)
        return -1;
    if (strcmp(tls, "starttls") != 0 && strcmp(tls, "off") != 0)
        return refuse(why, "ZHITONG_SMTP_TLS", "must be starttls or off");
    out->smtp_starttls = strcmp(tls, "starttls") == 0;
    snprintf(out->smtp_user, sizeof out->smtp_user, "%s", settings_text(settings, "ZHITONG_SMTP_USER"));
    snprintf(out->smtp_password, sizeof out->smtp_password, "%s", settings_text(settings, "ZHITONG_SMTP_PASSWORD"));
    return read_sender(out, settings_text(settings, "ZHITONG_MAIL_FROM"), why);
}

static int read_headers(struct carrier_settings *out, const char *lines, struct reason *why) {
    while (*lines != '\0') {
        size_t size = strcspn(lines, "\n"), end = size;
        const char *colon = memchr(lines, ':', size);
        if (end > 0 && lines[end - 1] == '\r')
            end--;
        if (end > 0) {
            if (out->sms_header_count == SMS_HEADERS_MAX || end > SMS_HEADER_MAX || colon == NULL || colon == lines)
                return refuse(why, "ZHITONG_SMS_HEADERS",
                              "must be at most %d lines of Name: value, of at most %d bytes", SMS_HEADERS_MAX,
                              SMS_HEADER_MAX);
            char *header = out->sms_headers[out->sms_header_count++];
            snprintf(header, SMS_HEADER_MAX + 1, "%.*s", (int)end, lines);
            if (!is_printable(header))
                return refuse(why, "ZHITONG_SMS_HEADERS", "must hold no control characters");
        }
        lines += size + (lines[size] == '\n');
    }
    return 0;
}

static int read_sms(struct carrier_settings *out, const struct settings *settings, struct reason *why) {
    const char *type = settings_text(settings, "ZHITONG_SMS_TYPE");
    size_t known = 0;
    while (known < sizeof sms_types / sizeof *sms_types && strcasecmp(sms_types[known], type) != 0)
        known++;
    if (known == sizeof sms_types / sizeof *sms_types)
        return refuse(why, "ZHITONG_SMS_TYPE",
                      "must be application/json, application/x-www-form-urlencoded, text/xml or text/plain");
    snprintf(out->sms_type, sizeof out->sms_type, "%s", sms_types[known]);
    snprintf(out->sms_body, sizeof out->sms_body, "%s", settings_text(settings, "ZHITONG_SMS_BODY"));
    snprintf(out->sms_good, sizeof out->sms_good, "%s", settings_text(settings, "ZHITONG_SMS_GOOD"));
    out->sms_status = (int)settings_number(settings, "ZHITONG_SMS_STATUS");
    if (read_url(out->sms_url, sizeof out->sms_url, settings, "ZHITONG_SMS_URL", why) != 0)
        return -1;
    return read_headers(out, settings_text(settings, "ZHITONG_SMS_HEADERS"), why);
}

int carrier_settings_of(struct carrier_settings *out, const struct settings *settings, struct reason *why) {
    *out = (struct carrier_settings){.settings = settings};
    if (read_mail(out, settings, why) != 0 || read_sms(out, settings, why) != 0 ||
        read_url(out->public_url, sizeof out->public_url, settings, "ZHITONG_PUBLIC_URL", why) != 0 ||
        read_url(out->receipt_url, sizeof out->receipt_url, settings, "ZHITONG_RECEIPT_URL", why) != 0)
        return -1;
    size_t size = strlen(out->public_url);
    while (size > 0 && out->public_url[size - 1] == '/')
        out->public_url[--size] = '\0';
    return 0;
}
