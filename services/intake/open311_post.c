/* POST requests. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_form.h"
#include "common/source_map.h"
#include "proto/text.h"
#include "services/intake/admission.h"
#include "services/intake/open311_form.h"
#include "services/intake/open311_source.h"
#include "services/intake/report.h"

struct posting { /* of a call */
    char source[CODE_MAX + 1];
    struct submit submit;
};

/* ---- the answer ----------------------------------------------------------------------------------------------------------------- */

enum notice { NOTICE_LINKED, NOTICE_MISSING, NOTICE_COUNT };
static const char *const notices[NOTICE_COUNT][2] = {
    [NOTICE_LINKED] = {"The same matter was reported before as %s; this report is dealt with together with it.",
                       "同一事项此前已上报，编号 %s，本件与其合并办理。"},
    [NOTICE_MISSING] = {"It would help to know: %s.", "如能补充以下内容将有助于办理：%s。"},
};

static void add_notice(char *text, size_t room, const char *more) {
    size_t size = strlen(text);
    snprintf(text + size, room - size, "%s%s", size > 0 ? " " : "", more);
}

static void add_filled(const struct open311_call *call, enum notice notice, const char *value, char text[2000]) {
    char more[400];
    const char *form = notices[notice][call->language == OPEN311_CHINESE];
    const char *hole = strstr(form, "%s");
    snprintf(more, sizeof more, "%.*s%s%s", (int)(hole - form), form, value, hole + 2);
    add_notice(text, 2000, more);
}

/* All who send no key of a source share the client that intake knows: as with POST /reports, who guessed the key gets none; and
 * the numbers of a sender go up one by one, however long they are. */
static bool may_hear_receipt(const struct open311_call *call, const struct accepted *accepted) {
    const struct posting *posting = call->own;
    bool has_key = open311_has_key(call->request);
    const char *client = has_key ? posting->source : REPORT_PUBLIC_CLIENT;
    if (!has_key && accepted->repeated && strncmp(posting->submit.key, SOURCE_KEY, strlen(SOURCE_KEY)) == 0)
        return false;
    return report_tells_receipt(client, &posting->submit, accepted->repeated);
}

static void answer_accepted(struct open311_call *call, const struct accepted *accepted) {
    const struct posting *posting = call->own;
    char notice[2000] = "", parent[24];
    snprintf(parent, sizeof parent, "%llu", (unsigned long long)accepted->parent);
    if (accepted->parent != 0)
        add_filled(call, NOTICE_LINKED, parent, notice);
    if (accepted->missing[0] != '\0')
        add_filled(call, NOTICE_MISSING, accepted->missing, notice);
    if (call->intake->book != NULL)
        add_notice(notice, sizeof notice,
                   open311_service_text(call->intake->book, call->language, posting->submit.item));
    struct emit emit = {.format = call->format};
    emit_list(&emit, "service_requests", "request");
    emit_record(&emit, NULL);
    emit_id(&emit, "service_request_id", accepted->case_id);
    emit_text(&emit, "service_notice", notice);
    emit_text(&emit, "account_id", posting->submit.reporter_account);
    if (accepted->receipt[0] != '\0' && may_hear_receipt(call, accepted))
        emit_text(&emit, "receipt", accepted->receipt);
    emit_end(&emit);
    emit_end(&emit);
    open311_answer(call, &emit);
}

/* A field of submit as the form calls it. */
static const char *form_name(const char *field, char text[REASON_FIELD_MAX + 2]) {
    static const char *const names[][2] = {
        {"item", "service_code"},        {"area", "address_id"},
        {"address", "address_string"},   {"files", "media"},
        {"reporter_name", "first_name"}, {"reporter_phone", "phone"},
        {"reporter_email", "email"},     {"reporter_account", "account_id"},
        {"attributes", "attribute"},     {"key", "Idempotency-Key"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(field, names[i][0]) == 0)
            return names[i][1];
    if (strncmp(field, "attribute.", strlen("attribute.")) != 0)
        return field;
    snprintf(text, REASON_FIELD_MAX + 2, "attribute[%.*s]", CODE_MAX, field + strlen("attribute."));
    return text;
}

static void posted(void *context, const uint8_t *reply, size_t size) {
    struct open311_call *call = context;
    struct reason why;
    struct accepted accepted;
    struct refused refused;
    char name[REASON_FIELD_MAX + 2];
    enum message type = message_peek(reply, size);
    if (type == MESSAGE_accepted && message_decode(type, reply, size, &accepted, &why) == 0)
        answer_accepted(call, &accepted);
    else if (type == MESSAGE_refused && message_decode(type, reply, size, &refused, &why) == 0)
        open311_refuse_why(call, 400, form_name(refused.field, name), refused.reason);
    else
        open311_refuse_why(call, 503, "", "too busy now; nothing was kept, send the same report again");
}

/* ---- the request ----------------------------------------------------------------------------------------------------------------- */

static int read_key(const struct open311_call *call, struct submit *submit, struct reason *why) {
    const char *given = http_header(call->request, "Idempotency-Key");
    unsigned char random[16];
    size_t length = given != NULL ? strlen(given) : 0;
    if (given != NULL && (length == 0 || length >= sizeof submit->key || text_clean(given, length) != length))
        return refuse(why, "Idempotency-Key", "must be 1 to %zu bytes of UTF-8 without control characters",
                      sizeof submit->key - 1);
    if (given != NULL) {
        strcpy(submit->key, given);
    } else if (submit->source_id[0] != '\0') {
        open311_form_key(submit->source_id, submit->key);
    } else {
        randombytes_buf(random, sizeof random);
        sodium_bin2hex(submit->key, sizeof submit->key, random, sizeof random);
    }
    return message_check(MESSAGE_submit, submit, why);
}

static void post(struct open311_call *call) {
    struct posting *posting = calloc(1, sizeof *posting);
    struct open311_field fields[FORM_FIELDS_MAX];
    struct reason why;
    assert(posting != NULL);
    call->own = posting;
    const struct source *source = open311_admit(call, false);
    if (source == NULL)
        return;
    strcpy(posting->source, source->code);
    const struct open311_form form = {fields, open311_fields_of(call->request, fields), intake_city(call->intake),
                                      source};
    bool sound = open311_form_read(&form, &posting->submit, &call->errors);
    if (sound && read_key(call, &posting->submit, &why) != 0) {
        open311_error(&call->errors, 400, &why);
        sound = false;
    }
    int status = sound ? admission_judge_reporter(call->intake, &posting->submit, &why) : 0;
    if (status != 0) {
        open311_error(&call->errors, status, &why);
        sound = false;
    }
    if (!sound) {
        open311_refuse(call);
        return;
    }
    intake_trace(call->intake, call->request, posting->submit.traceparent);
    struct request_ask ask = {&posting->submit, posting->source, posted, call};
    service_request(call->intake->loop, &ask);
}

void open311_post_request(struct open311_call *call) {
    open311_with_form(call, post);
}
