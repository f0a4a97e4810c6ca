/* Writing: all that has come about since the last time, one statement a table, in one transaction under the fence of the shards. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "services/notification/courier_inner.h"

#define REFUSALS_MAX 3
#define COLUMNS_MAX 11
#define RECOUNTS_MAX 2000 /* endpoints whose rows are counted with one write */

/* ---- what there is to write ------------------------------------------------------------------------------------------- */

static void remember(struct served ***list, size_t *count, size_t *room, struct served *served) {
    if (*count == *room) {
        *room = *room != 0 ? *room * 2 : 256;
        *list = realloc(*list, *room * sizeof **list);
        assert(*list != NULL);
    }
    (*list)[(*count)++] = served;
}

void served_moved(struct courier *courier, struct served *served) {
    if (served->moved)
        return;
    served->moved = true;
    remember(&courier->moved_ones, &courier->moved_count, &courier->moved_room, served);
}

void served_recount(struct courier *courier, struct served *served) {
    if (served->count_again)
        return;
    served->count_again = true;
    remember(&courier->recounts, &courier->recount_count, &courier->recount_room, served);
}

/* ---- statements --------------------------------------------------------------------------------------------------------- */

struct statement {
    const char *query;
    struct column columns[COLUMNS_MAX];
    int count;
};

static int statement_send(struct courier *courier, struct statement *statement) {
    struct params params = {0};
    if (statement->columns[0].count == 0)
        return 0;
    for (int i = 0; i < statement->count; i++)
        params_column(&params, &statement->columns[i]);
    return db_send(courier->db, statement->query, &params) == 0 ? 1 : -1;
}

static void add_attempt(struct statement *to, const struct effect *outcome) {
    struct column *columns = to->columns;
    column_int8(&columns[0], outcome->endpoint);
    column_int8(&columns[1], outcome->seq);
    column_time(&columns[2], outcome->at);
    column_int8(&columns[3], (int64_t)outcome->case_id);
    column_int4(&columns[4], outcome->version);
    column_int2(&columns[5], (int16_t)outcome->attempts);
    column_int4(&columns[6], (int32_t)outcome->took_ms);
    column_int4(&columns[7], outcome->status);
    column_text(&columns[8], outcome->name);
    column_text(&columns[9], outcome->told[0] != '\0' ? outcome->told : "?");
    column_text(&columns[10], outcome->answer);
}

static void add_row(struct statement *to, const struct effect *outcome) {
    struct column *columns = to->columns;
    column_int8(&columns[0], outcome->endpoint);
    column_int8(&columns[1], outcome->seq);
    column_int8(&columns[2], (int64_t)outcome->case_id);
    column_text(&columns[3], outcome->state);
    column_int2(&columns[4], (int16_t)outcome->attempts);
    column_time(&columns[5], outcome->next_at);
    column_time(&columns[6], outcome->since);
    column_text(&columns[7], outcome->answer);
}

static void add_pair(struct statement *to, int64_t endpoint, int64_t second) {
    column_int8(&to->columns[0], endpoint);
    column_int8(&to->columns[1], second);
}

static void add_health(struct statement *to, const struct served *served) {
    add_pair(to, served->endpoint.endpoint, (int64_t)served->cursor);
    column_int4(&to->columns[2], (int32_t)served->health.failures);
    column_time(&to->columns[3], served->health.succeeded_at);
}

enum { FENCE, LOCK, ATTEMPTS, KEEP, DROP, PROMOTE, MOVE, DISABLE, ANNOUNCED, WAITING, STATEMENT_COUNT };

struct writing {
    struct statement statements[STATEMENT_COUNT];
    bool fenced[SHARD_COUNT];
    int64_t shards;
    size_t recounts; /* of the front of courier->recounts */
};

static const struct {
    const char *query;
    int columns;
} forms[STATEMENT_COUNT] = {
    [FENCE] = {"courier_fence", 2},    [LOCK] = {"courier_lock", 1},       [ATTEMPTS] = {"courier_attempts", 11},
    [KEEP] = {"courier_keep", 8},      [DROP] = {"courier_drop", 2},       [PROMOTE] = {"courier_promote", 2},
    [MOVE] = {"courier_move", 4},      [DISABLE] = {"courier_disable", 2}, [ANNOUNCED] = {"courier_announced", 1},
    [WAITING] = {"courier_waiting", 2}};

