#include "common/follow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "proto/guard.h"

#define LINKS_MAX 64
#define SILENCE_MS 3000       /* heads come each second: three missed ones end the connection */
#define FIRST_SILENCE_MS 300 /* until the first word: the key may not have been known there yet */
#define ASK_AGAIN_MS 500      /* after MOVED or when nothing comes although the head is ahead */
#define PACKETS_PER_TURN_MAX 256 /* so that one busy link does not starve the rest of the loop */

struct link { /* a connection to one replica */
    int32_t member;
    int8_t upstream; /* -1: a peer of our own service */
    void *socket;
    int64_t opened_at, heard_at; /* monotonic; heard_at 0: not yet */
    char endpoint[ENDPOINT_MAX + 1];
    char curve_key[WIRE_KEY_SIZE];
};

struct cursor { /* one shard of one upstream */
    bool active;
    bool asked;       /* FOLLOW was sent on `link` */
    bool lost;        /* what we need is no longer kept: an operator must act */
    int32_t member;   /* whom we asked */
    uint64_t received, allowed, head; /* last received; last that the credit allows; last known at the owner */
    int64_t moved_at; /* monotonic ms of the last sign of progress */
};

struct follow_links {
    struct follow_options options;
    const struct mesh_view *view;
    struct link links[LINKS_MAX];
    size_t count;
    struct cursor cursors[UPSTREAMS_MAX][SHARD_COUNT];
};

/* ---- links ------------------------------------------------------------------------------------------------------ */

static void say_hello(struct follow_links *links, struct link *link) {
    struct hello hello = {.member = (uint64_t)links->view->self, .protocol = 1};
    snprintf(hello.service, sizeof hello.service, "%s", links->options.service->name);
    (void)wire_send(link->socket, NULL, MESSAGE_hello, &hello);
}

static void forget_asked(struct follow_links *links, const struct link *link) {
    if (link->upstream < 0) return;
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        if (links->cursors[link->upstream][shard].member == link->member)
            links->cursors[link->upstream][shard].asked = false;
}

static void open_link(struct follow_links *links, struct link *link) {
    wire_close(&link->socket);
    forget_asked(links, link);
    link->opened_at = clock_monotonic_ms();
    link->heard_at = 0;
    link->socket = wire_dealer(links->options.zmq, links->options.keys, link->endpoint, link->curve_key);
    if (link->socket != NULL) say_hello(links, link);
}

static int8_t upstream_of(const struct follow_links *links, const char *service) {
    const struct service *own = links->options.service;
    for (int8_t i = 0; i < UPSTREAMS_MAX; i++)
        if (own->upstreams[i] != NULL && strcmp(own->upstreams[i], service) == 0) return i;
    return -1;
}

static struct link *link_of(struct follow_links *links, int32_t member) {
    for (size_t i = 0; i < links->count; i++)
        if (links->links[i].member == member) return &links->links[i];
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
        if ((upstream < 0 && !peer) || link_of(links, member->member) != NULL || links->count == LINKS_MAX) continue;
        struct link *link = &links->links[links->count++];
        *link = (struct link){.member = member->member, .upstream = upstream};
        memcpy(link->endpoint, member->endpoint, sizeof link->endpoint);
        memcpy(link->curve_key, member->curve_key, sizeof link->curve_key);
        open_link(links, link);
    }
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static void ask(struct follow_links *links, uint8_t upstream, uint16_t shard) {
    struct cursor *cursor = &links->cursors[upstream][shard];
    if (!cursor->active || cursor->asked || cursor->lost || links->view == NULL) return;
    const struct member *owner = mesh_owner(links->view, links->options.service->upstreams[upstream], shard);
    struct link *link = owner ? link_of(links, owner->member) : NULL;
    if (link == NULL || link->socket == NULL) return;
    struct follow follow = {.from = cursor->received + 1, .credit = links->options.window};
    snprintf(follow.stream, sizeof follow.stream, "%u", shard);
    if (wire_send(link->socket, NULL, MESSAGE_follow, &follow) != 0) return;
    cursor->asked = true;
    cursor->member = link->member;
    cursor->allowed = cursor->received + links->options.window;
    cursor->head = 0;
    cursor->moved_at = clock_monotonic_ms();
}

static void ask_all(struct follow_links *links) {
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++)
        if (links->options.service->upstreams[upstream] != NULL)
            for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) ask(links, upstream, shard);
}

void follow_view(struct follow_links *links, const struct mesh_view *view) {
    links->view = view;
    drop_dead_links(links);
    add_links(links);
    for (int upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
            struct cursor *cursor = &links->cursors[upstream][shard];
            if (!cursor->active || !cursor->asked) continue;
            const struct member *owner = mesh_owner(view, links->options.service->upstreams[upstream], shard);
            if (owner != NULL && owner->member != cursor->member) cursor->asked = false;
        }
    }
    ask_all(links);
}

