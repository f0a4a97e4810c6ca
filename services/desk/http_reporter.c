/* Who reported a case. Whoever handles it or calls back may look, says why, and is written down by the statement that shows it. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/reporter.h"
#include "services/desk/case_json.h"
#include "services/desk/http_cases.h"
#include "services/desk/visit.h"

#define LOOKS (HAT_lead | HAT_desk | HAT_caller) /* who speaks with reporters */
#define REASON_BYTES_MAX 240

/* ---- what is shown -------------------------------------------------------------------------------------------------------- */

static void add_detail(json_t *json, const char *name, const char *text) {
    if (text[0] != '\0')
        json_object_set_new(json, name, json_string(text));
}

/* One row of desk_look; NULL: it cannot be opened, and `why` says so. */
static json_t *reporter_json(const struct visit *visit, const PGresult *result, int row, struct reason *why) {
    struct reporter_details details = {{0}, {0}, {0}, {0}, {0}};
    uint64_t reporter = (uint64_t)db_int8(result, row, 1);
    struct bytes sealed = {0};
    const uint8_t *bytes = db_bytea(result, row, 2, &sealed.size);
    sealed.data = (uint8_t *)(uintptr_t)bytes;
    bool erased = !db_null(result, row, 6);
    if (!erased && reporter_open(visit->desk->keys, reporter, &sealed, &details, why) != 0)
        return NULL;
    json_t *json = json_pack("{s:o, s:o, s:I}", "case", id_json((uint64_t)db_int8(result, row, 0)), "reporter",
                             id_json(reporter), "first_at", (json_int_t)db_time(result, row, 4));
    json_object_set_new(json, erased ? "erased_at" : "erase_at", json_integer(db_time(result, row, erased ? 6 : 5)));
    add_detail(json, "name", details.name);
    add_detail(json, "phone", details.phone);
    add_detail(json, "email", details.email);
    add_detail(json, "account", details.account);
    add_detail(json, "language", db_text(result, row, 3));
    sodium_memzero(&details, sizeof details);
    return json;
}

static void looked(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = ask_result(ask, 1);
    struct reason why;
    if (result == NULL) {
        visit_refuse(visit, 503, "", "who looks at a reporter is written down, and that cannot be done now; try again");
        return;
    }
    json_t *reporters = json_array();
    for (int row = 0; row < PQntuples(result); row++) {
        json_t *json = reporter_json(visit, result, row, &why);
        if (json == NULL) {
            json_decref(reporters);
            visit_refuse_why(visit, 503, &why);
            return;
        }
        json_array_append_new(reporters, json);
    }
    visit_json(visit, 200, json_pack("{s:o}", "reporters", reporters));
}

/* ---- who may look ----------------------------------------------------------------------------------------------------------- */

static bool may_look(const struct visit *visit, const PGresult *result) {
    struct case_kept kept = {0};
    struct reason why;
    size_t size;
    const uint8_t *bytes = db_bytea(result, 0, 18, &size);
    if (size > 0 && message_decode(MESSAGE_case_kept, bytes, size, &kept, &why) != 0)
        return false;
    const struct scope_case of = {.state = case_state_named(db_text(result, 0, 2)),
                                  .tier = (uint8_t)db_int2(result, 0, 4),
                                  .unit = db_text(result, 0, 5),
                                  .support = db_text(result, 0, 6),
                                  .area = db_text(result, 0, 9),
                                  .claimed_by = kept.claimed_by};
    return (scope_hats(desk_city(visit->desk), &visit->person, &of) & LOOKS) != 0;
}

static void case_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    char id[24];
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        visit_refuse(visit, 404, "case", "there is no such case, or it is none of yours");
        return;
    }
    if (!may_look(visit, result)) {
        visit_refuse(visit, 403, "role", "only who handles a case, takes it in or calls back sees who reported it");
        return;
    }
    struct ask *look = visit_ask(visit, looked);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    ask_step(look, "desk_look", (const char *[]){id, http_query(visit->request, "reason")}, 2);
    visit_put(visit, ASK_WRITE, look);
}

static void show_reporter(struct visit *visit) {
    const char *reason = http_query(visit->request, "reason");
    struct reason why;
    char id[24];
    if (!visit_case(visit))
        return;
    if (visit->desk->keys == NULL) {
        visit_refuse(visit, 404, "reporter",
                     "nothing is kept of reporters here: the operator must set ZHITONG_SECRET_KEYS");
        return;
    }
    if (reason == NULL || reason[strspn(reason, " ")] == '\0' || strlen(reason) > REASON_BYTES_MAX) {
        visit_refuse(visit, 400, "reason", "say why, in 1 to %d bytes: it is written down with the look",
                     REASON_BYTES_MAX);
        return;
    }
    /* A bad file leaves the ring as it is. */
    (void)!secret_keys_refresh(&visit->desk->keys, &why);
    struct ask *ask = visit_ask(visit, case_read);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    ask_step(ask, "desk_case", (const char *[]){id}, 1);
    visit_put(visit, ASK_QUICK, ask);
}

void desk_get_reporter(struct http_request *request, void *context) {
    visit_begin(context, request, show_reporter);
}
