#include "services/notification/handlers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/notification/concerned.h"

#define NOTIFY_COLUMNS 8

struct told { /* one entry for one unit */
    char unit[CODE_MAX + 1];
    uint32_t nth; /* keeps the order of a unit's entries when they are sorted by unit */
    int32_t version;
    uint64_t case_id;
    const struct input *input;
};

struct notification_lane {
    struct told *told;
    size_t count, room;
    struct column columns[NOTIFY_COLUMNS]; /* of notification_append */
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
    for (int i = 0; i < NOTIFY_COLUMNS; i++)
        column_close(&lane->columns[i]);
    free(lane->told);
    free(lane);
}

int notification_load(struct batch *batch) {
    struct notification_lane *lane = batch->own;
    lane->count = 0;
    for (int i = 0; i < NOTIFY_COLUMNS; i++)
        column_reset(&lane->columns[i]);
    return 0;
}

static struct told *add_told(struct notification_lane *lane) {
    if (lane->count == lane->room) {
        lane->room = lane->room ? lane->room * 2 : 64;
        lane->told = realloc(lane->told, lane->room * sizeof *lane->told);
        assert(lane->told != NULL);
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
    struct concerned concerned;
    concerned_by(&lane->moved, &concerned);
    for (int i = 0; i < concerned.count; i++) {
        struct told *told = add_told(lane);
        memcpy(told->unit, concerned.units[i], sizeof told->unit);
        told->nth = (uint32_t)lane->count;
        told->version = (int32_t)lane->moved.version;
        told->case_id = lane->moved.case_id;
        told->input = input;
    }
}

static int by_unit(const void *a, const void *b) {
    const struct told *left = a, *right = b;
    int order = strcmp(left->unit, right->unit);
    return order != 0 ? order : left->nth < right->nth ? -1 : 1;
}

/* One past the last entry of the unit that begins at `first`. */
static size_t end_of_unit(const struct notification_lane *lane, size_t first) {
    size_t end = first;
    while (end < lane->count && strcmp(lane->told[end].unit, lane->told[first].unit) == 0)
        end++;
    return end;
}

static int send_told(struct batch *batch) {
    struct notification_lane *lane = batch->own;
    struct column *columns = lane->columns;
    for (size_t first = 0, end; first < lane->count; first = end) {
        end = end_of_unit(lane, first);
        column_text(&columns[0], lane->told[first].unit);
        column_int8(&columns[1], (int64_t)(end - first));
        for (size_t i = first; i < end; i++) {
            const struct told *told = &lane->told[i];
            column_int4(&columns[2], (int32_t)columns[0].count);
            column_int8(&columns[3], (int64_t)(end - 1 - i));
            column_int8(&columns[4], (int64_t)told->case_id);
            column_int4(&columns[5], told->version);
            column_int2(&columns[6], (int16_t)told->input->type);
            column_bytea(&columns[7], told->input->body, told->input->size);
        }
    }
    struct params params = {0};
    for (int i = 0; i < NOTIFY_COLUMNS; i++)
        params_column(&params, &columns[i]);
    return db_send(batch->db, "notification_append", &params);
}

/* Live followers get what was told to this unit; head is the seq of the last one. */
static void publish_unit(struct batch *batch, const char *unit, uint64_t head) {
    struct notification_lane *lane = batch->own;
    size_t first = 0;
    while (first < lane->count && strcmp(lane->told[first].unit, unit) != 0)
        first = end_of_unit(lane, first);
    if (first == lane->count)
        return;
    size_t end = end_of_unit(lane, first);
    for (size_t i = first; i < end; i++)
        batch_publish(batch, unit, head - (end - 1 - i), lane->told[i].input->body, lane->told[i].input->size);
}

int notification_save(struct batch *batch) {
    struct notification_lane *lane = batch->own;
    if (batch->count == 0 || lane->count == 0)
        return 0;
    qsort(lane->told, lane->count, sizeof *lane->told, by_unit);
    if (send_told(batch) != 0)
        return -1;
    SCOPED_RESULT
    *heads = db_take(batch->db);
    if (heads == NULL)
        return -1;
    for (int row = 0; row < PQntuples(heads); row++)
        publish_unit(batch, db_text(heads, row, 0), (uint64_t)db_int8(heads, row, 1));
    return 0;
}
