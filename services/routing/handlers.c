#include "services/routing/handlers.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report_kept.h"
#include "services/routing/case_decide.h"
#include "services/routing/case_supplement.h"
#include "services/routing/routing_lane.h"

void *routing_lane_open(const struct settings *settings) {
    (void)settings;
    struct routing_lane *lane = calloc(1, sizeof *lane);
    assert(lane != NULL);
    return lane;
}

void routing_lane_close(void *own) {
    struct routing_lane *lane = own;
    case_store_close(&lane->cases);
    column_close(&lane->ask_shards);
    column_close(&lane->ask_cases);
    column_close(&lane->ask_keys);
    for (int i = 0; i < 5; i++)
        column_close(&lane->commands[i]);
    for (int i = 0; i < 3; i++)
        column_close(&lane->counted[i]);
    column_close(&lane->looked[0]);
    column_close(&lane->looked[1]);
    bytes_close(&lane->scratch);
    free(lane);
}

/* ---- load -------------------------------------------------------------------------------------------------------------- */

static size_t decoded_size(enum message type) {
    const struct message_spec *spec = message_spec(type);
    return spec ? spec->size : 0;
}

static void want(struct batch *batch, struct input *input) {
    struct routing_lane *lane = batch->own;
    struct reason why;
    input->decoded = arena_take(batch->arena, decoded_size(input->type));
    if (message_decode(input->type, input->body, input->size, input->decoded, &why) != 0) {
        batch_reject(input, &why);
        return;
    }
    if (input->type == MESSAGE_deadline_passed)
        case_store_want(&lane->cases, batch, ((struct deadline_passed *)input->decoded)->case_id);
    if (input->type == MESSAGE_report_linked)
        case_store_want(&lane->cases, batch, ((struct report_linked *)input->decoded)->case_id);
    if (input->type != MESSAGE_command)
        return;
    const struct command *command = input->decoded;
    case_store_want(&lane->cases, batch, command->case_id);
    if (command->parent != 0)
        case_store_want(&lane->cases, batch, command->parent);
    column_int2(&lane->ask_shards, (int16_t)case_shard(command->case_id));
    column_int8(&lane->ask_cases, (int64_t)command->case_id);
    column_text(&lane->ask_keys, command->key);
}

static void remember(struct batch *batch, const struct carried_out *carried_out) {
    struct routing_lane *lane = batch->own;
    struct carried_out *kept = arena_take(batch->arena, sizeof *kept);
    *kept = *carried_out;
    kept->next = lane->carried_out;
    lane->carried_out = kept;
}

static int load_commands(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    if (lane->ask_cases.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &lane->ask_shards);
    params_column(&params, &lane->ask_cases);
    params_column(&params, &lane->ask_keys);
    if (db_send(batch->db, "routing_commands", &params) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(batch->db);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        struct carried_out old = {.case_id = (uint64_t)db_int8(result, row, 0),
                                  .version = (uint32_t)db_int4(result, row, 2)};
        snprintf(old.key, sizeof old.key, "%s", db_text(result, row, 1));
        snprintf(old.state, sizeof old.state, "%s", db_text(result, row, 3));
        remember(batch, &old);
    }
    return 0;
}

int routing_load(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    case_store_begin(&lane->cases, batch, 2 * batch->count); /* a case, and the one that it is merged into */
    column_reset(&lane->ask_shards);
    column_reset(&lane->ask_cases);
    column_reset(&lane->ask_keys);
    for (int i = 0; i < 5; i++)
        column_reset(&lane->commands[i]);
    lane->carried_out = NULL;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->inputs[i]->outcome == OUTCOME_PENDING && decoded_size(batch->inputs[i]->type) > 0)
            want(batch, batch->inputs[i]);
    if (load_commands(batch) != 0)
        return -1;
    return case_store_load(&lane->cases, batch);
}

/* ---- decide -------------------------------------------------------------------------------------------------------------- */

/* A move never lies before what caused it, even when the replica that caused it has a clock that is a little ahead: a due
 * instant counted from an earlier one could be the very instant that has just passed. */
