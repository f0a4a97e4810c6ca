/* What a follower hears: entries, heads, moved, truncated, refused. */
#include <stdlib.h>

#include "common/clock.h"
#include "common/follow_parts.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "proto/guard.h"

#define PACKETS_PER_TURN_MAX 256 /* so that one busy link does not starve the rest of the loop */

static struct cursor *cursor_of(struct follow_links *links, const struct link *link, const char *stream,
                                uint16_t *shard) {
    char *end;
    unsigned long number = strtoul(stream, &end, 10);
    if (link->upstream < 0 || *end != '\0' || number >= SHARD_COUNT)
        return NULL;
    *shard = (uint16_t)number;
    struct cursor *cursor = &links->cursors[link->upstream][number];
    return cursor->active && cursor->member == link->member ? cursor : NULL;
}

/* Steps over entries that we have; 0 when the frame is not what its header says. */
static size_t skip_known(struct followed *followed, uint64_t known) {
    while (followed->count > 0 && followed->first <= known) {
        size_t size = guard_object_size(followed->entries, followed->size);
        if (size == 0)
            return 0;
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
    if (cursor == NULL || !cursor->asked)
        return true; /* stopped or moved meanwhile */
    size_t skip;
    const uint8_t *data = zmq_msg_data(&packet->frame);
    size_t size = zmq_msg_size(&packet->frame);
    long count = guard_array_count(data, size, &skip);
    bool whole = guard_object_size(data, size) == size; /* all that it claims is there, and nothing behind it */
    if (count < 1 || (uint64_t)count != header->count || !whole)
        return false;
    if (header->first > cursor->received + 1) { /* a frame was lost: ask for it again */
        cursor->asked = false;
        follow_ask(links, (uint8_t)link->upstream, shard);
        return true;
    }
    struct followed followed = {.upstream = (uint8_t)link->upstream,
                                .shard = shard,
                                .first = header->first,
                                .count = (uint32_t)count,
                                .entries = data + skip,
                                .size = size - skip,
                                .frame = &packet->frame};
    if (skip_known(&followed, cursor->received) == 0)
        return false;
    cursor->moved_at = clock_monotonic_ms();
    if (followed.count == 0)
        return true;
    cursor->received = followed.first + followed.count - 1;
    links->options.received(links->options.context, &followed);
    packet->has_frame = false;
    return true;
}

static void take_head(struct follow_links *links, struct link *link, const struct head *head) {
    uint16_t shard;
    if (head->stream[0] == '\0')
        return;
    if (link->upstream < 0) {
        links->options.hinted(links->options.context, head->stream, head->seq);
        return;
    }
    struct cursor *cursor = cursor_of(links, link, head->stream, &shard);
    if (cursor == NULL)
        return;
    if (head->seq > cursor->head)
        cursor->head = head->seq;
}

static void take_moved(struct follow_links *links, struct link *link, const struct moved *moved) {
    uint16_t shard;
    struct cursor *cursor = cursor_of(links, link, moved->stream, &shard);
    if (cursor == NULL)
        return;
    cursor->asked = false; /* asked again at the next turn or view, where the placement says */
}

static void take_truncated(struct follow_links *links, struct link *link, const struct truncated *truncated) {
    uint16_t shard;
    struct cursor *cursor = cursor_of(links, link, truncated->stream, &shard);
    if (cursor == NULL)
        return;
    cursor->lost = true;
    journal_say(
        JOURNAL_ERROR, "log_truncated",
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
    if (!known || message_decode(type, data, size, &message, &why) != 0)
        return false;
    if (type == MESSAGE_entries)
        return packet->has_frame && take_entries(links, link, packet, &message.entries);
    if (type == MESSAGE_head)
        take_head(links, link, &message.head);
    if (type == MESSAGE_moved)
        take_moved(links, link, &message.moved);
    if (type == MESSAGE_truncated)
        take_truncated(links, link, &message.truncated);
    if (type != MESSAGE_refused)
        return true;
    journal_say(JOURNAL_WARNING, "refused_by_peer", "%s: %s", message.refused.field, message.refused.reason);
    return false;
}

static void read_link(struct follow_links *links, struct link *link) {
    for (int i = 0; i < PACKETS_PER_TURN_MAX && link->socket != NULL; i++) {
        struct packet packet;
        int status = packet_read(&packet, link->socket, false);
        if (status == 0)
            return;
        if (status == 1) {
            bool opened = link->heard_at == 0;
            link->heard_at = clock_monotonic_ms();
            if (opened && link->upstream < 0)
                links->options.peer_opened(links->options.context);
            bool good = take_packet(links, link, &packet);
            packet_close(&packet);
            if (good)
                continue;
        }
        metric_add(METRIC_refused_total, 1);
        follow_open_link(links, link);
        follow_ask_all(links);
    }
}

void follow_read(struct follow_links *links) {
    for (size_t i = 0; i < links->count; i++)
        read_link(links, &links->links[i]);
}
