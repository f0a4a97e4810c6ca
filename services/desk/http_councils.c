#include "services/desk/http_councils.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message_json.h"
#include "services/desk/case_json.h"
#include "services/desk/list_page.h"
#include "services/desk/visit.h"

#define INSTANT_MAX 253402300799999LL

struct council { /* a meeting that is added, or the one that a case comes from */
    uint64_t number;
    char unit[CODE_MAX + 1];
    char topic[241], attendees[1001], resolution[4001];
    char held_at[24], key[VISIT_KEY_SIZE];
    struct submit report;
    uint64_t spawned;
    int status;
};

static void refuse_unseen(struct visit *visit) {
    visit_refuse(visit, 404, "council", "there is no such meeting, or it is none of yours");
}

static json_t *council_json(const PGresult *result, int row) {
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:I, s:s}", "council", id_json((uint64_t)db_int8(result, row, 0)),
                     "unit", db_text(result, row, 1), "topic", db_text(result, row, 2), "attendees",
                     db_text(result, row, 3), "resolution", db_text(result, row, 4), "held_at",
                     (json_int_t)db_time(result, row, 5), "added_by", db_text(result, row, 6));
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static void councils_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    int limit = visit->limit, rows = PQntuples(result);
    json_t *councils = json_array();
    for (int row = 0; row < rows && row < limit; row++)
        json_array_append_new(councils, council_json(result, row));
    json_t *json = json_pack("{s:o}", "councils", councils);
    if (rows > limit) {
        char after[CURSOR_SIZE];
        cursor_write(CURSOR_COUNCIL, &(struct cursor){.number = (uint64_t)db_int8(result, limit - 1, 0)}, after);
        json_object_set_new(json, "after", json_string(after));
    }
    visit_json(visit, 200, json);
}

static void list(struct visit *visit) {
    const char *after = http_query(visit->request, "after");
    struct cursor cursor = {.number = INT64_MAX};
    struct reason why;
    char number[24], most[16];
    if (list_limit_read(http_query(visit->request, "limit"), &visit->limit, &why) != 0 ||
        (after != NULL && cursor_read(CURSOR_COUNCIL, after, &cursor, &why) != 0)) {
        visit_refuse_why(visit, 400, &why);
        return;
    }
    snprintf(number, sizeof number, "%" PRIu64, cursor.number);
    snprintf(most, sizeof most, "%d", visit->limit + 1);
    struct ask *ask = visit_ask(visit, councils_read);
    ask_step(ask, "desk_councils", (const char *[]){number, most}, 2);
    visit_put(visit, ASK_LIST, ask);
}

void desk_get_councils(struct http_request *request, void *context) {
    visit_begin(context, request, list);
}

/* The number in the path, and an ask for that meeting. */
static void put_council(struct visit *visit, ask_done *done) {
    const char *number = http_path_part(visit->request, 0);
    if (!is_id(number)) {
        visit_refuse(visit, 404, "council", "must be a number of at most %d digits", ID_DIGITS_MAX);
        return;
    }
    struct ask *ask = visit_ask(visit, done);
    ask_step(ask, "desk_council", (const char *[]){number}, 1);
    visit_put(visit, ASK_QUICK, ask);
}

static void council_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        refuse_unseen(visit);
        return;
    }
    json_t *json = council_json(result, 0);
    json_object_set_new(json, "cases", codes_json(db_text(result, 0, 7)));
    visit_json(visit, 200, json);
}

static void show(struct visit *visit) {
    put_council(visit, council_read);
}

void desk_get_council(struct http_request *request, void *context) {
    visit_begin(context, request, show);
}

/* ---- POST /councils ---------------------------------------------------------------------------------------------------------- */

static int read_text(const json_t *json, const char *field, char *text, size_t room, struct reason *why) {
    const json_t *value = json_object_get(json, field);
    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) >= room ||
        strlen(json_string_value(value)) != json_string_length(value))
        return refuse(why, field, "must be a text of 1 to %zu bytes", room - 1);
    memcpy(text, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

static int read_council(const struct visit *visit, const json_t *json, struct council *council, struct reason *why) {
    const json_t *held = json_object_get(json, "held_at");
    if (read_text(json, "topic", council->topic, sizeof council->topic, why) != 0 ||
        read_text(json, "attendees", council->attendees, sizeof council->attendees, why) != 0 ||
        read_text(json, "resolution", council->resolution, sizeof council->resolution, why) != 0 ||
        read_text(json, "unit", council->unit, sizeof council->unit, why) != 0)
        return -1;
    if (!json_is_integer(held) || json_integer_value(held) < 0 || json_integer_value(held) > INSTANT_MAX)
        return refuse(why, "held_at", "must be an instant in unix ms");
    snprintf(council->held_at, sizeof council->held_at, "%" JSON_INTEGER_FORMAT, json_integer_value(held));
    const struct unit *unit = city_unit(desk_city(visit->desk), council->unit);
    if (unit == NULL)
        return refuse(why, "unit", "the city has no unit %s", council->unit);
    if (!scope_covers(desk_city(visit->desk), &visit->person, unit->area->code))
        return refuse(why, "unit", "%s is not below %s", council->unit, visit->person.unit);
    return 0;
}

static void council_added(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) { /* two at once with one key: the other one was first */
        visit_refuse(visit, 503, "", "the same key is just being used; try again");
        return;
    }
    struct audit_row row;
    uint64_t number = (uint64_t)db_int8(result, 0, 0);
    visit_row(visit, "council", &row);
    snprintf(row.outcome, sizeof row.outcome, "done %" PRIu64, number);
    visit_answer_written(visit, db_bool(result, 0, 1) ? 201 : 200, json_pack("{s:o}", "council", id_json(number)),
                         &row);
}