void follow_start(struct follow_links *links, uint16_t shard, const struct cursors *cursors) {
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        if (links->options.service->upstreams[upstream] == NULL) continue;
        links->cursors[upstream][shard] = (struct cursor){.active = true, .received = cursors->in_seq[upstream]};
        ask(links, upstream, shard);
    }
}

void follow_stop(struct follow_links *links, uint16_t shard) {
    struct unfollow unfollow = {0};
    snprintf(unfollow.stream, sizeof unfollow.stream, "%u", shard);
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        struct cursor *cursor = &links->cursors[upstream][shard];
        struct link *link = cursor->active && cursor->asked ? link_of(links, cursor->member) : NULL;
        if (link != NULL && link->socket != NULL) (void)wire_send(link->socket, NULL, MESSAGE_unfollow, &unfollow);
        *cursor = (struct cursor){0};
    }
}

void follow_applied(struct follow_links *links, uint16_t shard, uint8_t upstream, uint64_t seq) {
    struct cursor *cursor = &links->cursors[upstream][shard];
    uint64_t wanted = seq + links->options.window;
    if (!cursor->active || !cursor->asked || wanted < cursor->allowed + links->options.window / 2) return;
    struct link *link = link_of(links, cursor->member);
    if (link == NULL || link->socket == NULL) return;
    struct credit credit = {.applied = seq, .more = wanted - cursor->allowed};
    snprintf(credit.stream, sizeof credit.stream, "%u", shard);
    if (wire_send(link->socket, NULL, MESSAGE_credit, &credit) == 0) cursor->allowed = wanted;
}

/* ---- receiving ---------------------------------------------------------------------------------------------------- */

static struct cursor *cursor_of(struct follow_links *links, const struct link *link, const char *stream,
                                uint16_t *shard) {
    char *end;
    unsigned long number = strtoul(stream, &end, 10);
    if (link->upstream < 0 || *end != '\0' || number >= SHARD_COUNT) return NULL;
    *shard = (uint16_t)number;
    struct cursor *cursor = &links->cursors[link->upstream][number];
    return cursor->active && cursor->member == link->member ? cursor : NULL;
}

/* Steps over entries that we have; 0 when the frame is not what its header says. */
static size_t skip_known(struct followed *followed, uint64_t known) {
    while (followed->count > 0 && followed->first <= known) {
        size_t size = guard_object_size(followed->entries, followed->size);
        if (size == 0) return 0;
        followed->entries += size;
        followed->size -= size;
        followed->first++;
        followed->count--;
    }
    return 1;
}

static bool take_entries(struct follow_links *links, struct link *link, struct packet *packet,
                         const struct entries *header) {
    uint16_t shard;
    struct cursor *cursor = cursor_of(links, link, header->stream, &shard);
    if (cursor == NULL || !cursor->asked) return true; /* stopped or moved meanwhile */
    size_t skip;
    const uint8_t *data = zmq_msg_data(&packet->frame);
    size_t size = zmq_msg_size(&packet->frame);
    long count = guard_array_count(data, size, &skip);
    if (count < 1 || (uint64_t)count != header->count) return false;
    if (header->first > cursor->received + 1) { /* a frame was lost: ask for it again */
        cursor->asked = false;
        ask(links, (uint8_t)link->upstream, shard);
        return true;
    }
    struct followed followed = {.upstream = (uint8_t)link->upstream, .shard = shard, .first = header->first,
                                .count = (uint32_t)count, .entries = data + skip, .size = size - skip,
                                .frame = &packet->frame};
    if (skip_known(&followed, cursor->received) == 0) return false;
    cursor->moved_at = clock_monotonic_ms();
    if (followed.count == 0) return true;
    cursor->received = followed.first + followed.count - 1;
    links->options.received(links->options.context, &followed);
    packet->has_frame = false;
    return true;
}

static void take_head(struct follow_links *links, struct link *link, const struct head *head) {
    uint16_t shard;
    if (head->stream[0] == '\0') return;
    if (link->upstream < 0) {
        links->options.hinted(links->options.context, head->stream, head->seq);
        return;
    }
    struct cursor *cursor = cursor_of(links, link, head->stream, &shard);
    if (cursor == NULL) return;
    if (head->seq > cursor->head) cursor->head = head->seq;
}

static void take_moved(struct follow_links *links, struct link *link, const struct moved *moved) {
    uint16_t shard;
    struct cursor *cursor = cursor_of(links, link, moved->stream, &shard);
    if (cursor == NULL) return;
    cursor->asked = false; /* asked again at the next turn or view, where the placement says */
}

