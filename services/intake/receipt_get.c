#include <sodium.h>
#include <string.h>

#include "common/json_parts.h"
#include "common/reporter.h"
#include "services/intake/receipt_page.h"
#include "services/intake/receipt_visit.h"

/* ---- GET /receipts/CASE ------------------------------------------------------------------------------------------------ */

static void add_unit(json_t *json, const PGresult *cases, int row) {
    static const char *const names[] = {"unit", "unit_en", "unit_zh"};
    for (int i = 0; i < 3; i++)
        if (!db_null(cases, row, 3 + i) && db_text(cases, row, 3 + i)[0] != '\0')
            json_object_set_new(json, names[i], json_string(db_text(cases, row, 3 + i)));
}

/* Row 0 is the case; where it is merged, row 1 is the one that it is part of, and as that goes, it goes. */
static void add_case(json_t *json, const PGresult *cases, uint64_t case_id) {
    int rows = PQntuples(cases), goes = rows > 1 ? 1 : 0;
    json_object_set_new(json, "case", id_json(case_id));
    receipt_add_state(json, rows > 0 ? db_text(cases, 0, 1) : "");
    if (rows == 0)
        return;
    if (goes == 1) {
        json_t *parent = json_object();
        json_object_set_new(parent, "case", id_json((uint64_t)db_int8(cases, 1, 0)));
        receipt_add_state(parent, db_text(cases, 1, 1));
        json_object_set_new(json, "part_of", parent);
    }
    json_object_set_new(json, "tier", json_integer(db_int2(cases, goes, 2)));
    add_unit(json, cases, goes);
    json_object_set_new(json, "opened_at", json_integer(db_time(cases, 0, 6)));
    if (!db_null(cases, goes, 7))
        json_object_set_new(json, "due_at", json_integer(db_time(cases, goes, 7)));
    if (db_text(cases, goes, 8)[0] != '\0')
        json_object_set_new(json, "plan", json_string(db_text(cases, goes, 8)));
}

static json_t *actions_json(const PGresult *cases) {
    size_t count;
    const struct receipt_action *actions = receipt_actions(&count);
    json_t *array = json_array();
    for (size_t i = 0; PQntuples(cases) > 0 && i < count; i++) {
        int row = actions[i].with_parent && PQntuples(cases) > 1 ? 1 : 0;
        if (receipt_move(&actions[i], case_state_named(db_text(cases, row, 1)), 5) != NULL)
            json_array_append_new(array, json_string(actions[i].name));
    }
    return array;
}

static json_t *history_json(const PGresult *history, uint64_t case_id) {
    json_t *entries = json_array();
    for (int row = 0; row < PQntuples(history); row++) {
        struct case_moved moved;
        struct reason why;
        size_t size;
        const uint8_t *body = db_bytea(history, row, 0, &size);
        json_t *entry = message_decode(MESSAGE_case_moved, body, size, &moved, &why) == 0
                            ? receipt_entry(&moved, case_id)
                            : NULL;
        if (entry != NULL)
            json_array_append_new(entries, entry);
    }
    return entries;
}

static json_t *kept_json(const PGresult *report) {
    bool kept = db_bool(report, 0, 1);
    json_t *json = json_pack("{s:b}", "personal", (int)kept);
    if (kept)
        json_object_set_new(json, "erase_at", json_integer(db_time(report, 0, 2)));
    if (!db_null(report, 0, 3))
        json_object_set_new(json, "erased_at", json_integer(db_time(report, 0, 3)));
    return json;
}

