/* Reading: entries of streams, and rows that have become due, for many endpoints in one statement. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/incarnation.h"
#include "common/journal.h"
#include "services/notification/courier_inner.h"

#define HOUR_MS INT64_C(3600000)
#define UNREAD_AGAIN_MS 1000

struct read_columns {
    struct column places, endpoints, units, firsts, most;
};

static void columns_close(struct read_columns *columns) {
    column_close(&columns->places);
    column_close(&columns->endpoints);
    column_close(&columns->units);
    column_close(&columns->firsts);
    column_close(&columns->most);
}

/* ---- of streams ------------------------------------------------------------------------------------------------------ */

static int32_t how_many(const struct courier *courier, const struct served *served) {
    if (served->pool != POOL_PROVEN)
        return served->health.failures >= CIRCUIT_FAILURES ? 1 : ENTRIES_WHEN_FULL;
    if (courier->window_bytes > WINDOW_BYTES_MAX)
        return served->window_count == 0 ? ENTRIES_WHEN_FULL : 1;
    return (int32_t)(WINDOW_ENTRIES_MAX - served->window_count);
}

/* Dealt with as it was read: nothing is to be told of it. */
static void pass_over(struct courier *courier, struct served *served, uint64_t seq) {
    struct piece *last = TAILQ_LAST(&served->window, pieces);
    if (last != NULL) {
        last->through = seq;
        return;
    }
    served->cursor = seq;
    served_moved(courier, served);
}

static bool was_dealt_with(const struct served *served, uint64_t seq) {
    for (uint32_t i = 0; i < served->dealt_count; i++)
        if (served->dealt[i] == (int64_t)seq)
            return true;
    return false;
}

static bool is_wanted(struct courier *courier, struct served *served, struct people_plan *plan) {
    const struct city *city = courier->city->city;
    *plan = (struct people_plan){.when = PEOPLE_NOW};
    if (served->filter != NULL && !filter_match(served->filter, city, &courier->moved))
        return false;
    if (!served->endpoint.carrier->for_people)
        return true;
    int64_t now = clock_real();
    if (served->hour != now / HOUR_MS)
        served->endpoint.told_this_hour = 0;
    served->hour = now / HOUR_MS;
    if (people_plan(&served->endpoint, &courier->moved, city, now, plan) != 0)
        return false;
    served->endpoint.told_this_hour += plan->when == PEOPLE_NOW;
    return plan->when != PEOPLE_SKIP;
}

/* It goes on behind what is not served any more (begins: the first that is), and nowhere else. */
static void skip_unserved(struct courier *courier, struct served *served, uint64_t begins) {
    if (begins <= served->read_to + 1)
        return;
    if (incarnation_of_seq(begins) == incarnation_of_seq(served->read_to))
        journal_say(JOURNAL_WARNING, "stream_truncated",
                    "endpoint %s: entries %llu to %llu of %s are not kept any more", served->endpoint.name,
                    (unsigned long long)served->read_to + 1, (unsigned long long)begins - 1, served->endpoint.unit);
    served->read_to = begins - 1;
    pass_over(courier, served, served->read_to);
}

/* An entry that was told to be there, is served, and does not come: whatever the reason is, nobody may pass over it. */
static void say_unread(struct served *served) {
    served->read_at = clock_monotonic_ms() + UNREAD_AGAIN_MS;
    if (served->unread == served->read_to + 1)
        return;
    served->unread = served->read_to + 1;
    journal_say(JOURNAL_ERROR, "stream_unread",
                "endpoint %s: entry %llu of %s, whose head is %llu, is not there; it is looked for every %d ms",
                served->endpoint.name, (unsigned long long)served->unread, served->endpoint.unit,
                (unsigned long long)served->stream->head, UNREAD_AGAIN_MS);
}

