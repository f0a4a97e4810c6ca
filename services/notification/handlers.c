#include "services/notification/handlers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/notification/concerned.h"

/* Parameters of notification_append, in its order. */
enum column_of {
    UNITS,
    ENTRIES,
    LATEST,
    PLACE,
    BEHIND,
    AT,
    CASE,
    VERSION,
    TYPE,
    BODY,
    RUN,
    RUN_BEHIND,
    OF,
    OF_BEHIND,
    COLUMNS
};

struct told { /* one entry for one unit */
    char unit[CODE_MAX + 1];
    uint32_t nth;  /* keeps the order of a unit's entries when they are sorted by unit */
    uint32_t body; /* nth of the one of the same entry in whose stream the body lies; its own: this one */
    int32_t version;
    uint64_t case_id;
    int64_t at;
    const struct input *input;
};

struct spot {       /* where in the sorted list one came to lie */
    int32_t place;  /* of its unit, from 1 */
    int64_t behind; /* entries of that unit behind it */
};

struct notification_lane {
    struct told *told;
    struct spot *spots; /* by nth */
    size_t count, room;
    struct column columns[COLUMNS];
    struct case_moved moved;
};

void *notification_lane_open(const struct settings *settings) {
    (void)settings;
    struct notification_lane *lane = calloc(1, sizeof *lane);
    assert(lane != NULL);
    return lane;
}

void notification_lane_close(void *own) {
    struct notification_lane *lane = own;
    for (int i = 0; i < COLUMNS; i++)
        column_close(&lane->columns[i]);
    free(lane->told);
    free(lane->spots);
    free(lane);
}

int notification_load(struct batch *batch) {
    struct notification_lane *lane = batch->own;
    lane->count = 0;
    for (int i = 0; i < COLUMNS; i++)
        column_reset(&lane->columns[i]);
    return 0;
}

static struct told *add_told(struct notification_lane *lane) {
    if (lane->count == lane->room) {
        lane->room = lane->room ? lane->room * 2 : 64;
        lane->told = realloc(lane->told, lane->room * sizeof *lane->told);
        lane->spots = realloc(lane->spots, lane->room * sizeof *lane->spots);
        assert(lane->told != NULL && lane->spots != NULL);
    }
    return &lane->told[lane->count++];
}

void notification_on_moved(struct batch *batch, struct input *input) {
    struct notification_lane *lane = batch->own;
    struct reason why;
    if (message_decode(MESSAGE_case_moved, input->body, input->size, &lane->moved, &why) != 0) {
        batch_reject(input, &why);
        return;
    }
    batch_about(input, lane->moved.case_id, lane->moved.traceparent);
    struct concerned concerned;
    concerned_by(&lane->moved, batch->city, &concerned);
    uint32_t body = (uint32_t)lane->count;
    for (int i = 0; i < concerned.count; i++) {
        struct told *told = add_told(lane);
        memcpy(told->unit, concerned.units[i], sizeof told->unit);
        told->nth = body + (uint32_t)i;
        told->body = body;
        told->version = (int32_t)lane->moved.version;
        told->case_id = lane->moved.case_id;
        told->at = lane->moved.at > 0 ? lane->moved.at : 1; /* 0 would be sent as none */
        told->input = input;
    }
}

static int by_unit(const void *a, const void *b) {
    const struct told *left = a, *right = b;
    int order = strcmp(left->unit, right->unit);
    return order != 0 ? order : left->nth < right->nth ? -1 : 1;
}

static bool has_body(const struct told *told) {
    return told->body == told->nth;
}

/* One past the last entry of the unit that begins at `first`. */
static size_t end_of_unit(const struct notification_lane *lane, size_t first) {
    size_t end = first;
    while (end < lane->count && strcmp(lane->told[end].unit, lane->told[first].unit) == 0)
        end++;
    return end;
}

