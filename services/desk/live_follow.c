#include "services/desk/live_follow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "services/desk/live_follow_inner.h"

#define SILENCE_MS 3000 /* a head comes each second: three missed ones end the connection */
#define FIRST_SILENCE_MS \
    1500              /* until the first word: a replica that did not know our key when we knocked never answers */
#define STUCK_MS 1500 /* the head is ahead, there is credit, and nothing comes */
#define CHECK_MS 100

/* ---- streams -------------------------------------------------------------------------------------------------------- */

struct followed_stream **live_follow_place(struct live_follow *follow, const char *name) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    struct followed_stream **at = &follow->buckets[hash % LIVE_STREAM_BUCKETS];
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

/* ---- links ---------------------------------------------------------------------------------------------------------- */

static void open_link(struct live_follow *follow, struct follow_link *link) {
    const struct hello hello = {.service = "desk", .protocol = 1};
    wire_close(&link->socket);
    link->socket = wire_dealer(follow->options.zmq, follow->options.keys, link->peer.endpoint, link->peer.curve_key);
    link->heard = false;
    link->heard_ms = clock_monotonic_ms();
    if (link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_hello, &hello);
}

static void drop_links(struct live_follow *follow) {
    for (size_t i = 0; i < follow->link_count; i++)
        wire_close(&follow->links[i].socket);
    follow->link_count = 0;
}

static struct follow_link *link_of(struct live_follow *follow, int32_t member) {
    for (size_t i = 0; i < follow->link_count; i++)
        if (follow->links[i].peer.member == member)
            return &follow->links[i];
    return NULL;
}

void live_follow_ask(struct live_follow *follow, struct followed_stream *stream) {
    const struct member *owner = follow->options.owner(follow->options.context, stream->name);
    int64_t now = clock_monotonic_ms();
    stream->stage = WAITING;
    stream->member = 0;
    stream->ask_at = now + LIVE_RETRY_MS;
    if (owner == NULL)
        return;
    struct follow_link *link = link_of(follow, owner->member);
    if (link == NULL) {
        if (follow->link_count == LIVE_LINKS_MAX)
            drop_links(follow); /* of replicas long gone; those in use are asked anew by the check */
        link = &follow->links[follow->link_count++];
        *link = (struct follow_link){.peer = *owner};
        open_link(follow, link);
    }
    struct follow message = {.from = stream->from_end ? 0 : stream->received + 1,
                             .credit = stream->allowed - stream->received};
    memcpy(message.stream, stream->name, sizeof stream->name);
    stream->stage = stream->from_end ? SEEKING : FOLLOWING;
    stream->member = owner->member;
    stream->progress_ms = now;
    if (link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_follow, &message);
}

void live_follow_credit(struct live_follow *follow, struct followed_stream *stream, uint64_t more) {
    struct credit credit = {.applied = stream->received, .more = more};
    const struct follow_link *link = link_of(follow, stream->member);
    stream->allowed += more;
    stream->progress_ms = clock_monotonic_ms();
    if (stream->stage != FOLLOWING || link == NULL || link->socket == NULL)
        return; /* it is in the next ask */
    memcpy(credit.stream, stream->name, sizeof stream->name);
    (void)wire_send(link->socket, NULL, MESSAGE_credit, &credit);
}

/* ---- timers --------------------------------------------------------------------------------------------------------- */

static void check_stream(struct live_follow *follow, struct followed_stream *stream, int64_t now) {
    if (stream->stage == STOPPED || (stream->stage == WAITING && stream->ask_at > now))
        return;
    const struct member *owner = follow->options.owner(follow->options.context, stream->name);
    bool elsewhere = owner != NULL && owner->member != stream->member;
    bool lost = stream->member != 0 && link_of(follow, stream->member) == NULL;
    bool due = stream->head > stream->received && stream->allowed > stream->received;
    bool stuck = stream->stage == SEEKING || due;
    if (stream->stage == WAITING || elsewhere || lost || (stuck && now - stream->progress_ms > STUCK_MS))
        live_follow_ask(follow, stream);
}

/* How many there are. */
static size_t ask_again(struct live_follow *follow, int32_t member) {
    size_t count = 0;
    for (size_t i = 0; i < LIVE_STREAM_BUCKETS; i++)
        for (struct followed_stream *stream = follow->buckets[i]; stream != NULL; stream = stream->next)
            if (stream->member == member && stream->stage != STOPPED) {
                count++;
                live_follow_ask(follow, stream);
            }
    return count;
}

static void check(struct live_follow *follow, int64_t now) {
    for (size_t i = 0; i < follow->link_count; i++) {
        struct follow_link *link = &follow->links[i];
        if (now - link->heard_ms <= (link->heard ? SILENCE_MS : FIRST_SILENCE_MS))
            continue;
        open_link(follow, link);
        if (ask_again(follow, link->peer.member) > 0)
            continue;
        wire_close(&link->socket); /* nobody needs it: it may be gone for good */
        *link = follow->links[--follow->link_count];
        i--;
    }
    for (size_t i = 0; i < LIVE_STREAM_BUCKETS; i++)
        for (struct followed_stream *stream = follow->buckets[i]; stream != NULL; stream = stream->next)
            check_stream(follow, stream, now);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------- */

void live_follow_start(struct live_follow *follow, const char *name, uint64_t from) {
    struct followed_stream **at = live_follow_place(follow, name), *stream = *at;
    if (stream == NULL) {
        stream = *at = calloc(1, sizeof *stream);
        assert(stream != NULL);
        snprintf(stream->name, sizeof stream->name, "%s", name);
    }
    stream->from_end = from == 0;
    stream->received = from == 0 ? 0 : from - 1;
    stream->allowed = stream->received + follow->options.credit;
    live_follow_ask(follow, stream);
}

void live_follow_stop(struct live_follow *follow, const char *name) {
    struct followed_stream **at = live_follow_place(follow, name), *stream = *at;
    if (stream == NULL)
        return;
    struct unfollow unfollow = {.stream = ""};
    const struct follow_link *link = link_of(follow, stream->member);
    memcpy(unfollow.stream, stream->name, sizeof stream->name);
    if (link != NULL && link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_unfollow, &unfollow);
    *at = stream->next;
    free(stream);
}

void live_follow_grant(struct live_follow *follow, const char *name, uint32_t more) {
    struct followed_stream *stream = *live_follow_place(follow, name);
    if (stream != NULL)
        live_follow_credit(follow, stream, more);
}

void live_follow_turn(struct live_follow *follow) {
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < follow->link_count; i++)
        live_follow_read(follow, &follow->links[i]);
    if (now < follow->check_at)
        return;
    follow->check_at = now + CHECK_MS;
    check(follow, now);
}

size_t live_follow_sockets(const struct live_follow *follow, void **sockets, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < follow->link_count && count < room; i++)
        if (follow->links[i].socket != NULL)
            sockets[count++] = follow->links[i].socket;
    return count;
}

struct live_follow *live_follow_open(const struct live_follow_options *options) {
    struct live_follow *follow = calloc(1, sizeof *follow);
    assert(follow != NULL && options->credit >= 2);
    follow->options = *options;
    return follow;
}

void live_follow_close(struct live_follow **follow) {
    if (*follow == NULL)
        return;
    drop_links(*follow);
    for (size_t i = 0; i < LIVE_STREAM_BUCKETS; i++) {
        while ((*follow)->buckets[i] != NULL) {
            struct followed_stream *next = (*follow)->buckets[i]->next;
            free((*follow)->buckets[i]);
            (*follow)->buckets[i] = next;
        }
    }
    free(*follow);
    *follow = NULL;
}