static void take_entry(struct courier *courier, struct served *served, uint64_t seq, const struct bytes *body) {
    struct reason why;
    struct people_plan plan;
    served->read_to = seq;
    if (message_decode(MESSAGE_case_moved, body->data, body->size, &courier->moved, &why) != 0) {
        journal_say(JOURNAL_ERROR, "entry_unreadable", "stream %s, seq %llu: %s: %s", served->endpoint.unit,
                    (unsigned long long)seq, why.field, why.text);
        pass_over(courier, served, seq);
        return;
    }
    if (was_dealt_with(served, seq) || !is_wanted(courier, served, &plan)) {
        pass_over(courier, served, seq);
        return;
    }
    struct piece *piece = piece_add(courier, &served->window, body);
    piece->seq = (int64_t)seq;
    piece->through = seq;
    piece->case_id = courier->moved.case_id;
    piece->version = (int32_t)courier->moved.version;
    piece->moved_at = courier->moved.at;
    served->window_count++;
    if (plan.when != PEOPLE_HELD)
        return;
    courier_put_off(courier, served, piece, plan.until);
    window_pop(courier, served);
}

static void put_behind(struct courier *courier, const struct wanted *wanted, int64_t endpoint, int64_t seq) {
    size_t place = 0;
    while (wanted->served[place]->endpoint.endpoint != endpoint)
        place++;
    struct piece *piece = TAILQ_FIRST(&wanted->served[place]->window);
    while (piece != NULL && piece->seq != seq)
        piece = TAILQ_NEXT(piece, link);
    if (piece == NULL || piece->flying || piece->done)
        return;
    courier_put_off(courier, wanted->served[place], piece, 0);
}

/* Entries whose case has an earlier one that waits: they wait behind it. */
static int find_blocked(struct courier *courier, const struct wanted *wanted) {
    struct read_columns columns = {0};
    struct params params = {0};
    const struct piece *piece;
    for (size_t i = 0; i < wanted->count; i++) {
        if (wanted->served[i]->waiting == 0)
            continue;
        TAILQ_FOREACH(piece, &wanted->served[i]->window, link) {
            column_int8(&columns.endpoints, wanted->served[i]->endpoint.endpoint);
            column_int8(&columns.places, (int64_t)piece->case_id);
            column_int8(&columns.firsts, piece->seq);
        }
    }
    if (columns.endpoints.count == 0)
        return 0;
    params_column(&params, &columns.endpoints);
    params_column(&params, &columns.places);
    params_column(&params, &columns.firsts);
    SCOPED_RESULT
    *blocked = db_ask(courier->db, "courier_blocked", &params);
    columns_close(&columns);
    for (int row = 0; blocked != NULL && row < PQntuples(blocked); row++)
        put_behind(courier, wanted, db_int8(blocked, row, 0), db_int8(blocked, row, 1));
    for (size_t i = 0; i < wanted->count; i++)
        window_pop(courier, wanted->served[i]);
    return blocked != NULL ? 0 : -1;
}

/* Columns of courier_read. */
static void take_read(struct courier *courier, struct served *served, const PGresult *entries, int row) {
    struct bytes body = {0};
    skip_unserved(courier, served, (uint64_t)db_int8(entries, row, 3));
    if (db_null(entries, row, 1)) {
        if (served->read_to < served->stream->head)
            say_unread(served);
        return;
    }
    uint64_t seq = (uint64_t)db_int8(entries, row, 1);
    if (seq != served->read_to + 1) {
        say_unread(served);
        return;
    }
    body.data = (uint8_t *)(uintptr_t)db_bytea(entries, row, 2, &body.size);
    take_entry(courier, served, seq, &body);
}

