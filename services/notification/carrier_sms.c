/* SMS through whatever gateway the operator has: one POST, whose body is a template of the settings. */
#include <stdio.h>
#include <string.h>

#include "services/notification/carrier_settings.h"
#include "services/notification/carrier_text.h"
#include "services/notification/carriers.h"

#define SMS_BYTES_MAX 600 /* of the text: gateways cut it into several short messages */

static bool is_number(const char *phone) {
    size_t digits = 0;
    for (const char *at = phone; *at != '\0'; at++) {
        digits += *at >= '0' && *at <= '9';
        if (strchr("0123456789 -()", *at) == NULL && !(*at == '+' && at == phone))
            return false;
    }
    return digits >= 3 && digits <= 15; /* ITU-T E.164 */
}

static void add_escaped(struct bytes *out, const char *type, const char *text) {
    if (strcmp(type, "application/json") == 0)
        text_add_json(out, text);
    else if (strcmp(type, "application/x-www-form-urlencoded") == 0)
        text_add_form(out, text);
    else if (strcmp(type, "text/xml") == 0)
        text_add_xml(out, text);
    else
        text_add(out, text);
}

static void fill(const struct carrier_settings *settings, const struct parcel *parcel, const char *text,
                 struct bytes *out) {
    const struct {
        const char *name, *value;
    } marks[] = {{"{phone}", parcel->to->address}, {"{text}", text}, {"{id}", parcel->id}};
    const char *at = settings->sms_body;
    while (*at != '\0') {
        size_t i = 0, plain = strcspn(at + 1, "{") + 1;
        while (i < 3 && strncmp(at, marks[i].name, strlen(marks[i].name)) != 0)
            i++;
        if (i < 3)
            add_escaped(out, settings->sms_type, marks[i].value);
        else
            bytes_append(out, at, plain);
        at += i < 3 ? strlen(marks[i].name) : plain;
    }
}

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    struct bytes text = {0};
    if (settings->sms_url[0] == '\0')
        return refuse(why, "ZHITONG_SMS_URL", "there is no SMS gateway");
    if (!is_number(parcel->to->address))
        return refuse(why, "address", "must be a telephone number of 3 to 15 digits");
    transfer->kind = TRANSFER_HTTP;
    snprintf(transfer->url, sizeof transfer->url, "%s", settings->sms_url);
    snprintf(transfer->headers[transfer->header_count++], TRANSFER_HEADER_MAX + 1, "Content-Type: %s; charset=utf-8",
             settings->sms_type);
    for (int i = 0; i < settings->sms_header_count; i++)
        snprintf(transfer->headers[transfer->header_count++], TRANSFER_HEADER_MAX + 1, "%s", settings->sms_headers[i]);
    text_add_cut(&text, parcel->text, SMS_BYTES_MAX);
    bytes_append(&text, "", 1);
    fill(settings, parcel, (const char *)text.data, &transfer->body);
    bytes_close(&text);
    return 0;
}

static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    bool good = settings->sms_status != 0 ? answer->status == settings->sms_status
                                          : answer->status >= 200 && answer->status <= 299;
    good = good && (settings->sms_good[0] == '\0' || strstr(answer->body, settings->sms_good) != NULL);
    *verdict = (struct verdict){good ? VERDICT_SENT : VERDICT_AGAIN,
                                !good && answer->retry_after_ms > 0 ? answer->retry_after_ms : 0};
}

const struct carrier carrier_sms = {"sms", true, prepare, judge};
