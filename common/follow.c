#include "common/follow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/follow_parts.h"
#include "common/metrics.h"

#define SILENCE_MS 3000      /* heads come each second: three missed ones end the connection */
#define FIRST_SILENCE_MS 300 /* until the first word, doubled each time: the key may not have been known there yet */
#define ASK_AGAIN_MS 500     /* after MOVED or when nothing comes although the head is ahead */

/* ---- links ------------------------------------------------------------------------------------------------------ */

static void say_hello(struct follow_links *links, struct link *link) {
    struct hello hello = {.member = (uint64_t)links->view->self, .protocol = 1};
    snprintf(hello.service, sizeof hello.service, "%s", links->options.service->name);
    (void)wire_send(link->socket, NULL, MESSAGE_hello, &hello);
}

static void forget_asked(struct follow_links *links, const struct link *link) {
    if (link->upstream < 0)
        return;
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (links->cursors[link->upstream][shard].member == link->member)
            links->cursors[link->upstream][shard].asked = false;
}

void follow_open_link(struct follow_links *links, struct link *link) {
    if (link->socket != NULL)
        metric_add(METRIC_reconnects_total, 1);
    wire_close(&link->socket);
    forget_asked(links, link);
    link->doublings = link->heard_at != 0 || link->opened_at == 0 ? 0 : link->doublings < 4 ? link->doublings + 1 : 4;
    link->opened_at = clock_monotonic_ms();
    link->heard_at = 0;
    link->socket = wire_dealer(links->options.zmq, links->options.keys, link->endpoint, link->curve_key);
    if (link->socket != NULL)
        say_hello(links, link);
}

static int8_t upstream_of(const struct follow_links *links, const char *service) {
    const struct service *own = links->options.service;
    for (int8_t i = 0; i < UPSTREAMS_MAX; i++)
        if (own->upstreams[i] != NULL && strcmp(own->upstreams[i], service) == 0)
            return i;
    return -1;
}

static struct link *link_of(struct follow_links *links, int32_t member) {
    for (size_t i = 0; i < links->count; i++)
        if (links->links[i].member == member)
            return &links->links[i];
    return NULL;
}

static void drop_dead_links(struct follow_links *links) {
    for (size_t i = 0; i < links->count;) {
        struct link *link = &links->links[i];
        if (mesh_member(links->view, link->member) != NULL) {
            i++;
            continue;
        }
        forget_asked(links, link);
        wire_close(&link->socket);
        *link = links->links[--links->count];
    }
}

static void add_links(struct follow_links *links) {
    for (size_t i = 0; i < links->view->member_count; i++) {
        const struct member *member = &links->view->members[i];
        int8_t upstream = upstream_of(links, member->service);
        bool peer = links->options.service->public_streams && member->member != links->view->self &&
                    strcmp(member->service, links->options.service->name) == 0;
        if ((upstream < 0 && !peer) || link_of(links, member->member) != NULL || links->count == LINKS_MAX)
            continue;
        struct link *link = &links->links[links->count++];
        *link = (struct link){.member = member->member, .upstream = upstream};
        memcpy(link->endpoint, member->endpoint, sizeof link->endpoint);
        memcpy(link->curve_key, member->curve_key, sizeof link->curve_key);
        follow_open_link(links, link);
    }
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

void follow_ask(struct follow_links *links, uint8_t upstream, uint16_t shard) {
    struct cursor *cursor = &links->cursors[upstream][shard];
    if (!cursor->active || cursor->asked || cursor->lost || links->view == NULL)
        return;
    const struct member *owner = mesh_owner(links->view, links->options.service->upstreams[upstream], shard);
    struct link *link = owner ? link_of(links, owner->member) : NULL;
    if (link == NULL || link->socket == NULL)
        return;
    /* What waits here to be applied keeps its room in the window, so that asking often does not fill our memory. */
    uint64_t waiting = cursor->received > cursor->applied ? cursor->received - cursor->applied : 0;
    uint64_t credit = links->options.window > waiting ? links->options.window - waiting : 0;
    struct follow follow = {.from = cursor->received + 1, .credit = credit};
    snprintf(follow.stream, sizeof follow.stream, "%u", shard);
    if (wire_send(link->socket, NULL, MESSAGE_follow, &follow) != 0)
        return;
    cursor->asked = true;
    cursor->member = link->member;
    cursor->allowed = cursor->received + credit;
    cursor->head = 0;
    cursor->moved_at = clock_monotonic_ms();
}

void follow_ask_all(struct follow_links *links) {
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++)
        if (links->options.service->upstreams[upstream] != NULL)
            for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
                follow_ask(links, upstream, shard);
}

