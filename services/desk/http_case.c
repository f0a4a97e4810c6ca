#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/desk/case_json.h"
#include "services/desk/http_cases.h"
#include "services/desk/kept_json.h"
#include "services/desk/list_page.h"
#include "services/desk/visit.h"

#define FILES_ENTRIES_MAX "10000" /* of a case's history that are looked through for files */

static void refuse_unseen(struct visit *visit) {
    visit_refuse(visit, 404, "case", "there is no such case, or it is none of yours");
}

static bool is_restricted(const struct visit *visit, const char *channel) {
    const struct channel *of = city_channel(desk_city(visit->desk), channel);
    return of != NULL && strcmp(of->privacy, "restricted") == 0;
}

/* A look at a restricted case is written down before it is shown. */
static void answer_look(struct visit *visit, const char *what, const char *channel, json_t *take_json) {
    struct audit_row row;
    if (!is_restricted(visit, channel)) {
        visit_json(visit, 200, take_json);
        return;
    }
    visit_row(visit, what, &row);
    snprintf(row.outcome, sizeof row.outcome, "shown");
    visit->must_be_written = true;
    visit_answer_written(visit, 200, take_json, &row);
}

static void put_case(struct visit *visit, ask_done *done, const char *query) {
    char id[24];
    struct ask *ask = visit_ask(visit, done);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    ask_step(ask, query, (const char *[]){id}, 1);
    visit_put(visit, ASK_QUICK, ask);
}

/* ---- GET /cases/CASE ---------------------------------------------------------------------------------------------------- */

static uint32_t hats_of(const struct visit *visit, const PGresult *result, const struct case_kept *kept) {
    const struct scope_case of = {.state = case_state_named(db_text(result, 0, 2)),
                                  .tier = (uint8_t)db_int2(result, 0, 4),
                                  .unit = db_text(result, 0, 5),
                                  .support = db_text(result, 0, 6),
                                  .area = db_text(result, 0, 9),
                                  .claimed_by = kept->claimed_by};
    return scope_hats(desk_city(visit->desk), &visit->person, &of);
}

static void add_rest(json_t *json, const PGresult *result) {
    if (!db_null(result, 0, 14))
        json_object_set_new(json, "next_at", json_integer(db_time(result, 0, 14)));
    if (db_int8(result, 0, 15) != 0)
        json_object_set_new(json, "parent", id_json((uint64_t)db_int8(result, 0, 15)));
    if (db_int4(result, 0, 19) > 0)
        json_object_set_new(json, "merged", json_integer(db_int4(result, 0, 19)));
    json_object_set_new(json, "policy", json_integer(db_int8(result, 0, 16)));
    if (db_text(result, 0, 17)[0] != '\0')
        json_object_set_new(json, "plan", json_string(db_text(result, 0, 17)));
}

static void case_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        refuse_unseen(visit);
        return;
    }
    struct case_kept kept = {0};
    struct reason why;
    size_t opening_size, kept_size;
    const uint8_t *opening = db_bytea(result, 0, 13, &opening_size), *bytes = db_bytea(result, 0, 18, &kept_size);
    json_t *json = case_json(result, 0, 0);
    add_rest(json, result);
    json_object_update_new(json, case_facts_json(opening, opening_size));
    if (kept_size > 0 && message_decode(MESSAGE_case_kept, bytes, kept_size, &kept, &why) == 0)
        json_object_set_new(json, "kept", kept_json(&kept));
    enum case_state state = case_state_named(db_text(result, 0, 2));
    json_object_set_new(json, "moves", case_moves_json(hats_of(visit, result, &kept), state));
    char tag[24];
    snprintf(tag, sizeof tag, "\"%" PRId32 "\"", db_int4(result, 0, 1));
    http_add_header(visit->request, "ETag", tag);
    answer_look(visit, "look", db_text(result, 0, 7), json);
}

static void show_case(struct visit *visit) {
    if (visit_case(visit))
        put_case(visit, case_read, "desk_case");
}

void desk_get_case(struct http_request *request, void *context) {
    visit_begin(context, request, show_case);
}

/* ---- its history --------------------------------------------------------------------------------------------------------- */

static void put_history(struct visit *visit, ask_done *done, uint64_t after, const char *limit) {
    char id[24], from[24];
    struct ask *ask = visit_ask(visit, done);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    snprintf(from, sizeof from, "%" PRIu64, after);
    ask_step(ask, "desk_case_look", (const char *[]){id}, 1);
    ask_step(ask, "desk_history", (const char *[]){id, from, limit}, 3);
    visit_put(visit, ASK_LIST, ask);
}

/* The entries; NULL: answered. */
static const PGresult *history_of(struct visit *visit, const struct ask *ask) {
    const PGresult *look = visit_result(visit, ask, 1);
    if (look == NULL)
        return NULL;
    if (PQntuples(look) > 0)
        return ask_result(ask, 2);
    refuse_unseen(visit);
    return NULL;
}

static void history_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = history_of(visit, ask);
    if (result == NULL)
        return;
    int limit = visit->limit, rows = PQntuples(result);
    json_t *entries = json_array();
    for (int row = 0; row < rows && row < limit; row++) {
        size_t size;
        const uint8_t *body = db_bytea(result, row, 1, &size);
        json_t *entry = case_entry_json(body, size);
        if (entry != NULL)
            json_array_append_new(entries, entry);
    }
    json_t *json = json_pack("{s:o}", "entries", entries);
    if (rows > limit) {
        char after[CURSOR_SIZE];
        cursor_write(CURSOR_LOG, &(struct cursor){.number = (uint64_t)db_int8(result, limit - 1, 0)}, after);
        json_object_set_new(json, "after", json_string(after));
    }
    answer_look(visit, "history", db_text(ask_result(ask, 1), 0, 0), json);
}

static void show_history(struct visit *visit) {
    struct cursor cursor = {0};
    struct reason why;
    char most[16];
    const char *after = http_query(visit->request, "after");
    if (!visit_case(visit))
        return;
    if (list_limit_read(http_query(visit->request, "limit"), &visit->limit, &why) != 0 ||
        (after != NULL && cursor_read(CURSOR_LOG, after, &cursor, &why) != 0)) {
        visit_refuse_why(visit, 400, &why);
        return;
    }
    snprintf(most, sizeof most, "%d", visit->limit + 1);
    put_history(visit, history_read, cursor.number, most);
}

void desk_get_history(struct http_request *request, void *context) {
    visit_begin(context, request, show_history);
}

/* ---- its files ------------------------------------------------------------------------------------------------------------- */

static void files_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = history_of(visit, ask);
    if (result == NULL)
        return;
    json_t *files = json_array();
    for (int row = 0; row < PQntuples(result); row++) {
        size_t size;
        const uint8_t *body = db_bytea(result, row, 1, &size);
        json_t *file = case_attached_json(body, size);
        if (file != NULL)
            json_array_append_new(files, file);
    }
    answer_look(visit, "files", db_text(ask_result(ask, 1), 0, 0), json_pack("{s:o}", "files", files));
}

static void show_files(struct visit *visit) {
    if (visit_case(visit))
        put_history(visit, files_read, 0, FILES_ENTRIES_MAX);
}

void desk_get_files(struct http_request *request, void *context) {
    visit_begin(context, request, show_files);
}