static int64_t not_before(const struct batch *batch, int64_t cause_at) {
    return batch->now > cause_at ? batch->now : cause_at;
}

void routing_emit(struct batch *batch, struct touched_case *touched) {
    struct routing_lane *lane = batch->own;
    if (touched->is_chained)
        chain_text(touched->chain, lane->moved.prev);
    else
        lane->moved.prev[0] = '\0';
    lane->scratch.size = 0;
    size_t size = message_encode(MESSAGE_case_moved, &lane->moved, &lane->scratch);
    chain_hash(lane->scratch.data, size, touched->chain);
    touched->is_chained = true;
    batch_emit(batch, lane->moved.case_id, MESSAGE_case_moved, &lane->moved);
}

/* Keeps what the report said with the case: a unit that becomes responsible later gets its facts. */
static void keep_facts(struct batch *batch, struct touched_case *touched) {
    struct routing_lane *lane = batch->own;
    lane->scratch.size = 0;
    touched->opening_size = message_encode(MESSAGE_report_kept, &lane->report, &lane->scratch);
    uint8_t *copy = arena_take(batch->arena, touched->opening_size);
    memcpy(copy, lane->scratch.data, touched->opening_size);
    touched->opening = copy;
}

/* What came later: answers and files. */
static void keep_supplement(struct batch *batch, struct touched_case *touched, const struct command *command) {
    struct routing_lane *lane = batch->own;
    struct reason why;
    if (command->attributes[0] == '\0' && command->file[0] == '\0')
        return;
    if (report_kept_read(touched->opening, touched->opening_size, &lane->report, &why) != 0 ||
        !case_supplement(command, &lane->report))
        return;
    keep_facts(batch, touched);
    touched->told_more = true;
}

static void add_facts(struct routing_lane *lane, const struct touched_case *touched) {
    struct reason why;
    if (!case_is_news(&lane->moved))
        return;
    int status = report_kept_read(touched->opening, touched->opening_size, &lane->report, &why);
    assert(status == 0); /* we wrote it */
    (void)status;
    case_add_facts(&lane->report, &lane->moved);
}

/* The entry tells whose request brought it about. */
static void take_trace(struct routing_lane *lane, struct input *input, const char *traceparent) {
    batch_about(input, lane->moved.case_id, traceparent);
    memcpy(lane->moved.traceparent, input->traceparent, sizeof lane->moved.traceparent);
}

void routing_on_report(struct batch *batch, struct input *input) {
    struct routing_lane *lane = batch->own;
    const struct report_received *report = input->decoded;
    struct reason why;
    struct touched_case *touched = case_store_at(&lane->cases, batch, report->case_id);
    struct case_step step = {
        .city = batch->city, .now = not_before(batch, report->at), .file = &touched->file, .moved = &lane->moved};
    if (case_open(&step, report, &why) != 0) {
        batch_reject(input, &why);
        return;
    }
    touched->is_there = touched->is_new = true;
    take_trace(lane, input, report->traceparent);
    routing_emit(batch, touched);
    report_kept_of(&lane->moved, &lane->report);
    keep_facts(batch, touched);
}

void routing_on_linked(struct batch *batch, struct input *input) {
    struct routing_lane *lane = batch->own;
    const struct report_linked *linked = input->decoded;
    struct reason why;
    struct touched_case *touched = case_store_at(&lane->cases, batch, linked->case_id);
    struct case_step step = {
        .city = batch->city, .now = not_before(batch, linked->at), .file = &touched->file, .moved = &lane->moved};
    int status = touched->is_there ? case_link(&step, linked, &why) : refuse(&why, "case", "there is no such case");
    if (status < 0)
        batch_reject(input, &why);
    if (status <= 0)
        return;
    touched->changed = true;
    routing_emit(batch, touched);
}

void routing_on_deadline(struct batch *batch, struct input *input) {
    struct routing_lane *lane = batch->own;
    const struct deadline_passed *passed = input->decoded;
    struct reason why;
    struct touched_case *touched = case_store_at(&lane->cases, batch, passed->case_id);
    struct case_step step = {
        .city = batch->city, .now = not_before(batch, passed->at), .file = &touched->file, .moved = &lane->moved};
    int status = touched->is_there ? case_pass_deadline(&step, passed, &why)
                                   : refuse(&why, "case", "there is no such case");
    if (status < 0)
        batch_reject(input, &why);
    if (status <= 0)
        return;
    touched->changed = true;
    add_facts(lane, touched);
    routing_emit(batch, touched);
}

