#include "services/intake/gained.h"

#include <stdlib.h>
#include <string.h>

#include "common/city_door.h"
#include "common/clock.h"
#include "common/journal.h"

void gained_close(struct gained *gained) {
    column_close(&gained->shards);
}

/* Who names a case that is as like as a link needs, and was not linked, said so himself. */
static bool was_called_distinct(const struct report_received *report, const struct city *city) {
    const struct door *door = city_door(city, report->item);
    for (const char *at = report->likely; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " ")) {
        const char *percent = strchr(at, ':');
        if (percent != NULL && door != NULL && strtoul(percent + 1, NULL, 10) >= door->link_percent)
            return true;
    }
    return false;
}

static void read_rows(struct gained *gained, struct batch *batch, const PGresult *rows,
                      const struct gained_options *options) {
    for (int row = 0; row < PQntuples(rows); row++) {
        struct reason why;
        size_t size;
        const uint8_t *body = db_bytea(rows, row, 0, &size);
        if (message_decode(MESSAGE_report_received, body, size, &gained->read, &why) != 0)
            journal_say(JOURNAL_ERROR, "report_unread", "%s: %s", why.field, why.text);
        else if (!was_called_distinct(&gained->read, batch->city))
            options->found(options->context, batch, &gained->read);
    }
}

static void note_alone(struct gained *gained, size_t shards) {
    int64_t now = clock_monotonic_ms();
    if (!gained->alone || now - gained->seen_at > GAINED_TICK_MS)
        gained->alone_since = now;
    gained->alone = shards == SHARD_COUNT;
    gained->seen_at = now;
}

bool gained_was_alone(const struct gained *gained, int64_t since_ms) {
    return gained->alone && gained->alone_since < since_ms;
}

int gained_tick(struct gained *gained, struct batch *batch, const struct gained_options *options) {
    bool owned[SHARD_COUNT] = {false};
    size_t count;
    const int16_t *shards = batch_shards(batch, &count);
    column_reset(&gained->shards);
    for (size_t i = 0; i < count; i++) {
        owned[shards[i]] = true;
        if (!gained->owned[shards[i]])
            column_int2(&gained->shards, shards[i]);
    }
    if (gained->shards.count > 0) {
        struct params params = {0};
        params_column(&params, &gained->shards);
        params_time(&params, options->since);
        if (db_send(batch->db, "intake_fresh", &params) != 0)
            return -1;
        SCOPED_RESULT
        *rows = db_take(batch->db);
        if (rows == NULL)
            return -1;
        read_rows(gained, batch, rows, options);
    }
    note_alone(gained, count);
    memcpy(gained->owned, owned, sizeof owned);
    return 0;
}
