#include "services/notification/mail_message.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "services/notification/carrier_text.h"

#define WORD_BYTES 45 /* of UTF-8 in an encoded word, which has at most 75 characters */
#define SUBJECT_BYTES_MAX 400
#define DAY_SECONDS 86400

static const char boundary[] = "=_zhitong_parts"; /* no line of base64 can be it */

/* ---- headers ---------------------------------------------------------------------------------------------------------------- */

static bool is_plain(const char *text) {
    size_t size = strlen(text);
    for (const char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return size <= 60 && strstr(text, "=?") == NULL && (size == 0 || (text[0] != ' ' && text[size - 1] != ' '));
}

/* How much of the text goes into one encoded word: whole characters. */
static size_t word_size(const char *text) {
    size_t size = strnlen(text, WORD_BYTES + 1);
    if (size <= WORD_BYTES)
        return size;
    for (size = WORD_BYTES; size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80;)
        size--;
    return size;
}

void mail_add_words(struct bytes *out, const char *text) {
    if (is_plain(text)) {
        text_add(out, text);
        return;
    }
    for (const char *between = ""; *text != '\0'; between = "\r\n ") {
        char word[WORD_BYTES + 1], coded[WORD_BYTES / 3 * 4 + 5];
        size_t size = word_size(text);
        for (size_t i = 0; i < size; i++)
            word[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? ' ' : text[i];
        sodium_bin2base64(coded, sizeof coded, (const unsigned char *)word, size, sodium_base64_VARIANT_ORIGINAL);
        text_add(out, between);
        text_add(out, "=?UTF-8?B?");
        text_add(out, coded);
        text_add(out, "?=");
        text += size;
    }
}

static void add_line(struct bytes *out, const char *name, const char *value) {
    text_add(out, name);
    text_add(out, ": ");
    text_add(out, value);
    text_add(out, "\r\n");
}

static void add_date(struct bytes *out, int64_t at) {
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds = at / 1000, day = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;
    /* Civil date from days since 1970-01-01: years that begin in March, in eras of 400. */
    int64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), march = (5 * of_year + 2) / 153;
    int64_t month = march < 10 ? march + 2 : march - 10;
    char text[64];
    snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d +0000", days[day % 7],
             (int)(of_year - (153 * march + 2) / 5 + 1), months[month], (int)(year + era * 400 + (month < 2)),
             (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    add_line(out, "Date", text);
}

/* Letters, digits and .-_ of the parcel's id, so that the same parcel has the same Message-ID. */
static void add_message_id(struct bytes *out, const char *id, const char *from) {
    text_add(out, "Message-ID: <");
    for (const char *at = id; *at != '\0'; at++)
        if ((*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || *at == '-' ||
            *at == '_' || (*at == '.' && at != id && at[1] != '\0' && at[1] != '.'))
            bytes_append(out, at, 1);
        else
            bytes_append(out, "-", 1);
    text_add(out, strchr(from, '@'));
    text_add(out, ">\r\n");
}

static void add_sender(struct bytes *out, const struct carrier_settings *settings) {
    text_add(out, "From: ");
    if (settings->mail_name[0] != '\0' && is_plain(settings->mail_name)) {
        text_add(out, "\"");
        for (const char *at = settings->mail_name; *at != '\0'; at++)
            if (*at != '"' && *at != '\\')
                bytes_append(out, at, 1);
        text_add(out, "\" ");
    } else if (settings->mail_name[0] != '\0') {
        mail_add_words(out, settings->mail_name);
        text_add(out, " ");
    }
    text_add(out, "<");
    text_add(out, settings->mail_from);
    text_add(out, ">\r\n");
}

static void add_ending(struct bytes *out, const char *url) {
    for (const char *at = url; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == '<' || *at == '>')
            return;
    if (url[0] == '\0')
        return;
    text_add(out, "List-Unsubscribe: <");
    text_add(out, url);
    text_add(out, ">\r\n");
    if (strncmp(url, "https://", 8) == 0) /* RFC 8058 asks for it */
        add_line(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------- */

static void add_part(struct bytes *out, const char *type, const char *text) {
    text_add(out, "--");
    text_add(out, boundary);
    text_add(out, "\r\n");
    add_line(out, "Content-Type", type);
    add_line(out, "Content-Transfer-Encoding", "base64");
    text_add(out, "\r\n");
    text_add_base64_lines(out, text, strlen(text));
}

static bool is_tag(const char *language) {
    return language[0] != '\0' &&
           language[strspn(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] == '\0';
}

void mail_message(const struct parcel *parcel, const struct carrier_settings *settings, struct bytes *out) {
    struct bytes subject = {0};
    text_add_cut(&subject, parcel->subject, SUBJECT_BYTES_MAX);
    bytes_append(&subject, "", 1);
    add_date(out, parcel->at);
    add_sender(out, settings);
    text_add(out, "To: <");
    text_add(out, parcel->to->address);
    text_add(out, ">\r\nSubject: ");
    mail_add_words(out, (const char *)subject.data);
    text_add(out, "\r\n");
    add_message_id(out, parcel->id, settings->mail_from);
    add_line(out, "Auto-Submitted", "auto-generated");
    if (is_tag(parcel->language))
        add_line(out, "Content-Language", parcel->language);
    if (parcel->urgent)
        add_line(out, "Importance", "high");
    add_ending(out, parcel->end_url);
    add_line(out, "MIME-Version", "1.0");
    text_add(out, "Content-Type: multipart/alternative; boundary=\"");
    text_add(out, boundary);
    text_add(out, "\"\r\n\r\n");
    add_part(out, "text/plain; charset=utf-8", parcel->text);
    if (parcel->html != NULL && parcel->html[0] != '\0')
        add_part(out, "text/html; charset=utf-8", parcel->html);
    text_add(out, "--");
    text_add(out, boundary);
    text_add(out, "--\r\n");
    bytes_close(&subject);
}
