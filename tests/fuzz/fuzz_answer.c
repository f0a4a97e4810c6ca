/* First byte: a status by tens. Then the body of what a gateway, a robot or a receiver answers: every carrier comes to a verdict, and
 * waits for no longer than a day. And any text on its way out, as body, subject and text of each carrier: what is sent is well formed. */
#include <ctype.h>
#include <jansson.h>

#include "common/calendar_text.h"
#include "common/emit.h"
#include "common/json_text.h"
#include "services/notification/carrier_settings.h"
#include "services/notification/carrier_text.h"
#include "services/notification/carriers.h"
#include "services/notification/mail_message.h"
#include "tests/fuzz/fuzz_input.h"

static const struct carrier_settings settings = {.smtp_url = "smtp://localhost",
                                                 .mail_from = "city@example.org",
                                                 .sms_url = "https://sms.example/",
                                                 .sms_type = "application/json",
                                                 .sms_body = "{\"to\":\"{to}\",\"text\":\"{text}\"}",
                                                 .sms_good = "\"code\":0"};

static void judge(int status, const char *body) {
#define CARRIER(name, for_people, meaning) &carrier_##name,
    static const struct carrier *const carriers[] = {
#include "services/notification/carriers.def"
    };
#undef CARRIER
    const struct answer answer = {.status = status, .trouble = "", .body = body, .retry_after_ms = -1};
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++) {
        struct verdict verdict = {VERDICT_AGAIN, -1};
        carriers[i]->judge(&settings, &answer, &verdict);
        assert(verdict.kind <= VERDICT_DISABLE && verdict.wait_ms >= 0 && verdict.wait_ms <= 86400000);
    }
}

static void check_json(const void *text, size_t size) {
    json_error_t error;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL)
        abort();
    json_decref(json);
}

/* Of a robot and of the SMS gateway the body is JSON. */
static void send_json(const struct carrier *carrier, const struct parcel *parcel) {
    static struct transfer transfer;
    struct reason why;
    memset(&transfer, 0, sizeof transfer);
    if (carrier->prepare(parcel, &settings, &transfer, &why) == 0)
        check_json(transfer.body.data, transfer.body.size);
    transfer_close(&transfer);
}

/* Lines of a mail end in CR LF, and none is longer than RFC 5322 allows. */
static void check_lines(const struct bytes *bytes, size_t most) {
    size_t length = 0;
    for (size_t i = 0; i < bytes->size; i++) {
        if (bytes->data[i] == '\n') {
            assert(i > 0 && bytes->data[i - 1] == '\r' && length - 1 <= most);
            length = 0;
        } else {
            length++;
        }
    }
    assert(length == 0);
}

static void escape(const char *text) {
    char *quoted = malloc(strlen(text) * JSON_TEXT_GROWTH_MAX + 3);
    assert(quoted != NULL);
    size_t size = json_text(quoted + 1, strlen(text) * JSON_TEXT_GROWTH_MAX + 1, text, strlen(text), NULL);
    quoted[0] = quoted[size + 1] = '"';
    check_json(quoted, size + 2);
    free(quoted);
    struct emit emit = {.format = EMIT_JSON};
    emit_record(&emit, "a");
    emit_text(&emit, "b", text);
    emit_end(&emit);
    check_json(emit.out.data, emit.out.size);
    bytes_close(&emit.out);
    struct bytes form = {0};
    text_add_form(&form, text);
    for (size_t i = 0; i < form.size; i++)
        assert(isalnum(form.data[i]) || strchr("-._~%", form.data[i]) != NULL);
    bytes_close(&form);
}

static void tell(const char *text) {
    const struct destination robot = {.address = "https://robot.example/?a=b", .secrets = {"SEC0"}, .secret_count = 1};
    const struct destination number = {.address = "+8613800000000"}, mail = {.address = "a@example.org"};
    struct parcel parcel = {.id = "1.2.3",
                            .at = 1,
                            .to = &robot,
                            .language = "en",
                            .subject = text,
                            .text = text,
                            .html = text,
                            .end_url = ""};
    struct bytes out = {0}, calendar = {0};
    escape(text);
    if (text_clean(text, strlen(text)) != strlen(text))
        return; /* nothing else is kept, so nothing else is told */
    send_json(&carrier_wecom, &parcel);
    send_json(&carrier_dingtalk, &parcel);
    send_json(&carrier_feishu, &parcel);
    parcel.to = &number;
    send_json(&carrier_sms, &parcel);
    parcel.to = &mail;
    mail_message(&parcel, &settings, &out);
    check_lines(&out, 998);
    bytes_close(&out);
    calendar_put_text(&calendar, "SUMMARY", text);
    check_lines(&calendar, 75);
    bytes_close(&calendar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    char *text = fuzz_text(data + 1, size - 1 < ANSWER_BYTES_MAX ? size - 1 : ANSWER_BYTES_MAX);
    judge(data[0] * 10, text);
    tell(text);
    free(text);
    return 0;
}
