/* What came before a unit's ring, for clients that come back: the stream is followed a second time, from the position of the one that is
 * furthest behind. The next window is granted when all that stand in the last one have taken it. */
#include <stdlib.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "services/desk/live_hub_inner.h"

struct behind {     /* clients whose position lies before the live ring */
    uint64_t least; /* UINT64_MAX: there are none */
    size_t inside;  /* stand in what the replay has brought */
    size_t ahead;   /* wait for what it will bring */
};

static struct behind look(const struct live_unit *unit) {
    struct behind behind = {.least = UINT64_MAX};
    for (const struct live_client *client = unit->clients; client != NULL; client = client->next) {
        if (client->seq == 0 || client->seq >= unit->live.first)
            continue;
        behind.least = client->seq < behind.least ? client->seq : behind.least;
        behind.inside += unit->replaying && live_ring_find(&unit->replay, client->seq) != NULL;
        behind.ahead += unit->replaying && client->seq >= live_ring_next(&unit->replay);
    }
    return behind;
}

static void begin(struct live_hub *hub, struct live_unit *unit, uint64_t from) {
    if (!unit->replaying && hub->replays == REPLAYS_MAX)
        return; /* its turn comes */
    hub->replays += !unit->replaying;
    unit->replaying = true;
    unit->granted = from - 1 + LIVE_WINDOW_ENTRIES;
    live_ring_start(&unit->replay, &hub->store, from);
    live_follow_start(hub->replay, unit->code, from);
    metric_add(METRIC_live_replays_total, 1);
}

static void end(struct live_hub *hub, struct live_unit *unit) {
    hub->replays--;
    unit->replaying = false;
    live_follow_stop(hub->replay, unit->code);
    live_ring_close(&unit->replay);
}

static void cut_slow(struct live_unit *unit) {
    for (struct live_client *client = unit->clients, *next; client != NULL; client = next) {
        next = client->next;
        if (client->seq >= unit->live.first || live_ring_find(&unit->replay, client->seq) == NULL)
            continue;
        metric_add(METRIC_live_cut_total, 1);
        live_client_cut(client);
    }
}

void live_replay_turn(struct live_hub *hub, struct live_unit *unit, int64_t now) {
    struct behind behind = unit->known ? look(unit) : (struct behind){.least = UINT64_MAX};
    if (!unit->replaying) {
        if (behind.least != UINT64_MAX)
            begin(hub, unit, behind.least);
        unit->replay_ms = now;
        return;
    }
    if (behind.inside > 0) {
        if (now - unit->replay_ms > SLOW_MS)
            cut_slow(unit);
        return;
    }
    if (behind.ahead == 0) { /* none, or only such as are further behind: they begin anew */
        end(hub, unit);
        return;
    }
    uint64_t next = live_ring_next(&unit->replay);
    live_ring_start(&unit->replay, &hub->store, next);
    if (next <= unit->granted)
        return; /* the rest of the window is under way */
    unit->granted += LIVE_WINDOW_ENTRIES;
    unit->replay_ms = now;
    live_follow_grant(hub->replay, unit->code, LIVE_WINDOW_ENTRIES);
}

void live_replay_entry(struct live_unit *unit, uint64_t seq, const struct moved_facts *facts, const char *text,
                       size_t size) {
    if (!unit->replaying || seq != live_ring_next(&unit->replay))
        return;
    live_ring_add(&unit->replay, facts, text, size);
    unit->replay_ms = clock_monotonic_ms();
    unit->news = true;
}

void live_replay_truncated(struct live_hub *hub, struct live_unit *unit, uint64_t first) {
    for (struct live_client *client = unit->clients; client != NULL; client = client->next)
        if (client->seq > 0 && client->seq < first)
            live_client_truncated(client, first);
    if (unit->replaying)
        end(hub, unit); /* who is still behind begins anew */
}
