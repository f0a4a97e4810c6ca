/* What one client is told. */
#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "services/desk/live_hub_inner.h"

#define RETRY_MS_MIN 1000 /* clients come back at different times, so that not all knock at once */
#define RETRY_MS_SPAN 2000

/* ---- what is told ------------------------------------------------------------------------------------------------------ */

void live_client_note(struct live_client *client, const char *format, ...) {
    va_list arguments;
    if (client->note_at == client->note_size)
        client->note_at = client->note_size = 0;
    size_t room = sizeof client->note - client->note_size;
    va_start(arguments, format);
    int size = vsnprintf(client->note + client->note_size, room, format, arguments);
    va_end(arguments);
    assert(size > 0);
    if ((size_t)size < room)
        client->note_size += (size_t)size;
}

void live_client_wake(struct live_client *client) {
    if (!client->rests)
        return;
    client->rests = false;
    client->woken_ms = clock_monotonic_ms();
    http_stream_wake(client->request);
}

void live_client_comment(struct live_client *client, int64_t now) {
    if (!client->rests || now - client->said_ms < LIVE_COMMENT_MS)
        return;
    if (client->seq > 0 && client->told != client->seq - 1)
        live_client_note(client, "id: %s.%" PRIu64 "\n\n", client->unit->code, client->seq - 1);
    else
        live_client_note(client, ":\n\n");
    if (client->seq > 0)
        client->told = client->seq - 1;
    live_client_wake(client);
}

void live_client_truncated(struct live_client *client, uint64_t first) {
    client->seq = first;
    client->offset = 0;
    client->told = first - 1;
    live_client_note(client, "id: %s.%" PRIu64 "\nevent: truncated\ndata: {\"unit\":\"%s\",\"first\":%" PRIu64 "}\n\n",
                     client->unit->code, first - 1, client->unit->code, first);
    live_client_wake(client);
}

/* ---- what it takes ------------------------------------------------------------------------------------------------------- */

static bool may_see(const struct live_client *client, const struct live_entry *entry, const struct city *city) {
    const struct channel *channel = city == NULL ? NULL : city_channel(city, entry->facts.channel);
    if (channel == NULL || (privacy_named(channel->privacy) & client->privacy) == 0)
        return false;
    return client->filter.count == 0 || filter_match_facts(&client->filter, city, &entry->facts);
}

/* The entry that is told next; NULL: it is not here (yet). */
static const struct live_entry *next_entry(struct live_client *client) {
    const struct live_unit *unit = client->unit;
    const struct city *city = client->hub->options.city(client->hub->options.context);
    if (!unit->known || client->seq == 0)
        return NULL;
    for (;;) {
        const struct live_entry *entry = live_ring_find(&unit->live, client->seq);
        if (entry == NULL)
            entry = live_ring_find(&unit->replay, client->seq);
        if (entry == NULL || client->offset > 0 || may_see(client, entry, city))
            return entry;
        client->seq++;
    }
}

static size_t take_note(struct live_client *client, char *bytes, size_t room) {
    size_t size = client->note_size - client->note_at;
    size = size < room ? size : room;
    memcpy(bytes, client->note + client->note_at, size);
    client->note_at += size;
    return size;
}

static size_t take_entry(struct live_client *client, const struct live_entry *entry, char *bytes, size_t room) {
    size_t size = entry->size - client->offset;
    size = size < room ? size : room;
    memcpy(bytes, entry->text + client->offset, size);
    client->offset += size;
    if (client->offset < entry->size)
        return size;
    client->told = client->seq++;
    client->offset = 0;
    metric_add(METRIC_live_events_total, 1);
    return size;
}

static long client_read(void *context, char *bytes, size_t room) {
    struct live_client *client = context;
    size_t used = 0;
    while (used < room) {
        const struct live_entry *entry = NULL;
        /* A note stands between two entries, never within one. */
        if (client->note_at < client->note_size && client->offset == 0)
            used += take_note(client, bytes + used, room - used);
        else if (client->ends && client->offset == 0)
            return used > 0 ? (long)used : -1;
        else if ((entry = next_entry(client)) != NULL)
            used += take_entry(client, entry, bytes + used, room - used);
        else
            break;
    }
    if (used > 0) {
        client->said_ms = clock_monotonic_ms();
        return (long)used;
    }
    client->rests = true;
    client->caught_up = client->caught_up ||
                        (client->unit->known && client->seq == live_ring_next(&client->unit->live));
    return 0;
}

/* ---- coming and going ------------------------------------------------------------------------------------------------------ */

static void leave(struct live_client *client) {
    struct live_hub *hub = client->hub;
    struct live_unit *unit = client->unit;
    *(client->previous != NULL ? &client->previous->next : &unit->clients) = client->next;
    if (client->next != NULL)
        client->next->previous = client->previous;
    if (--unit->client_count == 0)
        unit->left_ms = clock_monotonic_ms();
    hub->places[client->place] = NULL;
    metric_set(METRIC_live_clients, (long long)--hub->client_count);
    free(client);
}

static void client_closed(void *context) {
    leave(context);
}

void live_client_cut(struct live_client *client) {
    http_stream_end(client->request);
    leave(client);
}

void live_client_end(struct live_client *client, const char *reason) {
    if (client->ends)
        return;
    client->ends = true;
    live_client_note(client, "event: ended\ndata: {\"reason\":\"%s\"}\n\n", reason);
    live_client_wake(client);
}

uint64_t live_seq_after(const char *last_id, const char *unit) {
    size_t size = strlen(unit);
    if (last_id == NULL || strncmp(last_id, unit, size) != 0 || last_id[size] != '.')
        return 0;
    const char *digits = last_id + size + 1;
    size_t length = strlen(digits);
    if (length == 0 || length > 18 || strspn(digits, "0123456789") != length)
        return 0;
    return strtoull(digits, NULL, 10) + 1;
}

struct live_client *live_client_open(struct live_hub *hub, const struct live_wish *wish) {
    struct live_client *client = calloc(1, sizeof *client);
    assert(client != NULL);
    client->hub = hub;
    client->filter = *wish->filter;
    client->privacy = wish->person->privacy;
    memcpy(client->digest, wish->digest, sizeof client->digest);
    client->mark = ++hub->marks;
    client->seq = live_seq_after(wish->last_id, wish->person->unit);
    client->told = client->seq > 0 ? client->seq - 1 : 0;
    client->said_ms = client->looked_ms = clock_monotonic_ms();
    while (hub->places[client->place] != NULL)
        client->place++;
    hub->places[client->place] = client;
    metric_set(METRIC_live_clients, (long long)++hub->client_count);
    live_client_note(client, "retry: %u\n\n", RETRY_MS_MIN + randombytes_uniform(RETRY_MS_SPAN));
    return client;
}

const struct http_stream live_client_stream = {.read = client_read, .closed = client_closed};