void follow_view(struct follow_links *links, const struct mesh_view *view) {
    links->view = view;
    drop_dead_links(links);
    add_links(links);
    for (int upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
            struct cursor *cursor = &links->cursors[upstream][shard];
            if (!cursor->active || !cursor->asked)
                continue;
            const struct member *owner = mesh_owner(view, links->options.service->upstreams[upstream], shard);
            if (owner != NULL && owner->member != cursor->member)
                cursor->asked = false;
        }
    }
    follow_ask_all(links);
}

void follow_start(struct follow_links *links, uint16_t shard, const struct cursors *cursors) {
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        if (links->options.service->upstreams[upstream] == NULL)
            continue;
        uint64_t seq = cursors->in_seq[upstream];
        links->cursors[upstream][shard] = (struct cursor){.active = true, .received = seq, .applied = seq};
        follow_ask(links, upstream, shard);
    }
}

void follow_stop(struct follow_links *links, uint16_t shard) {
    struct unfollow unfollow = {0};
    snprintf(unfollow.stream, sizeof unfollow.stream, "%u", shard);
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        struct cursor *cursor = &links->cursors[upstream][shard];
        struct link *link = cursor->active && cursor->asked ? link_of(links, cursor->member) : NULL;
        if (link != NULL && link->socket != NULL)
            (void)wire_send(link->socket, NULL, MESSAGE_unfollow, &unfollow);
        *cursor = (struct cursor){0};
    }
}

void follow_applied(struct follow_links *links, uint16_t shard, uint8_t upstream, uint64_t seq) {
    struct cursor *cursor = &links->cursors[upstream][shard];
    uint64_t wanted = seq + links->options.window;
    if (seq > cursor->applied)
        cursor->applied = seq;
    /* A commit whose answer was lost may have got further than what we have heard in this life of the shard: nothing of it is
     * asked for again, because what is not applied again grants no credit. */
    if (cursor->active && seq > cursor->received)
        cursor->received = seq;
    if (!cursor->active || !cursor->asked || wanted < cursor->allowed + links->options.window / 2)
        return;
    struct link *link = link_of(links, cursor->member);
    if (link == NULL || link->socket == NULL)
        return;
    struct credit credit = {.applied = seq, .more = wanted - cursor->allowed};
    snprintf(credit.stream, sizeof credit.stream, "%u", shard);
    if (wire_send(link->socket, NULL, MESSAGE_credit, &credit) == 0)
        cursor->allowed = wanted;
}

/* ---- rounds -------------------------------------------------------------------------------------------------------- */

static bool is_silent(const struct link *link, int64_t now) {
    if (link->socket != NULL && link->heard_at != 0)
        return now - link->heard_at > SILENCE_MS;
    int64_t first_ms = FIRST_SILENCE_MS << link->doublings;
    return now - link->opened_at > (first_ms < SILENCE_MS ? first_ms : SILENCE_MS);
}

static void turn_cursors(struct follow_links *links, int64_t now) {
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
            struct cursor *cursor = &links->cursors[upstream][shard];
            bool stuck = cursor->asked && cursor->head > cursor->received && cursor->allowed > cursor->received;
            if (cursor->active && stuck && now - cursor->moved_at > ASK_AGAIN_MS)
                cursor->asked = false;
        }
    }
    follow_ask_all(links);
}

void follow_turn(struct follow_links *links, const int64_t behind_ms[UPSTREAMS_MAX]) {
    if (links->view == NULL)
        return;
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < links->count; i++) {
        struct link *link = &links->links[i];
        if (is_silent(link, now))
            follow_open_link(links, link);
        if (link->socket == NULL || link->upstream < 0)
            continue;
        struct lag lag = {.behind_ms = (uint64_t)behind_ms[link->upstream]};
        (void)wire_send(link->socket, NULL, MESSAGE_lag, &lag);
    }
    turn_cursors(links, now);
}

size_t follow_sockets(const struct follow_links *links, void **sockets, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < links->count && count < room; i++)
        if (links->links[i].socket != NULL)
            sockets[count++] = links->links[i].socket;
    return count;
}

struct follow_links *follow_open(const struct follow_options *options) {
    struct follow_links *links = calloc(1, sizeof *links);
    assert(links != NULL);
    links->options = *options;
    return links;
}

void follow_close(struct follow_links **links) {
    if (*links == NULL)
        return;
    for (size_t i = 0; i < (*links)->count; i++)
        wire_close(&(*links)->links[i].socket);
    free(*links);
    *links = NULL;
}
