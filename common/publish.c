#include "common/publish.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "common/publish_parts.h"

/* ---- sending entries ------------------------------------------------------------------------------------------ */

struct run {                      /* entries that lie side by side in memory, or row by row in a result */
    const uint8_t *const *bodies; /* NULL: data holds them all */
    const size_t *sizes;
    const uint8_t *data;
    size_t size;
    uint32_t count;
};

static size_t array_header(uint8_t header[3], uint32_t count) {
    if (count < 16) {
        header[0] = (uint8_t)(0x90 | count);
        return 1;
    }
    header[0] = 0xdc;
    header[1] = (uint8_t)(count >> 8);
    header[2] = (uint8_t)count;
    return 3;
}

/* -1: the follower is gone and was dropped; the subscription must not be touched any more. */
static int send_run(struct publisher *publisher, struct subscription *to, const struct run *run) {
    uint8_t header[3];
    size_t header_size = array_header(header, run->count), at = header_size;
    zmq_msg_t frame;
    if (zmq_msg_init_size(&frame, header_size + run->size) != 0)
        return -1;
    uint8_t *data = zmq_msg_data(&frame);
    memcpy(data, header, header_size);
    if (run->bodies == NULL)
        memcpy(data + at, run->data, run->size);
    for (uint32_t i = 0; run->bodies != NULL && i < run->count; i++) {
        memcpy(data + at, run->bodies[i], run->sizes[i]);
        at += run->sizes[i];
    }
    struct entries entries = {.first = to->next, .count = run->count};
    memcpy(entries.stream, to->stream->name, sizeof to->stream->name);
    if (wire_send_frame(to->follower->socket, &to->follower->peer, &entries, &frame) != 0) {
        follower_drop(publisher, to->follower);
        return -1;
    }
    to->next += run->count;
    to->credit -= run->count;
    metric_add(METRIC_entries_sent_total, run->count);
    return 0;
}

static uint32_t entries_allowed(const struct subscription *subscription, uint64_t there) {
    uint64_t count = there < subscription->credit ? there : subscription->credit;
    return (uint32_t)(count < ENTRIES_PER_FRAME_MAX ? count : ENTRIES_PER_FRAME_MAX);
}

static int send_from_ring(struct publisher *publisher, struct subscription *to, const struct chunk *chunk) {
    uint64_t skip = to->next - chunk->first;
    size_t begin = skip == 0 ? 0 : chunk->ends[skip - 1];
    uint32_t count = entries_allowed(to, chunk->count - skip);
    while (count > 1 && chunk->ends[skip + count - 1] - begin > FRAME_BYTES_MAX)
        count /= 2;
    struct run run = {.data = chunk->data.data + begin, .size = chunk->ends[skip + count - 1] - begin, .count = count};
    return send_run(publisher, to, &run);
}

/* Sends what the credit allows: from the ring at once, from the table as soon as it is read. */
void subscription_pump(struct publisher *publisher, struct subscription *to) {
    struct stream *stream = to->stream;
    while (to->credit > 0 && to->reading == 0 && to->next <= stream->head) {
        const struct chunk *chunk = tail_find(stream, to->next);
        if (chunk != NULL) {
            if (send_from_ring(publisher, to, chunk) != 0)
                return;
            continue;
        }
        uint64_t missing = stream->head - to->next + 1;
        if (missing > to->credit)
            missing = to->credit;
        if (missing > READ_ENTRIES_MAX)
            missing = READ_ENTRIES_MAX;
        to->reading = to->next;
        publisher->options.read(publisher->options.context, stream->name, to->next, (uint32_t)missing);
    }
    if (to->next > stream->head)
        to->behind_since = 0;
    else if (to->behind_since == 0)
        to->behind_since = clock_monotonic_ms();
}

static void pump_all(struct publisher *publisher, struct stream *stream) {
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        subscription_pump(publisher, to);
    }
}

/* ---- what has been committed ------------------------------------------------------------------------------------ */

void publish_head(struct publisher *publisher, const char *name, uint64_t head) {
    struct stream *stream = stream_add(publisher, name);
    bool news = head > stream->head || !stream->head_known;
    stream->head_known = true;
    if (!news)
        return;
    if (head > stream->head)
        stream->head = head;
    stream->changed = true;
    pump_all(publisher, stream);
    if (publisher->options.advanced != NULL)
        publisher->options.advanced(publisher->options.context, name, head);
}

void publish_chunk(struct publisher *publisher, struct chunk *take_chunk) {
    struct stream *stream = stream_add(publisher, take_chunk->stream);
    uint64_t head = take_chunk->first + take_chunk->count - 1;
    if (stream->subscriptions != NULL)
        tail_keep(&publisher->tail, stream, take_chunk);
    else
        chunk_close(&take_chunk);
    publish_head(publisher, stream->name, head);
}

