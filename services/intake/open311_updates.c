/* GET and POST servicerequestupdates, as FixMyStreet reads and sends them. */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_form.h"
#include "proto/case_life.h"
#include "services/intake/open311_query.h"
#include "services/intake/open311_source.h"
#include "services/intake/open311_update.h"

#define MOVES_MAX 5000 /* of public cases in one window */
#define ROLE "citizen" /* of case_life.def: what a source says is said for whoever reported */

/* ---- GET -------------------------------------------------------------------------------------------------------------------------- */

/* What changed is told, not who said what: notes may name people. */
static void emit_update(struct emit *emit, const struct open311_call *call, const struct case_moved *moved) {
    char id[48], at[OPEN311_TIME_SIZE];
    enum case_state from = case_state_named(moved->from), state = case_state_named(moved->state);
    const struct move_spec *move = case_move(moved->move, from);
    snprintf(id, sizeof id, "%" PRIu64 ".%" PRIu64, moved->case_id, moved->version);
    open311_time_write(city_zone(intake_city(call->intake)), moved->at, at);
    emit_record(emit, NULL);
    emit_text(emit, "update_id", id);
    emit_id(emit, "service_request_id", moved->case_id);
    emit_text(emit, "status", case_state_spec(state)->open || state == CASE_merged ? "open" : "closed");
    emit_text(emit, "updated_datetime", at);
    emit_text(emit, "description", move == NULL ? "" : call->language == OPEN311_CHINESE ? move->zh : move->meaning);
    emit_text(emit, "media_url", NULL);
    emit_end(emit);
}

/* False: it cannot be read, it is how the case began, or the case is in the state in which it was. */
static bool read_move(const PGresult *rows, int row, struct case_moved *moved) {
    struct reason why;
    size_t size;
    const uint8_t *body = db_bytea(rows, row, 0, &size);
    if (message_decode(MESSAGE_case_moved, body, size, moved, &why) != 0)
        return false;
    enum case_state from = case_state_named(moved->from);
    return from != CASE_STATE_COUNT && from != CASE_none && case_state_named(moved->state) != CASE_STATE_COUNT &&
           strcmp(moved->from, moved->state) != 0;
}

static void moves_read(void *context, const struct ask *ask) {
    struct open311_call *call = context;
    const PGresult *rows = open311_result(call, ask);
    static struct case_moved moved; /* some 10 kB, and the loop is one thread */
    if (rows == NULL)
        return;
    if (PQntuples(rows) > MOVES_MAX) {
        open311_refuse_why(call, 400, "end_date", "more than 5,000 moves lie in this window; ask for shorter ones");
        return;
    }
    struct emit emit = {.format = call->format};
    emit_list(&emit, "service_request_updates", "request_update");
    for (int row = 0; row < PQntuples(rows) && intake_city(call->intake) != NULL; row++)
        if (read_move(rows, row, &moved))
            emit_update(&emit, call, &moved);
    emit_end(&emit);
    open311_answer(call, &emit);
}

static const char *parameter(void *request, const char *name) {
    return http_query(request, name);
}

static void get(struct open311_call *call) {
    const struct open311_asked asked = {parameter, call->request, intake_city(call->intake),
                                        city_zone(intake_city(call->intake))};
    struct open311_query *query = calloc(1, sizeof *query);
    char since[24], until[24], most[16];
    assert(query != NULL);
    call->own = query;
    if (!open311_window_read(query, &asked, &call->errors)) {
        open311_refuse(call);
        return;
    }
    snprintf(since, sizeof since, "%" PRId64, query->since);
    snprintf(until, sizeof until, "%" PRId64, query->until);
    snprintf(most, sizeof most, "%d", MOVES_MAX);
    struct ask *ask = ask_make(moves_read, call);
    ask_step(ask, "open311_moves",
             (const char *[]){query->since != 0 ? since : NULL, query->until != 0 ? until : NULL, most}, 3);
    open311_put(call, ASK_LIST, ask);
}

void open311_get_updates(struct open311_call *call) {
    open311_with_book(call, get);
}

/* ---- POST ------------------------------------------------------------------------------------------------------------------------- */

struct updating { /* of a call */
    char source[CODE_MAX + 1];
    struct open311_update update;
    const char *move;
    size_t at; /* how much of the text is with routing */
    int parts;
    uint32_t version;
    char id[24]; /* of the case */
};

static void ask_quick(struct open311_call *call, enum ask_lane lane, ask_done *done, const char *query,
                      const char *const values[3]) {
    struct ask *ask = ask_make(done, call);
    int count = 0;
    while (count < 3 && values[count] != NULL)
        count++;
    ask_step(ask, query, values, count);
    open311_put(call, lane, ask);
}