int courier_read_streams(struct courier *courier, const struct wanted *wanted) {
    struct read_columns columns = {0};
    struct params params = {0};
    for (size_t i = 0; i < wanted->count; i++) {
        const struct served *served = wanted->served[i];
        column_int4(&columns.places, (int32_t)i);
        column_text(&columns.units, served->endpoint.unit);
        column_int8(&columns.firsts, (int64_t)served->read_to + 1);
        column_int4(&columns.most, how_many(courier, served));
    }
    params_column(&params, &columns.places);
    params_column(&params, &columns.units);
    params_column(&params, &columns.firsts);
    params_column(&params, &columns.most);
    SCOPED_RESULT
    *entries = db_ask(courier->db, "courier_read", &params);
    columns_close(&columns);
    if (entries == NULL)
        return -1;
    for (int row = 0; row < PQntuples(entries); row++)
        take_read(courier, wanted->served[db_int4(entries, row, 0)], entries, row);
    return find_blocked(courier, wanted);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------- */

static bool has_row(const struct served *served, int64_t seq) {
    const struct piece *piece;
    TAILQ_FOREACH(piece, &served->rows, link)
    if (piece->seq == seq)
        return true;
    return false;
}

static struct announced *announced_of(const PGresult *rows, int row) {
    if (db_null(rows, row, 7))
        return NULL;
    struct announced *announced = calloc(1, sizeof *announced);
    assert(announced != NULL);
    snprintf(announced->kind, sizeof announced->kind, "%s", db_text(rows, row, 7));
    snprintf(announced->about, sizeof announced->about, "%s", db_text(rows, row, 8));
    snprintf(announced->unit, sizeof announced->unit, "%s", db_text(rows, row, 9));
    snprintf(announced->why, sizeof announced->why, "%s", db_text(rows, row, 10));
    announced->at = db_time(rows, row, 11);
    return announced;
}

static void take_row(struct courier *courier, struct served *served, const PGresult *rows, int row) {
    struct bytes body = {0};
    struct reason why;
    if (!db_null(rows, row, 6))
        body.data = (uint8_t *)(uintptr_t)db_bytea(rows, row, 6, &body.size);
    struct piece *piece = piece_add(courier, &served->rows, &body);
    piece->seq = db_int8(rows, row, 1);
    piece->case_id = (uint64_t)db_int8(rows, row, 2);
    piece->attempts = db_int2(rows, row, 3);
    piece->since = db_time(rows, row, 4);
    piece->held = db_bool(rows, row, 5);
    piece->is_row = true;
    piece->announced = announced_of(rows, row);
    served->rows_count++;
    if (body.size > 0 && message_decode(MESSAGE_case_moved, body.data, body.size, &courier->moved, &why) == 0) {
        piece->version = (int32_t)courier->moved.version;
        piece->moved_at = courier->moved.at;
    }
}

static int32_t rows_most(const struct courier *courier, const struct served *served) {
    if (served->endpoint.carrier->for_people)
        return PEOPLE_BUNDLE_MAX;
    return endpoint_window(&served->health, courier->per_endpoint) < courier->per_endpoint
               ? (int32_t)(served->flying + ENTRIES_WHEN_FULL)
               : WINDOW_ENTRIES_MAX;
}

static PGresult *ask_rows(struct courier *courier, const struct wanted *wanted) {
    struct read_columns columns = {0};
    struct params params = {0};
    for (size_t i = 0; i < wanted->count; i++) {
        const struct served *served = wanted->served[i];
        column_int4(&columns.places, (int32_t)i);
        column_int8(&columns.endpoints, served->endpoint.endpoint);
        column_text(&columns.units, served->endpoint.unit);
        column_int4(&columns.most, rows_most(courier, served));
        column_int8(&columns.firsts, served->disabled ? 0 : INT64_MAX);
    }
    params_column(&params, &columns.places);
    params_column(&params, &columns.endpoints);
    params_column(&params, &columns.units);
    params_column(&params, &columns.most);
    params_column(&params, &columns.firsts);
    params_time(&params, clock_real());
    PGresult *rows = db_ask(courier->db, "courier_due", &params);
    columns_close(&columns);
    return rows;
}

int courier_read_rows(struct courier *courier, const struct wanted *wanted) {
    int fresh[READ_ENDPOINTS_MAX] = {0};
    SCOPED_RESULT
    *rows = ask_rows(courier, wanted);
    if (rows == NULL)
        return -1;
    for (int row = 0; row < PQntuples(rows); row++) {
        int place = db_int4(rows, row, 0);
        struct served *served = wanted->served[place];
        if (has_row(served, db_int8(rows, row, 1)))
            continue;
        fresh[place]++;
        take_row(courier, served, rows, row);
    }
    /* When the next is due is told by the count after the next write; with nothing new there is no other to look for until then. */
    for (size_t i = 0; i < wanted->count; i++) {
        wanted->served[i]->due_at = 0;
        if (fresh[i] > 0 || wanted->served[i]->flying == 0)
            served_recount(courier, wanted->served[i]);
    }
    return 0;
}