static int send_truncated(struct publisher *publisher, struct subscription *to, uint64_t first) {
    struct truncated truncated = {.first = first};
    memcpy(truncated.stream, to->stream->name, sizeof to->stream->name);
    int status = wire_send(to->follower->socket, &to->follower->peer, MESSAGE_truncated, &truncated);
    if (status == 0)
        subscription_drop(publisher, to);
    else
        follower_drop(publisher, to->follower);
    return -1;
}

static int send_rows(struct publisher *publisher, struct subscription *to, const struct read_rows *rows) {
    if (rows->failed)
        return 0;
    if (rows->count == 0 || rows->first != rows->from)
        return send_truncated(publisher, to, rows->count == 0 ? to->stream->head + 1 : rows->first);
    uint32_t sent = 0;
    while (sent < rows->count && to->credit > 0) {
        struct run run = {.bodies = rows->bodies + sent, .sizes = rows->sizes + sent};
        uint32_t most = entries_allowed(to, rows->count - sent);
        while (run.count < most && (run.count == 0 || run.size + run.sizes[run.count] <= FRAME_BYTES_MAX))
            run.size += run.sizes[run.count++];
        if (send_run(publisher, to, &run) != 0)
            return -1;
        sent += run.count;
    }
    metric_add(METRIC_replayed_total, sent);
    return 0;
}

void publish_read_done(struct publisher *publisher, const struct read_rows *rows) {
    struct stream *stream = stream_find(publisher, rows->stream);
    if (stream == NULL)
        return;
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        if (to->reading != rows->from)
            continue;
        to->reading = 0;
        bool moved_on = to->next != rows->from; /* followed again from elsewhere meanwhile */
        if (!moved_on && send_rows(publisher, to, rows) != 0)
            continue;
        if (!rows->failed)
            subscription_pump(publisher, to); /* after a failure the next head or credit tries again */
    }
}

/* ---- followers ------------------------------------------------------------------------------------------------------ */

static void send_to(struct publisher *publisher, struct follower *follower, enum message type, const void *value) {
    if (wire_send(follower->socket, &follower->peer, type, value) != 0)
        follower_drop(publisher, follower);
}

static void send_refusal(struct publisher *publisher, struct follower *follower, const char *key,
                         const struct reason *why) {
    struct refused refused = {0};
    snprintf(refused.key, sizeof refused.key, "%s", key);
    snprintf(refused.field, sizeof refused.field, "%s", why->field);
    snprintf(refused.reason, sizeof refused.reason, "%s", why->text);
    metric_add(METRIC_refused_total, 1);
    send_to(publisher, follower, MESSAGE_refused, &refused);
}

static void start_follow(struct publisher *publisher, struct follower *follower, const struct follow *follow) {
    const struct publisher_options *options = &publisher->options;
    struct reason why;
    struct moved moved = {0};
    if (!options->may_follow(options->context, follower->is_public, follower->user, follow->stream, &why)) {
        metric_add(METRIC_access_refused_total, 1);
        journal_say(JOURNAL_WARNING, "follow_refused", "%s asked for stream %s: %s", follower->user, follow->stream,
                    why.text);
        send_refusal(publisher, follower, follow->stream, &why);
        return;
    }
    if (follow->from == 0 || follow->credit > FOLLOW_CREDIT_MAX) {
        (void)refuse(&why, follow->from == 0 ? "from" : "credit", "from starts at 1, credit ends at %d",
                     FOLLOW_CREDIT_MAX);
        send_refusal(publisher, follower, follow->stream, &why);
        return;
    }
    if (!options->is_ours(options->context, follower->is_public, follow->stream, &moved)) {
        memcpy(moved.stream, follow->stream, sizeof moved.stream);
        send_to(publisher, follower, MESSAGE_moved, &moved);
        return;
    }
    struct stream *stream = stream_add(publisher, follow->stream);
    struct subscription *subscription = subscription_find(stream, follower);
    if (subscription == NULL)
        subscription = subscription_add(stream, follower);
    subscription->next = follow->from;
    subscription->credit = follow->credit;
    subscription->behind_since = 0;
    if (!stream->head_known)
        options->read_head(options->context, stream->name);
    struct head head = {.seq = stream->head};
    memcpy(head.stream, stream->name, sizeof stream->name);
    if (stream->head_known && wire_send(follower->socket, &follower->peer, MESSAGE_head, &head) != 0) {
        follower_drop(publisher, follower);
        return;
    }
    subscription_pump(publisher, subscription);
}

