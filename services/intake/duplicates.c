#include "services/intake/duplicates.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/case_map.h"
#include "common/city_door.h"
#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "services/intake/gained.h"

#define HOUR_MS 3600000LL
#define SECOND_LOOK_MS 1000  /* after a report came in, real time: what came at the same moment is committed by then */
#define SAME_MOMENT_MS 10000 /* how much earlier another one can have come and not have been seen, real time */
#define SECOND_LOOK_REPORTS 40000 /* that wait for their second look; beyond that the oldest go without */
#define SECOND_LOOK_MAX 500       /* reports a look */

struct seeker {
    struct older own;
    struct look look;
    struct candidate *candidates; /* of the query */
};

struct bytes_view {
    const uint8_t *data;
    size_t size;
};

struct candidate {
    struct candidate *next;
    struct older *older;
};

struct fresh { /* an original of this lane that waits for its second look */
    uint64_t case_id;
    int64_t at;      /* city's time */
    int64_t came_ms; /* monotonic */
    struct look look;
};

struct duplicates {
    struct column numbers, since, cells, x, y;      /* of intake_candidates: a row for each cell of each seeker */
    struct column own_cases, own_places, own_times; /* of intake_second_look, beside those */
    struct column linked[3];                        /* of intake_link */
    struct seeker **seekers;                        /* in the batch's arena */
    size_t seeker_count;
    struct case_map known;     /* case → struct older, of the query */
    struct case_map originals; /* cell → struct older *, of this batch */
    struct report_received read;
    struct fresh *ring;
    size_t first, waiting;
    struct gained gained;
};

struct duplicates *duplicates_open(void) {
    struct duplicates *duplicates = calloc(1, sizeof *duplicates);
    assert(duplicates != NULL);
    duplicates->ring = calloc(SECOND_LOOK_REPORTS, sizeof *duplicates->ring);
    assert(duplicates->ring != NULL);
    return duplicates;
}

static void each_column(struct duplicates *duplicates, void (*act)(struct column *)) {
    struct column *columns[] = {&duplicates->numbers,    &duplicates->since,     &duplicates->cells,
                                &duplicates->x,          &duplicates->y,         &duplicates->own_cases,
                                &duplicates->own_places, &duplicates->own_times, &duplicates->linked[0],
                                &duplicates->linked[1],  &duplicates->linked[2]};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        act(columns[i]);
}