static void got(void *context, const struct ask *ask) {
    struct receipt_visit *visit = context;
    const PGresult *cases = receipt_result(visit, ask, 0), *report = ask_result(ask, 2);
    struct report_received received;
    struct reason why;
    size_t size;
    if (cases == NULL)
        return;
    if (PQntuples(report) == 0) {
        receipt_refuse(visit, 404, "case", "there is no such report");
        return;
    }
    const uint8_t *body = db_bytea(report, 0, 0, &size);
    if (message_decode(MESSAGE_report_received, body, size, &received, &why) != 0) {
        receipt_refuse_why(visit, 500, &why);
        return;
    }
    struct door_found found;
    bool looked = receipt_complete(visit, ask_result(ask, 1), &received, &found);
    json_t *json = json_object();
    add_case(json, cases, visit->case_id);
    json_object_set_new(json, "report", receipt_report(&received));
    json_object_set_new(json, "missing", codes_json(looked ? found.missing : received.missing));
    json_object_set_new(json, "kept", kept_json(report));
    json_object_set_new(json, "actions", actions_json(cases));
    json_object_set_new(json, "history", history_json(ask_result(ask, 1), visit->case_id));
    receipt_json(visit, 200, json);
}

static void show(struct receipt_visit *visit) {
    struct ask *ask = receipt_ask(visit, got);
    receipt_step(ask, visit, "intake_receipt_cases", NULL);
    receipt_step(ask, visit, "intake_receipt_history", RECEIPT_ENTRIES_MAX);
    receipt_step(ask, visit, "intake_receipt_report", NULL);
    receipt_put(visit, ASK_LIST, ask);
}

void receipt_get(struct http_request *request, void *context) {
    receipt_begin(context, request, show);
}

/* ---- GET /receipts/CASE/reporter ------------------------------------------------------------------------------------------ */

static void looked(void *context, const struct ask *ask) {
    struct receipt_visit *visit = context;
    const PGresult *result = receipt_result(visit, ask, 0);
    struct reporter_details details = {{0}, {0}, {0}, {0}, {0}};
    struct reason why;
    if (result == NULL)
        return;
    if (PQntuples(result) == 0 || db_null(result, 0, 2)) {
        receipt_json(visit, 200, json_pack("{s:b}", "personal", 0));
        return;
    }
    struct bytes sealed = {0};
    const uint8_t *bytes = db_bytea(result, 0, 2, &sealed.size);
    sealed.data = (uint8_t *)(uintptr_t)bytes;
    if (reporter_open(visit->intake->keys, (uint64_t)db_int8(result, 0, 1), &sealed, &details, &why) != 0) {
        receipt_refuse_why(visit, 503, &why);
        return;
    }
    json_t *json = json_pack("{s:b, s:I, s:I}", "personal", 1, "first_at", (json_int_t)db_time(result, 0, 4),
                             "erase_at", (json_int_t)db_time(result, 0, 5));
    json_add_text(json, "name", details.name);
    json_add_text(json, "phone", details.phone);
    json_add_text(json, "email", details.email);
    json_add_text(json, "account", details.account);
    json_add_text(json, "language", db_text(result, 0, 3));
    sodium_memzero(&details, sizeof details);
    receipt_json(visit, 200, json);
}

static void look(struct receipt_visit *visit) {
    struct ask *ask = receipt_ask(visit, looked);
    receipt_step(ask, visit, "intake_receipt_look", NULL);
    receipt_put(visit, ASK_WRITE, ask);
}

void receipt_get_reporter(struct http_request *request, void *context) {
    receipt_begin(context, request, look);
}

/* ---- DELETE /receipts/CASE/reporter --------------------------------------------------------------------------------------- */

static void forgotten(void *context, const struct ask *ask) {
    struct receipt_visit *visit = context;
    if (receipt_result(visit, ask, 0) != NULL)
        receipt_json(visit, 200, json_pack("{s:b}", "personal", 0));
}

static void forget(struct receipt_visit *visit) {
    struct ask *ask = receipt_ask(visit, forgotten);
    receipt_step(ask, visit, "intake_receipt_forget", NULL);
    receipt_put(visit, ASK_WRITE, ask);
}

void receipt_delete_reporter(struct http_request *request, void *context) {
    receipt_begin(context, request, forget);
}
