/* Whoever is blocked says what is wrong about it, and hears what came of it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "services/intake/admission.h"
#include "services/intake/intake.h"

#define APPEAL_BYTES_MAX 2000
#define NUMBER_DIGITS_MAX 18

static void answer(struct http_request *request, int status, json_t *take_json) {
    char *text = json_dumps(take_json, JSON_COMPACT);
    http_answer(request, status, "application/json; charset=utf-8", text, strlen(text));
    free(text);
    json_decref(take_json);
}

static void refuse_as(struct http_request *request, int status, const char *field, const char *text) {
    struct reason why;
    (void)refuse(&why, field, "%s", text);
    http_refuse(request, status, &why);
}

/* The block's number in the path; NULL: answered 404. */
static const char *number_of(struct http_request *request) {
    const char *number = http_path_rest(request);
    size_t digits = strspn(number, "0123456789");
    if (digits > 0 && number[digits] == '\0' && digits <= NUMBER_DIGITS_MAX)
        return number;
    refuse_as(request, 404, "block", "must be a number of at most 18 digits");
    return NULL;
}

static void appealed(void *context, const struct ask *ask) {
    struct http_request *request = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL)
        refuse_as(request, 503, "", "the database does not answer; try again");
    else if (PQntuples(result) == 0)
        refuse_as(request, 404, "block", "there is no such block, or it has ended");
    else if (db_null(result, 0, 0))
        refuse_as(request, 409, "block", "three appeals against it wait for an answer already");
    else
        answer(request, 201, json_pack("{s:s}", "appeal", db_text(result, 0, 0)));
}

/* The text of {"text": …}; NULL and why. */
static json_t *read_text(const struct http_request *request, struct reason *why) {
    size_t size;
    const uint8_t *body = http_body(request, &size);
    json_error_t error;
    json_t *json = json_loadb((const char *)body, size, JSON_REJECT_DUPLICATES, &error);
    json_t *text = json_incref(json_object_get(json, "text"));
    size_t bytes = json_string_length(text);
    if (json == NULL)
        (void)refuse(why, "body", "line %d, column %d: %s", error.line, error.column, error.text);
    else if (json_object_size(json) != 1 || !json_is_string(text) || bytes == 0 || bytes > APPEAL_BYTES_MAX)
        (void)refuse(why, "text", "must be a string of 1 to %d bytes, and alone", APPEAL_BYTES_MAX);
    else if (text_clean(json_string_value(text), bytes) != bytes)
        (void)refuse(why, "text", "holds a control byte");
    else {
        json_decref(json);
        return text;
    }
    json_decref(text);
    json_decref(json);
    return NULL;
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
        refuse_as(request, 503, "", "too busy now; try again");
}

static void found(void *context, const struct ask *ask) {
    struct http_request *request = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL) {
        refuse_as(request, 503, "", "the database does not answer; try again");
        return;
    }
    if (PQntuples(result) == 0) {
        refuse_as(request, 404, "block", "there is no such block");
        return;
    }
    json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:I}", "kind", db_text(result, 0, 0), "reason",
                             db_text(result, 0, 1), "until", db_text(result, 0, 2), "holds", db_bool(result, 0, 3),
                             "appeals_waiting", (json_int_t)db_int8(result, 0, 4));
    if (!db_null(result, 0, 5))
        json_object_set_new(json, "answer", json_string(db_text(result, 0, 5)));
    answer(request, 200, json);
}

void intake_get_block(struct http_request *request, void *context) {
    struct intake *intake = intake_of(context);
    const char *number = number_of(request);
    if (number == NULL || admission_appeal(intake, request) != 0)
        return;
    struct ask *ask = ask_make(found, request);
    ask_step(ask, "intake_block", (const char *[]){number}, 1);
    if (!asks_put(intake->asks, ASK_QUICK, ask))
        refuse_as(request, 503, "", "too busy now; try again");
}
