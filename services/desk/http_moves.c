#include "services/desk/http_moves.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/message_json.h"
#include "services/desk/case_json.h"
#include "services/desk/visit.h"

/* ---- the answer ----------------------------------------------------------------------------------------------------------- */

static json_t *error_json(const struct reason *why) {
    return json_pack("{s:{s:s, s:s}}", "error", "field", why->field, "reason", why->text);
}

/* Which status a refusal of routing becomes, by the field that it names. */
static int status_of(const char *field) {
    static const struct {
        const char *field;
        int status;
    } statuses[] = {{"version", 409}, {"move", 409}, {"role", 403}, {"actor", 403}, {"actor_unit", 403}, {"case", 404}};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(statuses[i].field, field) == 0)
            return statuses[i].status;
    return 422;
}

static void answer_refused(struct visit *visit, const struct command_answer *answer, struct audit_row *row) {
    snprintf(row->outcome, sizeof row->outcome, "refused %s", answer->why.field);
    visit_answer_written(visit, status_of(answer->why.field), error_json(&answer->why), row);
}

/* The version that a conflict tells is read anew: the answer says what it is now. */
static void version_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = ask_result(ask, 1);
    if (result != NULL && PQntuples(result) > 0) {
        json_int_t version = db_int4(result, 0, 1);
        char tag[24];
        snprintf(tag, sizeof tag, "\"%lld\"", (long long)version);
        http_add_header(visit->request, "ETag", tag);
        json_object_set_new(visit->json, "version", json_integer(version));
    }
    json_t *json = visit->json;
    struct audit_row row;
    visit->json = NULL;
    visit_row(visit, ((const struct command *)visit->own)->move, &row);
    snprintf(row.outcome, sizeof row.outcome, "refused version");
    visit_answer_written(visit, 409, json, &row);
}

static void put_look(struct visit *visit, ask_done *done) {
    char id[24];
    struct ask *ask = visit_ask(visit, done);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    ask_step(ask, "desk_case_look", (const char *[]){id}, 1);
    visit_put(visit, ASK_QUICK, ask);
}

static void answer_done(struct visit *visit, const struct command_answer *answer, struct audit_row *row) {
    char tag[24];
    snprintf(tag, sizeof tag, "\"%" PRIu32 "\"", answer->version);
    http_add_header(visit->request, "ETag", tag);
    snprintf(row->outcome, sizeof row->outcome, "done %" PRIu32, answer->version);
    visit_answer_written(visit, 200,
                         json_pack("{s:s, s:I}", "state", answer->state, "version", (json_int_t)answer->version), row);
}

void desk_move_answered(struct visit *visit, const struct command_answer *answer) {
    struct audit_row row;
    visit_row(visit, ((const struct command *)visit->own)->move, &row);
    switch (answer->outcome) {
    case COMMAND_DONE:
        answer_done(visit, answer, &row);
        return;
    case COMMAND_REFUSED:
        if (strcmp(answer->why.field, "version") != 0) {
            answer_refused(visit, answer, &row);
            return;
        }
        visit->json = error_json(&answer->why);
        put_look(visit, version_read);
        return;
    case COMMAND_BUSY:
        snprintf(row.outcome, sizeof row.outcome, "busy");
        http_add_header(visit->request, "Retry-After", "1");
        visit_answer_written(visit, 503, error_json(&answer->why), &row);
        return;
    case COMMAND_UNKNOWN:
        snprintf(row.outcome, sizeof row.outcome, "unknown");
        visit_answer_written(visit, 504, error_json(&answer->why), &row);
        return;
    }
}

/* ---- POST /cases/CASE/moves/MOVE --------------------------------------------------------------------------------------------- */

/* Whoever may not see a case is not told that it is there. */
static void looked(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        visit_refuse(visit, 404, "case", "there is no such case, or it is none of yours");
        return;
    }
    if (command_calls_waiting(visit->desk->calls) >= visit->desk->commands_max) {
        visit_refuse(visit, 503, "", "too many moves are under way; nothing was done, ask again with the same key");
        return;
    }
    command_calls_send(visit->desk->calls, visit->own, (uint64_t)(uintptr_t)visit);
}