/* Whoever only reads (no hat comes with his role) writes no meetings either. False: answered. */
static bool may_write(struct visit *visit) {
    const struct role_spec *role = case_role(visit->person.role);
    if (role != NULL && role->hats != 0)
        return true;
    visit_refuse(visit, 403, "role", "a post as %s only reads", visit->person.role);
    return false;
}

static void add(struct visit *visit) {
    struct reason why;
    if (!may_write(visit))
        return;
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    struct council *council = calloc(1, sizeof *council);
    assert(council != NULL);
    visit->own = council;
    int status = read_council(visit, json, council, &why);
    json_decref(json);
    if (status != 0) {
        visit_refuse_why(visit, 422, &why);
        return;
    }
    if (visit_key(visit, "council", council->key) == NULL)
        return;
    struct ask *ask = visit_ask(visit, council_added);
    const char *values[] = {council->unit,    council->topic,      council->attendees, council->resolution,
                            council->held_at, visit->person.login, council->key};
    ask_step(ask, "desk_council_add", values, 7);
    visit_put(visit, ASK_WRITE, ask);
}

void desk_post_council(struct http_request *request, void *context) {
    visit_begin(context, request, add);
}

/* ---- POST /councils/COUNCIL/cases ------------------------------------------------------------------------------------------------ */

static void case_kept(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const struct council *council = visit->own;
    struct audit_row row;
    if (visit_result(visit, ask, 1) == NULL) /* the report is durable; the same key again also writes this down */
        return;
    visit->case_id = council->spawned;
    visit_row(visit, "council_case", &row);
    snprintf(row.outcome, sizeof row.outcome, "done, of council %" PRIu64, council->number);
    visit_answer_written(visit, council->status, json_pack("{s:o}", "case", id_json(council->spawned)), &row);
}

static void spawned(void *context, const struct spawn_answer *answer) {
    struct visit *visit = context;
    struct council *council = visit->own;
    char number[24], id[24];
    if (!visit_spawned(visit, answer))
        return;
    council->spawned = answer->case_id;
    council->status = answer->repeated ? 200 : 201;
    snprintf(number, sizeof number, "%" PRIu64, council->number);
    snprintf(id, sizeof id, "%" PRIu64, answer->case_id);
    struct ask *ask = visit_ask(visit, case_kept);
    ask_step(ask, "desk_council_case", (const char *[]){number, id}, 2);
    visit_put(visit, ASK_WRITE, ask);
}

static int read_report(struct visit *visit, json_t *json, struct council *council, struct reason *why) {
    if (json_object_get(json, "key") != NULL)
        return refuse(why, "key", "goes into the Idempotency-Key header");
    if (json_object_get(json, "source_id") != NULL)
        return refuse(why, "source_id", "is the meeting's; leave it out");
    char source[48];
    snprintf(source, sizeof source, "council:%" PRIu64, council->number);
    json_object_set_new(json, "key", json_string(council->key));
    json_object_set_new(json, "source_id", json_string(source));
    if (message_from_json(MESSAGE_submit, json, &council->report, why) != 0)
        return -1;
    if (!scope_covers(desk_city(visit->desk), &visit->person, council->report.area))
        return refuse(why, "area", "%s does not lie in the area of %s", council->report.area, visit->person.unit);
    return 0;
}

static void council_found(void *context, const struct ask *ask) {
    struct visit *visit = context;
    struct council *council = visit->own;
    struct reason why;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        refuse_unseen(visit);
        return;
    }
    council->number = (uint64_t)db_int8(result, 0, 0);
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    int status = read_report(visit, json, council, &why);
    json_decref(json);
    if (status == 0 && spawn_send(visit->desk->spawn, &council->report, spawned, visit, &why) == 0)
        return;
    visit_refuse_why(visit, status == 0 && why.field[0] == '\0' ? 503 : 422, &why);
}

static void spawn_case(struct visit *visit) {
    if (!may_write(visit))
        return;
    struct council *council = calloc(1, sizeof *council);
    assert(council != NULL);
    visit->own = council;
    if (visit->desk->spawn == NULL)
        visit_refuse(visit, 503, "ZHITONG_INTAKE_KEY",
                     "is not set: desk has no key with which it could hand in a report");
    else if (visit_key(visit, http_path_part(visit->request, 0), council->key) != NULL)
        put_council(visit, council_found);
}

void desk_post_council_case(struct http_request *request, void *context) {
    visit_begin(context, request, spawn_case);
}
