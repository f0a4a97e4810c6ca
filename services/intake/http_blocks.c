/* Whoever is blocked says what is wrong about it, and hears what came of it. */
#include "common/http_json.h"
#include "common/ids.h"
#include "proto/text.h"
#include "services/intake/admission.h"
#include "services/intake/intake.h"

#define APPEAL_BYTES_MAX 2000

/* The block's number in the path; NULL: answered 404. */
static const char *number_of(struct http_request *request) {
    const char *number = http_path_rest(request);
    if (is_id(number))
        return number;
    http_refuse_field(request, 404, "block", "must be a number of at most %d digits", ID_DIGITS_MAX);
    return NULL;
}

static void appealed(void *context, const struct ask *ask) {
    struct http_request *request = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL)
        http_refuse_field(request, 503, "", "the database does not answer; try again");
    else if (PQntuples(result) == 0)
        http_refuse_field(request, 404, "block", "there is no such block, or it has ended");
    else if (db_null(result, 0, 0))
        http_refuse_field(request, 409, "block", "three appeals against it wait for an answer already");
    else
        http_answer_json(request, 201, json_pack("{s:s}", "appeal", db_text(result, 0, 0)));
}

/* The text of {"text": …}; NULL and why. */
static json_t *read_text(const struct http_request *request, struct reason *why) {
    json_t *json = http_body_json(request, why);
    if (json == NULL)
        return NULL;
    json_t *text = json_object_get(json, "text");
    size_t bytes = json_string_length(text);
    if (json_object_size(json) != 1 || !json_is_string(text) || bytes == 0 || bytes > APPEAL_BYTES_MAX) {
        (void)refuse(why, "text", "must be a string of 1 to %d bytes, and alone", APPEAL_BYTES_MAX);
        text = NULL;
    } else if (text_clean(json_string_value(text), bytes) != bytes) {
        (void)refuse(why, "text", "holds a control byte");
        text = NULL;
    }
    json_incref(text);
    json_decref(json);
    return text;
}

void intake_post_appeal(struct http_request *request, void *context) {
    struct intake *intake = intake_of(context);
    struct reason why;
    const char *number = number_of(request);
    if (number == NULL || admission_appeal(intake, request) != 0)
        return;
    json_t *text = read_text(request, &why);
    if (text == NULL) {
        http_refuse(request, 400, &why);
        return;
    }
    struct ask *ask = ask_make(appealed, request);
    ask_step(ask, "intake_appeal", (const char *[]){number, json_string_value(text)}, 2);
    json_decref(text);
    if (!asks_put(intake->asks, ASK_WRITE, ask))
        http_refuse_field(request, 503, "", "too busy now; try again");
}

static void found(void *context, const struct ask *ask) {
    struct http_request *request = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL) {
        http_refuse_field(request, 503, "", "the database does not answer; try again");
        return;
    }
    if (PQntuples(result) == 0) {
        http_refuse_field(request, 404, "block", "there is no such block");
        return;
    }
    json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:I}", "kind", db_text(result, 0, 0), "reason",
                             db_text(result, 0, 1), "until", db_text(result, 0, 2), "holds", db_bool(result, 0, 3),
                             "appeals_waiting", (json_int_t)db_int8(result, 0, 4));
    if (!db_null(result, 0, 5))
        json_object_set_new(json, "answer", json_string(db_text(result, 0, 5)));
    http_answer_json(request, 200, json);
}

void intake_get_block(struct http_request *request, void *context) {
    struct intake *intake = intake_of(context);
    const char *number = number_of(request);
    if (number == NULL || admission_appeal(intake, request) != 0)
        return;
    struct ask *ask = ask_make(found, request);
    ask_step(ask, "intake_block", (const char *[]){number}, 1);
    if (!asks_put(intake->asks, ASK_QUICK, ask))
        http_refuse_field(request, 503, "", "too busy now; try again");
}