static void answer_done(struct input *input, const struct carried_out *carried_out) {
    struct done done = {.case_id = carried_out->case_id, .version = carried_out->version};
    memcpy(done.key, carried_out->key, sizeof done.key);
    memcpy(done.state, carried_out->state, sizeof done.state);
    batch_reply(input, MESSAGE_done, &done);
}

static void keep_command(struct batch *batch, struct input *input, const struct case_file *file) {
    struct routing_lane *lane = batch->own;
    const struct command *command = input->decoded;
    struct carried_out now = {.case_id = command->case_id, .version = file->version};
    memcpy(now.key, command->key, sizeof now.key);
    snprintf(now.state, sizeof now.state, "%s", case_state_spec(file->state)->name);
    remember(batch, &now);
    column_int8(&lane->commands[0], (int64_t)now.case_id);
    column_text(&lane->commands[1], now.key);
    column_int4(&lane->commands[2], (int32_t)now.version);
    column_int2(&lane->commands[3], (int16_t)case_shard(now.case_id));
    column_text(&lane->commands[4], now.state);
    answer_done(input, &now);
}

/* Where the matter is, from what is kept of the report. */
static struct case_place place_of(struct routing_lane *lane, const struct touched_case *touched) {
    struct reason why;
    struct case_place place = {NAN, NAN};
    if (report_kept_read(touched->opening, touched->opening_size, &lane->report, &why) == 0)
        place = (struct case_place){lane->report.lat, lane->report.lon};
    return place;
}

/* The other case that a command names, as it stands; the older one, so it may have moved on meanwhile. */
static void find_parent(struct batch *batch, const struct command *command, struct case_step *step) {
    struct routing_lane *lane = batch->own;
    if (command->parent == 0)
        return;
    struct touched_case *parent = case_store_at(&lane->cases, batch, command->parent);
    if (!parent->is_there)
        return;
    step->parent = &parent->file;
    step->parent_place = place_of(lane, parent);
    step->place = place_of(lane, case_store_at(&lane->cases, batch, command->case_id));
}

void routing_on_command(struct batch *batch, struct input *input) {
    struct routing_lane *lane = batch->own;
    const struct command *command = input->decoded;
    for (const struct carried_out *old = lane->carried_out; old != NULL; old = old->next) {
        if (old->case_id != command->case_id || strcmp(old->key, command->key) != 0)
            continue;
        answer_done(input, old);
        return;
    }
    struct reason why;
    struct touched_case *touched = case_store_at(&lane->cases, batch, command->case_id);
    struct case_step step = {.city = batch->city, .now = batch->now, .file = &touched->file, .moved = &lane->moved};
    if (touched->is_there)
        find_parent(batch, command, &step);
    int status = touched->is_there ? case_decide(&step, command, &why)
                                   : refuse(&why, "case", "there is no such case here yet");
    if (status != 0) {
        batch_reject(input, &why);
        return;
    }
    touched->changed = true;
    add_facts(lane, touched);
    take_trace(lane, input, command->traceparent);
    routing_emit(batch, touched);
    keep_supplement(batch, touched, command);
    keep_command(batch, input, &touched->file);
}

/* ---- save ------------------------------------------------------------------------------------------------------------------ */

int routing_save(struct batch *batch) {
    struct routing_lane *lane = batch->own;
    if (case_store_save(&lane->cases, batch) != 0)
        return -1;
    if (lane->commands[0].count == 0)
        return 0;
    struct params params = {0};
    for (int i = 0; i < 5; i++)
        params_column(&params, &lane->commands[i]);
    return db_send(batch->db, "routing_save_commands", &params);
}

uint16_t routing_command_shard(const void *request, const char **key) {
    const struct command *command = request;
    *key = command->key;
    return case_shard(command->case_id);
}