static void remembered(void *context, const struct ask *ask) {
    struct open311_call *call = context;
    const struct updating *updating = call->own;
    const PGresult *rows = open311_result(call, ask);
    char id[48];
    if (rows == NULL)
        return;
    if (PQntuples(rows) == 0) {
        open311_refuse_why(call, 400, "update_id", "was sent before");
        return;
    }
    snprintf(id, sizeof id, "%s.%" PRIu32, updating->id, updating->version);
    struct emit emit = {.format = call->format};
    emit_list(&emit, "service_request_updates", "request_update");
    emit_record(&emit, NULL);
    emit_text(&emit, "update_id", id);
    emit_text(&emit, "service_request_id", updating->id);
    emit_end(&emit);
    emit_end(&emit);
    open311_answer(call, &emit);
}

static void send_part(struct open311_call *call);

static void moved_on(void *context, const struct command_answer *answer) {
    struct open311_call *call = context;
    struct updating *updating = call->own;
    if (answer->outcome == COMMAND_DONE) {
        updating->version = answer->version;
        send_part(call);
        return;
    }
    if (answer->outcome == COMMAND_REFUSED)
        open311_refuse_why(call, 400, answer->why.field, answer->why.text);
    else
        open311_refuse_why(call, 503, "", "it is not known whether the update was taken; send it again");
}

/* The key of a part: the same update sent again is the same command. */
static void part_key(const struct updating *updating, char key[65]) {
    unsigned char digest[20];
    char text[256], hex[2 * sizeof digest + 1];
    snprintf(text, sizeof text, "%s\n%s", updating->source, updating->update.update_id);
    crypto_generichash(digest, sizeof digest, (const unsigned char *)text, strlen(text), NULL, 0);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    snprintf(key, 65, "update:%s:%d", hex, updating->parts);
}

/* The first part is the move; what is left of a long text follows as notes. */
static void send_part(struct open311_call *call) {
    struct updating *updating = call->own;
    struct command command = {.case_id = updating->update.case_id};
    if (!open311_update_part(&updating->update, &updating->at, command.note)) {
        ask_quick(call, ASK_WRITE, remembered, "open311_update_add",
                  (const char *[]){updating->source, updating->update.update_id, updating->id});
        return;
    }
    strcpy(command.move, updating->parts == 0 ? updating->move : "note");
    strcpy(command.role, ROLE);
    strcpy(command.actor, updating->source);
    part_key(updating, command.key);
    updating->parts++;
    intake_trace(call->intake, call->request, command.traceparent);
    if (!intake_command(call->intake, &command, moved_on, call))
        open311_refuse_why(call, 503, "", "too many updates are under way; send it again in a second");
}

static void seen(void *context, const struct ask *ask) {
    struct open311_call *call = context;
    struct updating *updating = call->own;
    const PGresult *rows = open311_result(call, ask);
    static struct report_received report;
    struct reason why;
    size_t size;
    if (rows == NULL)
        return;
    const uint8_t *body = PQntuples(rows) == 1 ? db_bytea(rows, 0, 8, &size) : NULL;
    if (body == NULL || message_decode(MESSAGE_report_received, body, size, &report, &why) != 0) {
        open311_refuse_why(call, 404, "service_request_id", "there is no such request");
        return;
    }
    if (strcmp(report.source, updating->source) != 0) {
        open311_refuse_why(call, 403, "service_request_id", "did not come from the source of this key");
        return;
    }
    updating->move = open311_update_move(db_text(rows, 0, 4), updating->update.open, &why);
    if (updating->move == NULL)
        open311_refuse_why(call, 400, why.field, why.text);
    else
        send_part(call);
}

static void looked_up(void *context, const struct ask *ask) {
    struct open311_call *call = context;
    struct updating *updating = call->own;
    const PGresult *rows = open311_result(call, ask);
    if (rows == NULL)
        return;
    if (PQntuples(rows) > 0)
        open311_refuse_why(call, 400, "update_id", "was sent before");
    else
        ask_quick(call, ASK_QUICK, seen, "open311_cases", (const char *[]){updating->id, NULL, NULL});
}

static void post(struct open311_call *call) {
    struct updating *updating = calloc(1, sizeof *updating);
    struct open311_field fields[FORM_FIELDS_MAX];
    assert(updating != NULL);
    call->own = updating;
    const struct source *source = open311_admit(call, true);
    if (source == NULL)
        return;
    strcpy(updating->source, source->code);
    const struct open311_form form = {fields, open311_fields_of(call->request, fields), intake_city(call->intake),
                                      source};
    if (!open311_update_read(&form, city_zone(intake_city(call->intake)), clock_now(), &updating->update,
                             &call->errors)) {
        open311_refuse(call);
        return;
    }
    snprintf(updating->id, sizeof updating->id, "%" PRIu64, updating->update.case_id);
    ask_quick(call, ASK_QUICK, looked_up, "open311_update_find",
              (const char *[]){updating->source, updating->update.update_id, NULL});
}

void open311_post_update(struct open311_call *call) {
    open311_with_form(call, post);
}
