#include "services/desk/live_hub.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "services/desk/live_hub_inner.h"

extern const struct http_stream live_client_stream;

/* ---- units ------------------------------------------------------------------------------------------------------------ */

static struct live_unit **place_of(struct live_hub *hub, const char *code) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = code; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    struct live_unit **at = &hub->buckets[hash % UNIT_BUCKETS];
    while (*at != NULL && strcmp((*at)->code, code) != 0)
        at = &(*at)->next;
    return at;
}

static struct live_unit *unit_of(struct live_hub *hub, const char *code) {
    struct live_unit **at = place_of(hub, code), *unit = *at;
    if (unit != NULL)
        return unit;
    unit = *at = calloc(1, sizeof *unit);
    assert(unit != NULL);
    snprintf(unit->code, sizeof unit->code, "%s", code);
    live_ring_start(&unit->live, &hub->store, 0);
    live_ring_start(&unit->replay, &hub->store, 0);
    live_follow_start(hub->live, code, 0);
    return unit;
}

static void drop_unit(struct live_hub *hub, struct live_unit **at) {
    struct live_unit *unit = *at;
    *at = unit->next;
    live_follow_stop(hub->live, unit->code);
    if (unit->replaying)
        live_follow_stop(hub->replay, unit->code);
    hub->replays -= unit->replaying;
    live_ring_close(&unit->live);
    live_ring_close(&unit->replay);
    free(unit);
}

/* ---- what notification tells ------------------------------------------------------------------------------------------- */

/* A client from a time after the end (the database was put back) goes on from the end. */
static void place_client(struct live_client *client) {
    const struct live_unit *unit = client->unit;
    uint64_t next = live_ring_next(&unit->live);
    if (!unit->known || (client->seq > 0 && client->seq <= next))
        return;
    client->seq = next;
    client->told = next - 1;
    live_client_note(client, "id: %s.%" PRIu64 "\n\n", unit->code, next - 1);
    live_client_wake(client);
}

static const struct member *owner(void *context, const char *stream) {
    const struct live_hub *hub = context;
    return hub->options.owner(hub->options.context, stream);
}

static void on_head(void *context, const char *stream, uint64_t seq) {
    struct live_hub *hub = context;
    struct live_unit *unit = *place_of(hub, stream);
    if (unit == NULL)
        return;
    unit->known = true;
    live_ring_start(&unit->live, &hub->store, seq + 1);
    for (struct live_client *client = unit->clients; client != NULL; client = client->next)
        place_client(client);
}

/* A replay begins before the end; where there is none any more, the live follow finds out. */
static void on_replay_head(void *context, const char *stream, uint64_t seq) {
    (void)context;
    (void)stream;
    (void)seq;
}

/* The event as it is sent; the caller frees it. */
static char *text_of(const struct event_place *place, const struct case_moved *moved, size_t *size) {
    char *json = event_text(place, moved);
    size_t room = strlen(json) + strlen(moved->move) + CODE_MAX + 64;
    char *text = malloc(room);
    assert(text != NULL);
    int length = snprintf(text, room, "id: %s.%" PRIu64 "\nevent: %s\ndata: %s\n\n", place->unit, place->seq,
                          moved->move, json);
    assert(length > 0 && (size_t)length < room);
    *size = (size_t)length;
    free(json);
    return text;
}

/* An entry that cannot be read has no channel, so nobody sees it; its place in the order stays. */
static void on_entry(struct live_hub *hub, const struct event_place *place, const uint8_t *data, size_t size,
                     bool is_replay) {
    struct live_unit *unit = *place_of(hub, place->unit);
    struct moved_facts facts = {0};
    struct case_moved moved;
    char *text = NULL;
    size_t length = 0;
    if (unit == NULL)
        return;
    if (message_decode(MESSAGE_case_moved, data, size, &moved, NULL) == 0) {
        moved_facts_of(&moved, &facts);
        text = text_of(place, &moved, &length);
    }
    if (is_replay)
        live_replay_entry(unit, place->seq, &facts, text, length);
    else if (place->seq == live_ring_next(&unit->live))
        live_ring_add(&unit->live, &facts, text, length);
    unit->news = true;
    free(text);
}

