#include "services/desk/visit.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_json.h"
#include "common/ids.h"

#define IDEMPOTENCY_KEY_MAX 200

/* ---- the answer -------------------------------------------------------------------------------------------------------- */

void visit_end(struct visit *visit) {
    visit->desk->visits--;
    json_decref(visit->json);
    free(visit->own);
    free(visit);
}

void visit_json(struct visit *visit, int status, json_t *take_json) {
    http_add_header(visit->request, "Cache-Control", "no-store");
    http_answer_json(visit->request, status, take_json);
    visit_end(visit);
}

void visit_refuse_why(struct visit *visit, int status, const struct reason *why) {
    http_refuse(visit->request, status, why);
    visit_end(visit);
}

void visit_refuse(struct visit *visit, int status, const char *field, const char *format, ...) {
    struct reason why;
    va_list arguments;
    va_start(arguments, format);
    (void)refuse_list(&why, field, format, arguments);
    va_end(arguments);
    visit_refuse_why(visit, status, &why);
}

bool visit_spawned(struct visit *visit, const struct spawn_answer *answer) {
    switch (answer->outcome) {
    case SPAWN_REFUSED:
        visit_refuse_why(visit, 422, &answer->why);
        return false;
    case SPAWN_UNKNOWN:
        visit_refuse(visit, 504, "",
                     "no answer in time; whether it was taken is not known: ask again with the same key");
        return false;
    case SPAWN_ACCEPTED:
        break;
    }
    return true;
}

static void row_written(void *context, bool written) {
    struct visit *visit = context;
    json_t *json = visit->json;
    visit->json = NULL;
    if (written || !visit->must_be_written) {
        visit_json(visit, visit->status, json);
        return;
    }
    json_decref(json);
    visit_refuse(visit, 503, "",
                 "who looks at a restricted case is written down, and that cannot be done now; try again");
}

void visit_answer_written(struct visit *visit, int status, json_t *take_json, const struct audit_row *row) {
    visit->status = status;
    visit->json = take_json;
    audit_write(visit->desk->audit, row, row_written, visit);
}

void visit_row(const struct visit *visit, const char *what, struct audit_row *row) {
    *row = (struct audit_row){.post = visit->person.post, .case_id = visit->case_id};
    memcpy(row->login, visit->person.login, sizeof row->login);
    snprintf(row->what, sizeof row->what, "%s", what);
}

/* ---- who asks ------------------------------------------------------------------------------------------------------------ */

static void copy_text(char *to, size_t room, const PGresult *result, int column) {
    snprintf(to, room, "%s", db_text(result, 0, column));
}

static void session_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 0);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        http_add_header(visit->request, "WWW-Authenticate", "Bearer");
        visit_refuse(visit, 401, "session", "it has ended; sign in again");
        return;
    }
    struct person *person = &visit->person;
    person->staff = db_int4(result, 0, 0);
    copy_text(person->login, sizeof person->login, result, 1);
    copy_text(person->name, sizeof person->name, result, 2);
    person->post = db_int4(result, 0, 3);
    copy_text(person->role, sizeof person->role, result, 4);
    copy_text(person->unit, sizeof person->unit, result, 5);
    person->privacy = privacy_read(db_text(result, 0, 6));
    person->expires_at = db_time(result, 0, 7);
    session_cache_keep(visit->desk->sessions, visit->digest, person, clock_monotonic_ms());
    visit->handle(visit);
}

static void find_person(struct visit *visit) {
    const struct person *person = session_cache_find(visit->desk->sessions, visit->digest, clock_monotonic_ms());
    if (person != NULL) {
        visit->person = *person;
        visit->handle(visit);
        return;
    }
    struct ask *ask = ask_make(session_read, visit);
    ask_step(ask, "desk_session", (const char *[]){visit->digest, visit->desk->idle_seconds}, 2);
    visit_put(visit, ASK_QUICK, ask);
}

static struct visit *visit_open(void *context, struct http_request *request, visit_handler *handle) {
    struct visit *visit = calloc(1, sizeof *visit);
    struct reason why;
    assert(visit != NULL);
    *visit = (struct visit){.desk = desk_of(context), .request = request, .handle = handle};
    visit->desk->visits++;
    if (desk_is_ready(visit->desk, &why) == 0)
        return visit;
    visit_refuse_why(visit, 503, &why);
    return NULL;
}

void visit_begin(void *context, struct http_request *request, visit_handler *handle) {
    struct visit *visit = visit_open(context, request, handle);
    if (visit == NULL)
        return;
    if (token_read(http_header(request, "Authorization"), http_header(request, "Cookie"), visit->digest)) {
        find_person(visit);
        return;
    }
    http_add_header(request, "WWW-Authenticate", "Bearer");
    visit_refuse(visit, 401, "session", "sign in first: POST /sessions");
}

void visit_begin_open(void *context, struct http_request *request, visit_handler *handle) {
    struct visit *visit = visit_open(context, request, handle);
    if (visit != NULL)
        handle(visit);
}

/* ---- the database -------------------------------------------------------------------------------------------------------- */

struct ask *visit_ask(struct visit *visit, ask_done *done) {
    char post[16];
    struct ask *ask = ask_make(done, visit);
    snprintf(post, sizeof post, "%" PRId32, visit->person.post);
    ask_step(ask, "desk_scope", (const char *[]){post}, 1);
    return ask;
}

void visit_put(struct visit *visit, enum ask_lane lane, struct ask *take_ask) {
    if (!asks_put(visit->desk->asks, lane, take_ask))
        visit_refuse(visit, 503, "", "too many requests are under way; try again");
}

const PGresult *visit_result(struct visit *visit, const struct ask *ask, int step) {
    const PGresult *result = ask_result(ask, step);
    if (result == NULL)
        visit_refuse(visit, 503, "", "the database does not answer; try again");
    return result;
}

/* ---- what the request says ------------------------------------------------------------------------------------------------- */

bool visit_case(struct visit *visit) {
    const char *id = http_path_part(visit->request, 0);
    if (is_id(id)) {
        visit->case_id = strtoull(id, NULL, 10);
        return true;
    }
    visit_refuse(visit, 404, "case", "must be a number of at most %d digits", ID_DIGITS_MAX);
    return false;
}

json_t *visit_body(struct visit *visit) {
    struct reason why;
    json_t *json = http_body_object(visit->request, &why);
    if (json == NULL)
        visit_refuse_why(visit, 400, &why);
    return json;
}

const char *visit_key(struct visit *visit, const char *about, char key[VISIT_KEY_SIZE]) {
    const char *given = http_header(visit->request, "Idempotency-Key");
    if (given == NULL || given[0] == '\0' || strlen(given) > IDEMPOTENCY_KEY_MAX) {
        visit_refuse(visit, 400, "Idempotency-Key",
                     "is needed, of 1 to %d bytes: the same for every retry, another for what is new",
                     IDEMPOTENCY_KEY_MAX);
        return NULL;
    }
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    const char *parts[] = {visit->person.login, about, given};
    for (int i = 0; i < 3; i++)
        crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2base64(key, VISIT_KEY_SIZE, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return key;
}
