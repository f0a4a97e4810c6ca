/* Shards that came from a replica that died: what it had taken in its last seconds has had no second look, because those wait in memory
 * (duplicates.h). Here they are found again, so that the new owner looks. One lane, one struct. */
#ifndef ZHITONG_INTAKE_GAINED_H
#define ZHITONG_INTAKE_GAINED_H

#include "common/ids.h"
#include "common/service.h"

#define GAINED_SHARD_REPORTS 100 /* the newest of a shard that are looked through; intake_fresh has it, too */
#define GAINED_TICK_MS 1000      /* between two ticks; after a longer pause nobody knows who had the shards meanwhile */

struct gained {
    bool owned[SHARD_COUNT];      /* at the last tick; during it, once gained_tick has returned, at this one */
    struct column shards;         /* of intake_fresh */
    bool alone;                   /* all shards were this lane's at every tick since alone_since */
    int64_t alone_since, seen_at; /* monotonic ms; seen_at: the last tick */
    struct report_received read;
};

void gained_close(struct gained *gained);

/* Tick: `found` is called for each report of a shard that was not this lane's at the last tick and that stands for itself since
 * `since` or later, city's time, unix ms. One that its reporter called another matter is left out. -1: the database failed; the same
 * shards are asked for again. */
typedef void gained_found(void *context, struct batch *batch, const struct report_received *report);
struct gained_options {
    int64_t since;
    gained_found *found;
    void *context;
};
MUST_CHECK int gained_tick(struct gained *gained, struct batch *batch, const struct gained_options *options);

/* Whether this lane has owned all shards since that instant, monotonic ms. One lane alone takes reports one batch after the other, and each
 * batch sees all before it: there is nothing to look for again. */
bool gained_was_alone(const struct gained *gained, int64_t since_ms);

#endif