static void add_credit(struct publisher *publisher, struct follower *follower, const struct credit *credit) {
    struct stream *stream = stream_find(publisher, credit->stream);
    struct subscription *subscription = stream ? subscription_find(stream, follower) : NULL;
    if (subscription == NULL)
        return; /* moved or dropped meanwhile */
    uint64_t total = subscription->credit + credit->more;
    if (credit->more > FOLLOW_CREDIT_MAX || total > FOLLOW_CREDIT_MAX || credit->applied >= subscription->next) {
        struct reason why;
        (void)refuse(&why, credit->applied >= subscription->next ? "applied" : "more",
                     "applied ends below the next entry, credit at %d", FOLLOW_CREDIT_MAX);
        send_refusal(publisher, follower, credit->stream, &why);
        return;
    }
    subscription->credit = total;
    subscription_pump(publisher, subscription);
}

static void end_follow(struct publisher *publisher, struct follower *follower, const struct unfollow *unfollow) {
    struct stream *stream = stream_find(publisher, unfollow->stream);
    struct subscription *subscription = stream ? subscription_find(stream, follower) : NULL;
    if (subscription != NULL)
        subscription_drop(publisher, subscription);
}

void publish_packet(struct publisher *publisher, const struct publish_from *from, struct packet *packet,
                    enum message type) {
    union {
        struct hello hello;
        struct follow follow;
        struct credit credit;
        struct unfollow unfollow;
        struct lag lag;
    } message;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    struct follower *follower = follower_find(publisher, from->socket, &packet->peer);
    bool opens = type == MESSAGE_hello || type == MESSAGE_follow;
    if (follower == NULL && !opens) { /* it reconnected under our feet and thinks that it still follows */
        (void)wire_send(from->socket, &packet->peer, MESSAGE_refused,
                        &(struct refused){.field = "hello", .reason = "this connection is new: say hello and follow"});
        return;
    }
    if (follower == NULL)
        follower = follower_add(publisher, from, packet);
    struct reason why;
    if (message_decode(type, data, size, &message, &why) != 0) {
        send_refusal(publisher, follower, "", &why);
        return;
    }
    if (type == MESSAGE_hello) {
        snprintf(follower->service, sizeof follower->service, "%s", message.hello.service);
        follower->member = (int32_t)message.hello.member;
        follower->listens = follower->member == 0;
        struct head alive = {0};
        send_to(publisher, follower, MESSAGE_head, &alive);
    }
    if (type == MESSAGE_follow)
        start_follow(publisher, follower, &message.follow);
    if (type == MESSAGE_credit)
        add_credit(publisher, follower, &message.credit);
    if (type == MESSAGE_unfollow)
        end_follow(publisher, follower, &message.unfollow);
    if (type == MESSAGE_lag)
        follower->lag_ms = (int64_t)message.lag.behind_ms;
}

/* ---- changes of who serves and who may ------------------------------------------------------------------------------- */

void publish_dropped(struct publisher *publisher, const char *name) {
    struct stream *stream = stream_find(publisher, name);
    if (stream == NULL)
        return;
    while (stream->subscriptions != NULL) {
        struct follower *follower = stream->subscriptions->follower;
        subscription_drop(publisher, stream->subscriptions);
        struct moved moved = {0};
        (void)publisher->options.is_ours(publisher->options.context, follower->is_public, name, &moved);
        memcpy(moved.stream, stream->name, sizeof stream->name);
        send_to(publisher, follower, MESSAGE_moved, &moved);
    }
    stream->head_known = false;
}

void publish_forget_heads(struct publisher *publisher) {
    for (size_t i = 0; i < STREAM_BUCKETS; i++)
        for (struct stream *stream = publisher->streams[i]; stream != NULL; stream = stream->next_same_hash)
            stream->head_known = false;
}

void publish_recheck(struct publisher *publisher) {
    for (size_t i = 0; i < STREAM_BUCKETS; i++) {
        for (struct stream *stream = publisher->streams[i]; stream != NULL; stream = stream->next_same_hash) {
            struct moved moved = {0};
            if (stream->subscriptions != NULL &&
                !publisher->options.is_ours(publisher->options.context, false, stream->name, &moved))
                publish_dropped(publisher, stream->name);
            for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
                next = to->next_of_stream;
                struct reason why;
                struct follower *follower = to->follower;
                if (publisher->options.may_follow(publisher->options.context, follower->is_public, follower->user,
                                                  stream->name, &why))
                    continue;
                subscription_drop(publisher, to);
                journal_say(JOURNAL_WARNING, "follow_ended", "%s on stream %s: %s", follower->user, stream->name,
                            why.text);
                send_refusal(publisher, follower, stream->name, &why);
            }
        }
    }
}