void duplicates_close(struct duplicates **duplicates) {
    if (*duplicates == NULL)
        return;
    each_column(*duplicates, column_close);
    free((*duplicates)->ring);
    gained_close(&(*duplicates)->gained);
    free(*duplicates);
    *duplicates = NULL;
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

void duplicates_begin(struct duplicates *duplicates, struct batch *batch) {
    each_column(duplicates, column_reset);
    duplicates->seekers = arena_take(batch->arena, (batch->count + 1) * sizeof(struct seeker *));
    duplicates->seeker_count = 0;
    duplicates->originals = case_map_open(batch->arena, LIKENESS_CELLS * batch->count); /* a look makes a place, too */
}

static const char *keep_text(struct batch *batch, const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(arena_take(batch->arena, size), text, size);
}

static void keep_texts(struct batch *batch, struct older *older) {
    older->title = keep_text(batch, older->title);
    older->description = keep_text(batch, older->description);
}

static void ask(struct duplicates *duplicates, size_t number, const struct look *look, int64_t since) {
    for (size_t i = 0; i < look->cell_count; i++) {
        column_int4(&duplicates->numbers, (int32_t)number);
        column_time(&duplicates->since, since);
        column_int8(&duplicates->cells, look->cells[i].number);
        column_int2(&duplicates->x, look->cells[i].x);
        column_int2(&duplicates->y, look->cells[i].y);
    }
}

static void put_asked(struct duplicates *duplicates, struct params *params) {
    params_column(params, &duplicates->numbers);
    params_column(params, &duplicates->since);
    params_column(params, &duplicates->cells);
    params_column(params, &duplicates->x);
    params_column(params, &duplicates->y);
}

struct seeker *duplicates_seek(struct duplicates *duplicates, struct batch *batch,
                               const struct report_received *report) {
    struct seeker *seeker = arena_take(batch->arena, sizeof *seeker);
    older_of(report, &seeker->own);
    keep_texts(batch, &seeker->own);
    seeker->candidates = NULL;
    look_of(batch->city, &seeker->own, report->area, &seeker->look);
    ask(duplicates, duplicates->seeker_count, &seeker->look, batch->now - seeker->look.hours * HOUR_MS);
    duplicates->seekers[duplicates->seeker_count++] = seeker;
    return seeker;
}

/* One report may lie near many of the batch: it is read once. NULL: its bytes are not a report, which is said and passed over. */
static struct older *older_read(struct duplicates *duplicates, struct batch *batch, uint64_t case_id,
                                struct bytes_view body) {
    void **at = case_map_at(&duplicates->known, case_id);
    struct reason why;
    if (*at != NULL)
        return *at;
    if (message_decode(MESSAGE_report_received, body.data, body.size, &duplicates->read, &why) != 0) {
        journal_say_about(JOURNAL_ERROR, "report_unread", (struct journal_about){case_id, ""}, "%s: %s", why.field,
                          why.text);
        return NULL;
    }
    struct older *older = arena_take(batch->arena, sizeof *older);
    older_of(&duplicates->read, older);
    keep_texts(batch, older);
    *at = older;
    return older;
}

static struct bytes_view view_of(const PGresult *result, int row, int column) {
    struct bytes_view view;
    view.data = db_bytea(result, row, column, &view.size);
    return view;
}

/* Rows: number of the seeker, case and body of an older report; of a second look also the seeker's own body. */
static void take_candidates(struct duplicates *duplicates, struct batch *batch, const PGresult *result) {
    duplicates->known = case_map_open(batch->arena, 2 * (size_t)PQntuples(result) + duplicates->seeker_count);
    for (int row = 0; row < PQntuples(result); row++) {
        struct seeker *seeker = duplicates->seekers[db_int4(result, row, 0)];
        struct older *older = older_read(duplicates, batch, (uint64_t)db_int8(result, row, 1), view_of(result, row, 2));
        if (PQnfields(result) > 3)
            (void)older_read(duplicates, batch, seeker->own.case_id, view_of(result, row, 3));
        if (older == NULL)
            continue;
        struct candidate *candidate = arena_take(batch->arena, sizeof *candidate);
        *candidate = (struct candidate){seeker->candidates, older};
        seeker->candidates = candidate;
    }
}

static int load(struct duplicates *duplicates, struct batch *batch, const char *query, const struct params *params) {
    if (db_send(batch->db, query, params) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(batch->db);
    if (result == NULL)
        return -1;
    take_candidates(duplicates, batch, result);
    return 0;
}

int duplicates_load(struct duplicates *duplicates, struct batch *batch) {
    if (duplicates->numbers.count == 0)
        return 0;
    struct params params = {0};
    put_asked(duplicates, &params);
    return load(duplicates, batch, "intake_candidates", &params);
}

/* ---- deciding --------------------------------------------------------------------------------------------------------------- */

static void compare(const struct batch *batch, struct seeker *seeker, struct finds *finds) {
    for (const struct candidate *at = seeker->candidates; at != NULL; at = at->next)
        finds_add(finds, batch->city, &seeker->own, at->older);
}

static void compare_with_batch(struct duplicates *duplicates, const struct batch *batch, struct seeker *seeker,
                               struct finds *finds) {
    for (size_t i = 0; i < seeker->look.cell_count; i++) {
        size_t left = CANDIDATES_MAX; /* the newest: else a batch of one place compares each with each */
        struct older *older = *case_map_at(&duplicates->originals, (uint64_t)seeker->look.cells[i].number);
        for (; older != NULL && left > 0; older = older->next, left--)
            finds_add(finds, batch->city, &seeker->own, older);
    }
}

/* Kept in memory, not in a table: what is lost with a replica is found again by who gains its shards, see gained.h. */
static void look_again(struct duplicates *duplicates, struct batch *batch, const struct older *own,
                       const struct look *look) {
    if (duplicates->waiting == SECOND_LOOK_REPORTS) {
        duplicates->first = (duplicates->first + 1) % SECOND_LOOK_REPORTS;
        duplicates->waiting--;
    }
    size_t at = (duplicates->first + duplicates->waiting++) % SECOND_LOOK_REPORTS;
    duplicates->ring[at] = (struct fresh){own->case_id, own->like.at, clock_monotonic_ms(), *look};
    int64_t wait = (int64_t)(SECOND_LOOK_MS * clock_speed());
    batch_wake_at(batch, batch->now + (wait > 0 ? wait : 1));
}

int64_t duplicates_decide(struct duplicates *duplicates, struct batch *batch, struct seeker *seeker,
                          const struct link_wish *wish, struct report_received *received) {
    struct finds finds = {0};
    seeker->own.case_id = received->case_id;
    seeker->own.like.at = received->at;
    compare(batch, seeker, &finds);
    compare_with_batch(duplicates, batch, seeker, &finds);
    bool linked = finds_decide(&finds, batch->city, wish, received);
    metric_add(linked ? METRIC_reports_linked_total : METRIC_reports_likely_total,
               linked || received->likely[0] != '\0');
    if (linked || seeker->look.cell_count == 0)
        return 0;
    void **at = case_map_at(&duplicates->originals, (uint64_t)seeker->look.cells[0].number);
    seeker->own.next = *at;
    *at = &seeker->own;
    if (!wish->distinct && city_door(batch->city, received->item)->link_percent > 0)
        look_again(duplicates, batch, &seeker->own, &seeker->look);
    return likeness_place(&seeker->look.cells[0]);
}

/* ---- the second look -------------------------------------------------------------------------------------------------------- */

/* How much earlier another one can have come, in city's time; also when that all but stands still. */
static int64_t moment_ms(void) {
    return (int64_t)(SAME_MOMENT_MS * clock_speed()) + SAME_MOMENT_MS;
}

static void look_after_gain(void *context, struct batch *batch, const struct report_received *report) {
    struct older own;
    struct look look;
    older_of(report, &own);
    look_of(batch->city, &own, report->area, &look);
    if (look.cell_count > 0 && city_door(batch->city, report->item)->link_percent > 0)
        look_again(context, batch, &own, &look);
}

/* Those whose moment has come; of shards that are not ours any more nothing can be said. */
static void ask_again(struct duplicates *duplicates, const struct batch *batch, size_t room) {
    int64_t until = clock_monotonic_ms() - SECOND_LOOK_MS;
    while (duplicates->waiting > 0 && duplicates->seeker_count < room) {
        const struct fresh *fresh = &duplicates->ring[duplicates->first];
        if (fresh->came_ms > until)
            return;
        duplicates->first = (duplicates->first + 1) % SECOND_LOOK_REPORTS;
        duplicates->waiting--;
        if (gained_was_alone(&duplicates->gained, fresh->came_ms - SAME_MOMENT_MS) ||
            !duplicates->gained.owned[case_shard(fresh->case_id)])
            continue;
        struct seeker *seeker = arena_take(batch->arena, sizeof *seeker);
        *seeker = (struct seeker){.own = {.case_id = fresh->case_id}};
        for (size_t i = 0; i < fresh->look.cell_count; i++) {
            column_int8(&duplicates->own_cases, (int64_t)fresh->case_id);
            column_int8(&duplicates->own_places, likeness_place(&fresh->look.cells[0]));
            column_time(&duplicates->own_times, fresh->at);
        }
        ask(duplicates, duplicates->seeker_count, &fresh->look, fresh->at - moment_ms());
        duplicates->seekers[duplicates->seeker_count++] = seeker;
    }
}

static void link_to(struct duplicates *duplicates, struct batch *batch, const struct older *own,
                    const struct found *found) {
    struct report_linked linked = {.case_id = own->case_id,
                                   .at = batch->now,
                                   .parent = found->older->case_id,
                                   .likeness = found->likeness.percent};
    likeness_words(&found->likeness, linked.because);
    metric_add(METRIC_reports_linked_total, 1);
    batch_emit(batch, own->case_id, MESSAGE_report_linked, &linked);
    column_int2(&duplicates->linked[0], (int16_t)case_shard(own->case_id));
    column_int8(&duplicates->linked[1], (int64_t)own->case_id);
    column_int8(&duplicates->linked[2], (int64_t)found->older->case_id);
}

static void decide_again(struct duplicates *duplicates, struct batch *batch, const struct seeker *seeker) {
    struct finds finds = {0};
    struct older *own = *case_map_at(&duplicates->known, seeker->own.case_id);
    if (own == NULL)
        return; /* nobody is near it */
    for (const struct candidate *at = seeker->candidates; at != NULL; at = at->next)
        if (at->older->like.at < own->like.at ||
            (at->older->like.at == own->like.at && at->older->case_id < own->case_id))
            finds_add(&finds, batch->city, own, at->older);
    const struct found *oldest = finds_oldest(&finds, batch->city, own);
    if (oldest != NULL)
        link_to(duplicates, batch, own, oldest);
}

int duplicates_tick(struct duplicates *duplicates, struct batch *batch) {
    const struct gained_options gain = {batch->now - moment_ms(), look_after_gain, duplicates};
    if (gained_tick(&duplicates->gained, batch, &gain) != 0)
        return -1;
    each_column(duplicates, column_reset);
    duplicates->seekers = arena_take(batch->arena, SECOND_LOOK_MAX * sizeof(struct seeker *));
    duplicates->seeker_count = 0;
    ask_again(duplicates, batch, SECOND_LOOK_MAX);
    if (duplicates->waiting > 0) {
        bool full = duplicates->seeker_count == SECOND_LOOK_MAX;
        int64_t wait = full ? 0 : (int64_t)(SECOND_LOOK_MS * clock_speed() / 4);
        batch_wake_at(batch, batch->now + (wait > 0 ? wait : 1));
    }
    if (duplicates->seeker_count == 0)
        return 0;
    struct params params = {0};
    put_asked(duplicates, &params);
    params_column(&params, &duplicates->own_cases);
    params_column(&params, &duplicates->own_places);
    params_column(&params, &duplicates->own_times);
    if (load(duplicates, batch, "intake_second_look", &params) != 0)
        return -1;
    for (size_t i = 0; i < duplicates->seeker_count; i++)
        decide_again(duplicates, batch, duplicates->seekers[i]);
    return 0;
}

int duplicates_save(struct duplicates *duplicates, struct batch *batch) {
    if (duplicates->linked[0].count == 0)
        return 0;
    struct params params = {0};
    for (int i = 0; i < 3; i++)
        params_column(&params, &duplicates->linked[i]);
    return db_send(batch->db, "intake_link", &params);
}
