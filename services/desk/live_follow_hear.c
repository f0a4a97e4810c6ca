#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "proto/guard.h"
#include "services/desk/live_follow_inner.h"

#define REFUSED_MS 2000
#define PACKETS_PER_TURN_MAX 200

static void take_entries(struct live_follow *follow, struct packet *packet, const struct entries *entries) {
    const uint8_t *data = zmq_msg_data(&packet->frame);
    size_t size = zmq_msg_size(&packet->frame), skip;
    long count = guard_array_count(data, size, &skip);
    if (count < 1 || (uint64_t)count != entries->count)
        return;
    data += skip;
    size -= skip;
    for (uint64_t seq = entries->first; count > 0; count--, seq++) {
        struct followed_stream *stream = *live_follow_place(follow, entries->stream); /* a callback may stop it */
        size_t length = guard_object_size(data, size);
        if (stream == NULL || stream->stage != FOLLOWING || length == 0)
            return;
        if (seq > stream->received + 1) { /* a frame was lost */
            live_follow_ask(follow, stream);
            return;
        }
        if (seq == stream->received + 1) {
            stream->received = seq;
            stream->progress_ms = clock_monotonic_ms();
            follow->options.entry(follow->options.context, stream->name, seq, data, length);
        }
        data += length;
        size -= length;
    }
    struct followed_stream *stream = *live_follow_place(follow, entries->stream);
    if (stream == NULL || !follow->options.grants)
        return;
    uint64_t left = stream->allowed - stream->received;
    if (left <= follow->options.credit / 2)
        live_follow_credit(follow, stream, follow->options.credit - left);
}

/* Where the stream ends, for who asked to begin there: the next entry comes after it. */
static void take_skip(struct live_follow *follow, struct followed_stream *stream, uint64_t seq) {
    if (stream->stage != SEEKING)
        return;
    stream->stage = FOLLOWING;
    stream->from_end = false;
    stream->received = seq;
    stream->allowed += seq;
    follow->options.head(follow->options.context, stream->name, seq);
}

static void take_truncated(struct live_follow *follow, struct followed_stream *stream, uint64_t first) {
    if (stream->stage != FOLLOWING || first <= stream->received + 1)
        return;
    stream->stage = STOPPED;
    follow->options.truncated(follow->options.context, stream->name, first);
}

/* Nothing is refused where all is well: it is said, and tried again. */
static void take_refused(struct live_follow *follow, struct follow_link *link, const struct refused *refused) {
    struct followed_stream *stream = *live_follow_place(follow, refused->key);
    if (strcmp(refused->field, "hello") == 0) {
        link->heard_ms = 0; /* it was restarted and does not know us: the check opens it again */
        return;
    }
    journal_say(JOURNAL_WARNING, "live_refused", "notification refused stream %s: %s: %s", refused->key, refused->field,
                refused->reason);
    if (stream == NULL)
        return;
    stream->stage = WAITING;
    stream->ask_at = clock_monotonic_ms() + REFUSED_MS;
    if (strcmp(refused->field, "from") != 0)
        return;
    stream->from_end = true; /* the database was put back to an earlier time */
    stream->allowed -= stream->received;
    stream->received = 0;
}

static void take_packet(struct live_follow *follow, struct follow_link *link, struct packet *packet) {
    union {
        struct entries entries;
        struct head head;
        struct moved moved;
        struct truncated truncated;
        struct skip skip;
        struct refused refused;
    } message;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_entries || type == MESSAGE_head || type == MESSAGE_moved ||
                 type == MESSAGE_truncated || type == MESSAGE_skip || type == MESSAGE_refused;
    if (!known || message_decode(type, data, size, &message, NULL) != 0)
        return;
    if (type == MESSAGE_refused) {
        take_refused(follow, link, &message.refused);
        return;
    }
    /* The stream is the first field of all that have one. What comes from whom it is no longer followed at is late. */
    struct followed_stream *stream = *live_follow_place(follow, message.head.stream);
    if (stream == NULL || stream->member != link->peer.member)
        return;
    if (type == MESSAGE_entries && packet->has_frame)
        take_entries(follow, packet, &message.entries);
    if (type == MESSAGE_head)
        stream->head = message.head.seq;
    if (type == MESSAGE_skip)
        take_skip(follow, stream, message.skip.seq);
    if (type == MESSAGE_truncated)
        take_truncated(follow, stream, message.truncated.first);
    if (type == MESSAGE_moved) {
        stream->stage = WAITING;
        stream->ask_at = clock_monotonic_ms() + LIVE_RETRY_MS;
    }
}

void live_follow_read(struct live_follow *follow, struct follow_link *link) {
    void *socket = link->socket;
    for (int i = 0; i < PACKETS_PER_TURN_MAX && socket != NULL && link->socket == socket; i++) {
        struct packet packet;
        int status = packet_read(&packet, socket, false);
        if (status == 0)
            return;
        link->heard = true;
        link->heard_ms = clock_monotonic_ms();
        if (status < 0)
            continue;
        take_packet(follow, link, &packet);
        packet_close(&packet);
    }
}