static void on_live(void *context, const char *stream, uint64_t seq, const uint8_t *data, size_t size) {
    struct live_hub *hub = context;
    on_entry(hub, &(struct event_place){.source = hub->source, .unit = stream, .seq = seq}, data, size, false);
}

static void on_replay(void *context, const char *stream, uint64_t seq, const uint8_t *data, size_t size) {
    struct live_hub *hub = context;
    on_entry(hub, &(struct event_place){.source = hub->source, .unit = stream, .seq = seq}, data, size, true);
}

/* The ring begins anew behind what is gone; who had not come so far is told by a replay, which finds out what is kept. */
static void on_live_truncated(void *context, const char *stream, uint64_t first) {
    struct live_hub *hub = context;
    struct live_unit *unit = *place_of(hub, stream);
    if (unit == NULL)
        return;
    live_ring_start(&unit->live, &hub->store, first);
    live_follow_start(hub->live, unit->code, first);
}

static void on_replay_truncated(void *context, const char *stream, uint64_t first) {
    struct live_hub *hub = context;
    struct live_unit *unit = *place_of(hub, stream);
    if (unit != NULL)
        live_replay_truncated(hub, unit, first);
}

/* ---- turns --------------------------------------------------------------------------------------------------------------- */

/* It fell behind the ring and takes nothing. Who only fell behind in a burst is told the rest by a replay. */
static bool is_slow(const struct live_client *client, int64_t now) {
    return client->caught_up && !client->rests && client->seq < client->unit->live.first &&
           now - client->woken_ms > SLOW_MS && now - client->said_ms > SLOW_MS;
}

/* Who rests is in nobody's poll: that it left is seen here. */
static void check_client(struct live_client *client, int64_t now) {
    if (is_slow(client, now)) {
        metric_add(METRIC_live_cut_total, 1);
        live_client_cut(client);
        return;
    }
    live_client_comment(client, now);
    if (!client->rests || now - client->looked_ms < LEFT_CHECK_MS)
        return;
    client->looked_ms = now;
    if (http_stream_is_left(client->request))
        live_client_cut(client);
}

static void check_unit(struct live_hub *hub, struct live_unit *unit, bool all, int64_t now) {
    for (struct live_client *client = unit->clients, *next; client != NULL && (all || unit->news); client = next) {
        next = client->next;
        if (unit->news)
            live_client_wake(client);
        if (all)
            check_client(client, now);
    }
    unit->news = false;
    if (all || unit->replaying)
        live_replay_turn(hub, unit, now);
}

void live_hub_turn(struct live_hub *hub) {
    int64_t now = clock_monotonic_ms();
    const struct city *city = hub->options.city(hub->options.context);
    bool all = now >= hub->check_at;
    if (city == NULL)
        return;
    event_source(hub->source, city_code(city));
    live_follow_turn(hub->live);
    live_follow_turn(hub->replay);
    if (all)
        hub->check_at = now + LIVE_TURN_MS;
    for (size_t i = 0; i < UNIT_BUCKETS; i++) {
        for (struct live_unit **at = &hub->buckets[i]; *at != NULL;) {
            struct live_unit *unit = *at;
            if (unit->clients == NULL && now - unit->left_ms > UNIT_LINGER_MS) {
                drop_unit(hub, at);
                continue;
            }
            check_unit(hub, unit, all, now);
            at = &unit->next;
        }
    }
}

static size_t pages_of_session(const struct live_hub *hub, const char *digest) {
    size_t count = 0;
    for (size_t i = 0; i < hub->options.clients_max; i++)
        count += hub->places[i] != NULL && strcmp(hub->places[i]->digest, digest) == 0;
    return count;
}

