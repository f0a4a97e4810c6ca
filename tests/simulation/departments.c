/* Who is told: a department that follows its stream, and a group of two that share one; by the product's own client. They end and begin
 * again in the middle of things. */
#include <stdio.h>
#include <string.h>

#include "common/follow_client.h"
#include "tests/simulation/world.h"

#define LOOK_MS 100
#define ENTRIES_MAX 4000 /* of one stream in one seed */
#define FOLLOWERS 3

static struct follower {
    struct follow_client *client; /* NULL: it is away */
    const char *unit, *group;
    uint64_t applied;
    int64_t back_at;
} followers[FOLLOWERS];
static uint8_t group_had[ENTRIES_MAX + 1];
static uint64_t group_head;
static int64_t next_at;

static void on_entry(void *context, const struct event *event) {
    struct follower *follower = context;
    world.happened[HAPPENED_entries]++;
    if (event->seq > ENTRIES_MAX)
        broken("setup", "a stream has more than %d entries", ENTRIES_MAX);
    if (follower->group != NULL) {
        group_had[event->seq] = 1;
        return;
    }
    if (event->seq != follower->applied + 1)
        broken("stream without gaps", "%s got entry %llu after %llu", follower->unit, (unsigned long long)event->seq,
               (unsigned long long)follower->applied);
    follower->applied = event->seq;
}

static void on_news(void *context, const struct follow_news *news) {
    const struct follower *follower = context;
    trace("the follower of %s hears %d: %s", follower->unit, (int)news->event, news->detail);
    if (news->event == FOLLOW_TRUNCATED ||
        (news->event == FOLLOW_REFUSED && strcmp(news->field, "key") != 0 && strcmp(news->field, "stream") != 0))
        broken("a follow goes on", "%s: %s %s", follower->unit, news->field, news->detail);
    if (news->event == FOLLOW_REFUSED) /* whoever asks knows that the key is good: a replica knew it not yet */
        ((struct follower *)context)->back_at = world.now_ms;
}

static void open_client(struct follower *follower) {
    char endpoints[400] = "", server[WIRE_KEY_SIZE];
    static struct wire_keys keys[FOLLOWERS];
    struct wire_keys *own = &keys[follower - followers];
    struct reason why;
    for (size_t nth = 0; node_of_service("notification", nth) != NULL; nth++)
        snprintf(endpoints + strlen(endpoints), sizeof endpoints - strlen(endpoints), "%stcp://127.0.0.1:%d",
                 nth > 0 ? "," : "", node_public_port(node_of_service("notification", nth)));
    bus_key(own->public_key, follower->unit, 1);
    bus_key(own->secret_key, "secret", 1);
    bus_key(server, "public", 0);
    const struct follow_client_options options = {.keys = own,
                                                  .server_key = server,
                                                  .endpoints = endpoints,
                                                  .stream = follower->unit,
                                                  .from = follower->applied + 1,
                                                  .group = follower->group,
                                                  .credit = (uint32_t)chance_between(2, 20),
                                                  .context = follower,
                                                  .entry = on_entry,
                                                  .news = on_news};
    follower->back_at = NEVER;
    if (follow_client_open(&follower->client, &options, &why) != 0)
        broken("setup", "%s: %s", why.field, why.text);
}

void departments_begin(void) {
    static const char *const units[] = {"town_hall", "north_office", "works", "mill_office"};
    const char *shared = chance_of(units, 4);
    followers[0] = (struct follower){.unit = chance_of(units, 4)};
    followers[1] = followers[2] = (struct follower){.unit = shared, .group = "desks"};
    for (int i = 0; i < FOLLOWERS; i++)
        followers[i].back_at = world.now_ms + chance_between(1000, 4000);
    memset(group_had, 0, sizeof group_had);
    next_at = followers[0].back_at;
}

int64_t departments_next_at(void) {
    return next_at;
}

void departments_turn(void) {
    next_at = world.now_ms + LOOK_MS;
    for (int i = 0; i < FOLLOWERS; i++) {
        struct follower *follower = &followers[i];
        if (follower->client != NULL && chance_one_in(150)) {
            trace("the follower of %s ends", follower->unit);
            follow_client_close(&follower->client);
            follower->back_at = world.now_ms + chance_between(0, 3000);
        }
        if (follower->back_at <= world.now_ms) {
            follow_client_close(&follower->client);
            open_client(follower);
        }
        if (follower->client != NULL)
            follow_client_turn(follower->client, 0);
    }
}

static uint64_t head_of(const char *unit) {
    struct params params = {0};
    params_text(&params, unit);
    SCOPED_RESULT
    *result = db_ask(database(), "simulation_head", &params);
    if (result == NULL)
        broken("setup", "%s", db_reason(database())->text);
    return (uint64_t)db_int8(result, 0, 0);
}

bool departments_settled(void) {
    if (followers[0].applied != head_of(followers[0].unit))
        return false;
    group_head = head_of(followers[1].unit);
    for (uint64_t seq = 1; seq <= group_head; seq++)
        if (!group_had[seq])
            return false;
    return true;
}

void departments_forget(void) {
    for (int i = 0; i < FOLLOWERS; i++)
        follow_client_close(&followers[i].client);
}