/* Sorts by unit and notes where each one came to lie. */
static void sort_told(struct notification_lane *lane) {
    int32_t place = 0;
    qsort(lane->told, lane->count, sizeof *lane->told, by_unit);
    for (size_t first = 0, end; first < lane->count; first = end) {
        end = end_of_unit(lane, first);
        place++;
        for (size_t i = first; i < end; i++)
            lane->spots[lane->told[i].nth] = (struct spot){place, (int64_t)(end - 1 - i)};
    }
}

static void add_body(struct notification_lane *lane, const struct told *told, int64_t at) {
    struct column *columns = lane->columns;
    const struct spot *spot = &lane->spots[told->nth];
    column_int4(&columns[PLACE], spot->place);
    column_int8(&columns[BEHIND], spot->behind);
    column_time(&columns[AT], at);
    column_int8(&columns[CASE], (int64_t)told->case_id);
    column_int4(&columns[VERSION], told->version);
    column_int2(&columns[TYPE], (int16_t)told->input->type);
    column_bytea(&columns[BODY], told->input->body, told->input->size);
}

static void add_reference(struct notification_lane *lane, int32_t run, struct spot of, int64_t run_behind) {
    struct column *columns = lane->columns;
    column_int4(&columns[RUN], run);
    column_int8(&columns[RUN_BEHIND], run_behind);
    column_int4(&columns[OF], of.place);
    column_int8(&columns[OF_BEHIND], of.behind);
}

/* From the unit's first reference to its last one; what has its body here is none, and keeps its place. */
static void add_run(struct notification_lane *lane, size_t first, size_t end) {
    while (first < end && has_body(&lane->told[first]))
        first++;
    while (end > first && has_body(&lane->told[end - 1]))
        end--;
    for (size_t i = first; i < end; i++) {
        const struct told *told = &lane->told[i];
        struct spot of = has_body(told) ? (struct spot){0} : lane->spots[told->body];
        add_reference(lane, lane->spots[told->nth].place, of, lane->spots[lane->told[end - 1].nth].behind);
    }
}

static void add_unit(struct notification_lane *lane, size_t first, size_t end) {
    int64_t latest = INT64_MIN;
    for (size_t i = first; i < end; i++) {
        if (lane->told[i].at > latest)
            latest = lane->told[i].at;
        if (has_body(&lane->told[i]))
            add_body(lane, &lane->told[i], latest);
    }
    column_text(&lane->columns[UNITS], lane->told[first].unit);
    column_int8(&lane->columns[ENTRIES], (int64_t)(end - first));
    column_time(&lane->columns[LATEST], latest);
    add_run(lane, first, end);
}

static int send_told(struct batch *batch) {
    struct notification_lane *lane = batch->own;
    sort_told(lane);
    for (size_t first = 0, end; first < lane->count; first = end) {
        end = end_of_unit(lane, first);
        add_unit(lane, first, end);
    }
    if (lane->columns[RUN].count == 0)
        add_reference(lane, 0, (struct spot){0}, 0); /* an empty column has no type */
    struct params params = {0};
    for (int i = 0; i < COLUMNS; i++)
        params_column(&params, &lane->columns[i]);
    return db_send(batch->db, "notification_append", &params);
}

/* Live followers get what was told to their unit; the heads come in the order of the units. */
static void publish_told(struct batch *batch, const PGresult *heads) {
    struct notification_lane *lane = batch->own;
    size_t first = 0;
    for (int row = 0; row < PQntuples(heads); row++) {
        const char *unit = db_text(heads, row, 0);
        uint64_t head = (uint64_t)db_int8(heads, row, 1);
        size_t end = end_of_unit(lane, first);
        assert(first < lane->count && strcmp(lane->told[first].unit, unit) == 0);
        for (size_t i = first; i < end; i++)
            batch_publish(batch, unit, head - (end - 1 - i), lane->told[i].input->body, lane->told[i].input->size);
        first = end;
    }
}

int notification_save(struct batch *batch) {
    struct notification_lane *lane = batch->own;
    if (batch->count == 0 || lane->count == 0)
        return 0;
    if (send_told(batch) != 0)
        return -1;
    SCOPED_RESULT
    *heads = db_take(batch->db);
    if (heads == NULL)
        return -1;
    publish_told(batch, heads);
    return 0;
}