static void take_truncated(struct follow_links *links, struct link *link, const struct truncated *truncated) {
    uint16_t shard;
    struct cursor *cursor = cursor_of(links, link, truncated->stream, &shard);
    if (cursor == NULL) return;
    cursor->lost = true;
    journal_say(JOURNAL_ERROR, "log_truncated",
                "shard %u of %s: entry %llu is needed, the first still kept is %llu; restore the log or restart from a backup",
                shard, links->options.service->upstreams[link->upstream], (unsigned long long)cursor->received + 1,
                (unsigned long long)truncated->first);
}

/* false: the peer talks nonsense, or does not know us any more. */
static bool take_packet(struct follow_links *links, struct link *link, struct packet *packet) {
    union {
        struct entries entries;
        struct head head;
        struct moved moved;
        struct truncated truncated;
        struct refused refused;
    } message;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    struct reason why;
    bool known = type == MESSAGE_entries || type == MESSAGE_head || type == MESSAGE_moved ||
                 type == MESSAGE_truncated || type == MESSAGE_refused;
    if (!known || message_decode(type, data, size, &message, &why) != 0) return false;
    if (type == MESSAGE_entries) return packet->has_frame && take_entries(links, link, packet, &message.entries);
    if (type == MESSAGE_head) take_head(links, link, &message.head);
    if (type == MESSAGE_moved) take_moved(links, link, &message.moved);
    if (type == MESSAGE_truncated) take_truncated(links, link, &message.truncated);
    if (type != MESSAGE_refused) return true;
    journal_say(JOURNAL_WARNING, "refused_by_peer", "%s: %s", message.refused.field, message.refused.reason);
    return false;
}

static void read_link(struct follow_links *links, struct link *link) {
    for (int i = 0; i < PACKETS_PER_TURN_MAX && link->socket != NULL; i++) {
        struct packet packet;
        int status = packet_read(&packet, link->socket, false);
        if (status == 0) return;
        if (status == 1) {
            bool opened = link->heard_at == 0;
            link->heard_at = clock_monotonic_ms();
            if (opened && link->upstream < 0)
                links->options.peer_opened(links->options.context);
            bool good = take_packet(links, link, &packet);
            packet_close(&packet);
            if (good) continue;
        }
        metric_add(METRIC_refused_total, 1);
        open_link(links, link);
        ask_all(links);
    }
}

void follow_read(struct follow_links *links) {
    for (size_t i = 0; i < links->count; i++) read_link(links, &links->links[i]);
}

/* ---- rounds -------------------------------------------------------------------------------------------------------- */

static bool is_silent(const struct link *link, int64_t now) {
    if (link->socket == NULL) return now - link->opened_at > FIRST_SILENCE_MS;
    if (link->heard_at == 0) return now - link->opened_at > FIRST_SILENCE_MS;
    return now - link->heard_at > SILENCE_MS;
}

static void turn_cursors(struct follow_links *links, int64_t now) {
    for (uint8_t upstream = 0; upstream < UPSTREAMS_MAX; upstream++) {
        for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
            struct cursor *cursor = &links->cursors[upstream][shard];
            bool stuck = cursor->asked && cursor->head > cursor->received && cursor->allowed > cursor->received;
            if (cursor->active && stuck && now - cursor->moved_at > ASK_AGAIN_MS) cursor->asked = false;
        }
    }
    ask_all(links);
}

void follow_turn(struct follow_links *links, const int64_t behind_ms[UPSTREAMS_MAX]) {
    if (links->view == NULL) return;
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < links->count; i++) {
        struct link *link = &links->links[i];
        if (is_silent(link, now)) open_link(links, link);
        if (link->socket == NULL || link->upstream < 0) continue;
        struct lag lag = {.behind_ms = (uint64_t)behind_ms[link->upstream]};
        (void)wire_send(link->socket, NULL, MESSAGE_lag, &lag);
    }
    turn_cursors(links, now);
}

size_t follow_sockets(const struct follow_links *links, void **sockets, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < links->count && count < room; i++)
        if (links->links[i].socket != NULL) sockets[count++] = links->links[i].socket;
    return count;
}

struct follow_links *follow_open(const struct follow_options *options) {
    struct follow_links *links = calloc(1, sizeof *links);
    assert(links != NULL);
    links->options = *options;
    return links;
}

void follow_close(struct follow_links **links) {
    if (*links == NULL) return;
    for (size_t i = 0; i < (*links)->count; i++) wire_close(&(*links)->links[i].socket);
    free(*links);
    *links = NULL;
}