/* If-Match is the version that the person saw; "*" where it does not matter. False: answered. */
static bool read_version(struct visit *visit, const char *move, struct command *command) {
    const char *match = http_header(visit->request, "If-Match");
    char quoted[16];
    unsigned version;
    if (match == NULL) {
        visit_refuse(visit, 428, "If-Match", "name the version of the case that you saw, as its ETag does");
        return false;
    }
    if (strcmp(match, "*") == 0) {
        if (scope_is_note(move))
            return true;
        visit_refuse(visit, 428, "If-Match",
                     "* is for urge, note, attach and instruct only; name the version that you saw");
        return false;
    }
    quoted[0] = '\0';
    if (sscanf(match, "\"%9u\"", &version) == 1)
        snprintf(quoted, sizeof quoted, "\"%u\"", version);
    if (strcmp(quoted, match) != 0 || version == 0) {
        visit_refuse(visit, 400, "If-Match", "must be an ETag of the case: \"7\"");
        return false;
    }
    command->version = version;
    return true;
}

/* Fields that the body must not bring: they stand elsewhere, or are the session's. */
static int check_body(const json_t *json, struct reason *why) {
    static const char *const taken[] = {"key", "case", "move", "actor", "role", "actor_unit", "version"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (json_object_get(json, taken[i]) != NULL)
            return refuse(why, taken[i],
                          "does not go into the body: it comes from the path, the headers or the session");
    return 0;
}

static int read_command(const struct visit *visit, json_t *json, const char *key, struct command *command,
                        struct reason *why) {
    const struct person *person = &visit->person;
    uint64_t version = command->version;
    if (check_body(json, why) != 0)
        return -1;
    json_object_set_new(json, "key", json_string(key));
    json_object_set_new(json, "case", json_integer((json_int_t)visit->case_id));
    json_object_set_new(json, "move", json_string(http_path_part(visit->request, 1)));
    json_object_set_new(json, "actor", json_string(person->login));
    json_object_set_new(json, "role", json_string(person->role));
    json_object_set_new(json, "actor_unit", json_string(person->unit));
    if (message_from_json(MESSAGE_command, json, command, why) != 0)
        return -1;
    command->version = version;
    traceparent_copy(command->traceparent, http_header(visit->request, "traceparent"));
    return 0;
}

static void move(struct visit *visit) {
    const char *name = http_path_part(visit->request, 1);
    char key[VISIT_KEY_SIZE], about[24 + CODE_MAX];
    struct reason why;
    if (!visit_case(visit))
        return;
    if (!case_move_exists(name)) {
        visit_refuse(visit, 404, "move", "there is no such move; GET /moves lists them");
        return;
    }
    /* Of the move as well: a key that is used again for another one must not get the answer of the first. */
    snprintf(about, sizeof about, "%" PRIu64 " %s", visit->case_id, name);
    if (visit_key(visit, about, key) == NULL)
        return;
    struct command *command = calloc(1, sizeof *command);
    assert(command != NULL);
    visit->own = command;
    if (!read_version(visit, name, command))
        return;
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    int status = read_command(visit, json, key, command, &why);
    json_decref(json);
    if (status != 0)
        visit_refuse_why(visit, 422, &why);
    else
        put_look(visit, looked);
}

void desk_post_move(struct http_request *request, void *context) {
    visit_begin(context, request, move);
}

/* ---- the tables ----------------------------------------------------------------------------------------------------------------- */

static void show_moves(struct visit *visit) {
    size_t count;
    const struct move_spec *lines = case_moves(&count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, case_move_json(&lines[i]));
    visit_json(visit, 200, json_pack("{s:o}", "moves", array));
}

static void show_roles(struct visit *visit) {
    size_t count;
    const struct role_spec *roles = case_roles(&count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:s}", "role", roles[i].name, "zh", roles[i].zh, "en", roles[i].meaning));
    visit_json(visit, 200, json_pack("{s:o}", "roles", array));
}

static void show_states(struct visit *visit) {
    json_t *array = json_array();
    for (int i = CASE_none + 1; i < CASE_STATE_COUNT; i++) {
        const struct state_spec *state = case_state_spec((enum case_state)i);
        json_array_append_new(array, json_pack("{s:s, s:b, s:s, s:s}", "state", state->name, "open", (int)state->open,
                                               "zh", state->zh, "en", state->meaning));
    }
    visit_json(visit, 200, json_pack("{s:o}", "states", array));
}

void desk_get_moves(struct http_request *request, void *context) {
    visit_begin(context, request, show_moves);
}

void desk_get_roles(struct http_request *request, void *context) {
    visit_begin(context, request, show_roles);
}

void desk_get_states(struct http_request *request, void *context) {
    visit_begin(context, request, show_states);
}