int live_hub_add(struct live_hub *hub, struct http_request *request, const struct live_wish *wish, struct reason *why) {
    struct http_stream stream = live_client_stream;
    if (hub->client_count >= hub->options.clients_max)
        return refuse(why, "", "%zu pages listen here already; try again", hub->options.clients_max);
    if (pages_of_session(hub, wish->digest) >= hub->options.session_max)
        return refuse(why, "", "%zu pages of this session listen already; close one", hub->options.session_max);
    struct live_client *client = live_client_open(hub, wish);
    client->request = request;
    struct live_unit *unit = client->unit = unit_of(hub, wish->person->unit);
    client->next = unit->clients;
    if (unit->clients != NULL)
        unit->clients->previous = client;
    unit->clients = client;
    unit->client_count++;
    place_client(client);
    stream.context = client;
    http_answer_stream(request, "text/event-stream", &stream);
    return 0;
}

static void each_client(struct live_hub *hub, void (*act)(struct live_client *client)) {
    for (size_t i = 0; i < hub->options.clients_max; i++)
        if (hub->places[i] != NULL)
            act(hub->places[i]);
}

void live_hub_end_all(struct live_hub *hub) {
    each_client(hub, live_client_cut);
}

size_t live_hub_sockets(const struct live_hub *hub, void **sockets, size_t room) {
    size_t count = live_follow_sockets(hub->live, sockets, room);
    return count + live_follow_sockets(hub->replay, sockets + count, room - count);
}

int live_hub_wait_ms(const struct live_hub *hub) {
    return hub->client_count > 0 ? LIVE_TURN_MS : -1;
}

size_t live_hub_clients(const struct live_hub *hub) {
    return hub->client_count;
}

/* ---- sessions -------------------------------------------------------------------------------------------------------------- */

const char *live_hub_session(const struct live_hub *hub, size_t place, uint64_t *mark) {
    const struct live_client *client = place < hub->options.clients_max ? hub->places[place] : NULL;
    if (client == NULL || client->ends)
        return NULL;
    *mark = client->mark;
    return client->digest;
}

void live_hub_believe(struct live_hub *hub, size_t place, uint64_t mark, const struct person *person) {
    struct live_client *client = hub->places[place];
    if (client == NULL || client->mark != mark)
        return;
    if (person == NULL || strcmp(person->unit, client->unit->code) != 0)
        live_client_end(client, "the session has ended: sign in again");
    else
        client->privacy = person->privacy;
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------- */

struct live_hub *live_hub_open(const struct live_hub_options *options) {
    struct live_hub *hub = calloc(1, sizeof *hub);
    assert(hub != NULL && options->clients_max <= LIVE_CLIENTS_MAX);
    hub->options = *options;
    hub->store.bytes_max = options->bytes_max;
    hub->places = calloc(options->clients_max, sizeof(struct live_client *));
    assert(hub->places != NULL);
    struct live_follow_options follow = {.zmq = options->zmq,
                                         .keys = options->keys,
                                         .credit = LIVE_WINDOW_ENTRIES,
                                         .grants = true,
                                         .context = hub,
                                         .owner = owner,
                                         .head = on_head,
                                         .entry = on_live,
                                         .truncated = on_live_truncated};
    hub->live = live_follow_open(&follow);
    follow.grants = false;
    follow.head = on_replay_head;
    follow.entry = on_replay;
    follow.truncated = on_replay_truncated;
    hub->replay = live_follow_open(&follow);
    return hub;
}

void live_hub_close(struct live_hub **hub) {
    if (*hub == NULL)
        return;
    live_hub_end_all(*hub);
    for (size_t i = 0; i < UNIT_BUCKETS; i++)
        while ((*hub)->buckets[i] != NULL)
            drop_unit(*hub, &(*hub)->buckets[i]);
    live_follow_close(&(*hub)->live);
    live_follow_close(&(*hub)->replay);
    free((*hub)->places);
    free(*hub);
    *hub = NULL;
}