static void writing_close(struct writing *writing) {
    for (int i = 0; i < STATEMENT_COUNT; i++)
        for (int column = 0; column < COLUMNS_MAX; column++)
            column_close(&writing->statements[i].columns[column]);
}

static void fence(struct writing *writing, const struct courier *courier, const struct served *served) {
    if (writing->fenced[served->shard])
        return;
    writing->fenced[served->shard] = true;
    writing->shards++;
    column_int2(&writing->statements[FENCE].columns[0], (int16_t)served->shard);
    column_int8(&writing->statements[FENCE].columns[1], courier->epochs[served->shard]);
}

static void gather_outcome(struct courier *courier, struct writing *writing, const struct effect *outcome) {
    struct statement *statements = writing->statements;
    if (outcome->served->lost)
        return;
    fence(writing, courier, outcome->served);
    if (outcome->change != ROW_NONE)
        column_int8(&statements[LOCK].columns[0], outcome->endpoint);
    if (outcome->name != NULL)
        add_attempt(&statements[ATTEMPTS], outcome);
    if (outcome->change == ROW_KEEP)
        add_row(&statements[KEEP], outcome);
    if (outcome->change == ROW_DROP)
        add_pair(&statements[DROP], outcome->endpoint, outcome->seq);
    if (outcome->promote)
        add_pair(&statements[PROMOTE], outcome->endpoint, (int64_t)outcome->case_id);
}

static void gather(struct courier *courier, struct writing *writing) {
    struct statement *statements = writing->statements;
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        statements[i].query = forms[i].query;
        statements[i].count = forms[i].columns;
    }
    for (size_t i = 0; i < courier->outcome_count; i++)
        gather_outcome(courier, writing, &courier->outcomes[i]);
    for (size_t i = 0; i < courier->moved_count; i++) {
        if (courier->moved_ones[i]->lost)
            continue;
        fence(writing, courier, courier->moved_ones[i]);
        column_int8(&statements[LOCK].columns[0], courier->moved_ones[i]->endpoint.endpoint);
        add_health(&statements[MOVE], courier->moved_ones[i]);
    }
    for (size_t i = 0; i < courier->ending_count; i++) {
        const struct ending *ending = &courier->endings[i];
        if (ending->served->lost)
            continue;
        fence(writing, courier, ending->served);
        column_int8(&statements[LOCK].columns[0], ending->served->endpoint.endpoint);
        column_int8(&statements[DISABLE].columns[0], ending->served->endpoint.endpoint);
        column_text(&statements[DISABLE].columns[1], ending->why);
        column_int8(&statements[ANNOUNCED].columns[0], ending->served->endpoint.endpoint);
    }
    writing->recounts = courier->recount_count < RECOUNTS_MAX ? courier->recount_count : RECOUNTS_MAX;
    for (size_t i = 0; i < writing->recounts; i++)
        add_pair(&statements[WAITING], courier->recounts[i]->endpoint.endpoint,
                 courier->recounts[i]->disabled ? 0 : INT64_MAX);
}

/* ---- the transaction ------------------------------------------------------------------------------------------------------ */

static int send_fence(struct courier *courier, struct writing *writing) {
    struct params params = {0};
    if (writing->shards == 0)
        return 0;
    params_column(&params, &writing->statements[FENCE].columns[0]);
    params_column(&params, &writing->statements[FENCE].columns[1]);
    params_int8(&params, writing->shards);
    return db_send(courier->db, "courier_fence", &params) == 0 ? 1 : -1;
}

static void say_disabled(const PGresult *names) {
    for (int row = 0; row < PQntuples(names); row++)
        journal_say(JOURNAL_WARNING, "endpoint_disabled", "%s of %s gets nothing any more: %s", db_text(names, row, 0),
                    db_text(names, row, 1), db_text(names, row, 2));
}

static void take_counts(struct courier *courier, const PGresult *counts, size_t asked) {
    int row = 0, rows = PQntuples(counts);
    for (size_t i = 0; i < asked; i++) {
        struct served *served = courier->recounts[i];
        served->count_again = false;
        for (int tried = 0; tried < rows && db_int8(counts, row, 0) != served->endpoint.endpoint; tried++)
            row = (row + 1) % rows;
        if (rows == 0 || db_int8(counts, row, 0) != served->endpoint.endpoint)
            continue;
        served->waiting = db_int8(counts, row, 1);
        served->due_at = db_time(counts, row, 2);
        served_list_add(courier, served);
    }
    memmove(courier->recounts, courier->recounts + asked, (courier->recount_count - asked) * sizeof *courier->recounts);
    courier->recount_count -= asked;
}

static int run(struct courier *courier, struct writing *writing, PGresult **disabled, PGresult **counts) {
    int sent[STATEMENT_COUNT] = {0}, status = 0;
    db_forget_failure(courier->db);
    if (FAULT_POINT(courier_before_write))
        db_give_up(courier->db, "the deliveries could not be written");
    for (int i = 0; i < STATEMENT_COUNT && status == 0; i++) {
        sent[i] = i == FENCE ? send_fence(courier, writing) : statement_send(courier, &writing->statements[i]);
        status = sent[i] < 0 ? -1 : 0;
    }
    for (int i = 0; i < STATEMENT_COUNT && status == 0; i++) {
        PGresult *result = sent[i] > 0 ? db_take(courier->db) : NULL;
        if (sent[i] > 0 && result == NULL)
            status = -1;
        if (i == DISABLE)
            *disabled = result;
        else if (i == WAITING)
            *counts = result;
        else
            PQclear(result);
    }
    return db_sync(courier->db) == 0 && status == 0 && !FAULT_POINT(courier_after_write) ? 0 : -1;
}

static void forget_written(struct courier *courier) {
    size_t outcomes = courier->outcome_count, moved = courier->moved_count, endings = courier->ending_count;
    courier->outcome_count = courier->moved_count = courier->ending_count = 0;
    for (size_t i = 0; i < outcomes; i++) {
        struct served *served = courier->outcomes[i].served;
        served->unwritten--;
        served->unwritten_rows -= courier->outcomes[i].change != ROW_NONE;
        served_list_add(courier, served);
    }
    for (size_t i = 0; i < endings; i++)
        courier->endings[i].served->unwritten--;
    for (size_t i = 0; i < moved; i++)
        courier->moved_ones[i]->moved = false;
}

void courier_forget_all(struct courier *courier) {
    size_t bucket = 0;
    struct served *served;
    for (size_t i = 0; i < SERVED_BUCKETS; i++) /* another database may have less */
        for (struct fed_stream *stream = courier->streams[i]; stream != NULL; stream = stream->next)
            stream->head = 0;
    for (size_t i = 0; i < courier->recount_count; i++)
        courier->recounts[i]->count_again = false;
    courier->recount_count = 0;
    forget_written(courier);
    while ((bucket = 0, served = courier_next_served(courier, &bucket, NULL)) != NULL)
        served_forget(courier, served);
    courier->sweep_soon = true;
}

/* Another replica has a shard: the loop tells us soon. Else it is tried again, since endpoints may have gone in between; what
 * PostgreSQL does not take then is our own bug, and reading all anew the way out of it. */
static int failed(struct courier *courier) {
    const struct reason *why = db_reason(courier->db);
    courier->write_at = clock_monotonic_ms() + WRITE_EVERY_MS;
    if (db_failure(courier->db) == DB_FENCED)
        return 0;
    if (PQstatus(db_raw(courier->db)) != CONNECTION_OK)
        return -1;
    if (++courier->refusals < REFUSALS_MAX)
        return 0;
    journal_say(JOURNAL_ERROR, "deliveries_unwritten", "%s: %s; endpoints are read anew", why->field, why->text);
    courier->refusals = 0;
    courier_forget_all(courier);
    return 0;
}

int courier_write(struct courier *courier) {
    if (courier->outcome_count + courier->moved_count + courier->recount_count + courier->ending_count == 0)
        return 0;
    struct writing writing = {0};
    SCOPED_RESULT
    *disabled = NULL;
    SCOPED_RESULT
    *counts = NULL;
    gather(courier, &writing);
    int status = run(courier, &writing, &disabled, &counts);
    writing_close(&writing);
    if (status != 0)
        return failed(courier);
    courier->refusals = 0;
    courier->write_at = clock_monotonic_ms() + WRITE_EVERY_MS;
    if (disabled != NULL) {
        say_disabled(disabled);
        metric_add(METRIC_endpoints_disabled_total, PQntuples(disabled));
    }
    if (counts != NULL)
        take_counts(courier, counts, writing.recounts);
    forget_written(courier);
    return 0;
}
