/* What the publisher sends: frames of entries, and the other words. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/journal.h"
#include "common/metrics.h"
#include "common/publish_parts.h"

#define ARRAY_HEADER_SIZE 3 /* array 16 */

/* ---- runs ------------------------------------------------------------------------------------------------------------ */

struct run run_of_chunk(const struct chunk *chunk, uint64_t from) {
    return (struct run){
        .first = from, .count = (uint32_t)(chunk->first + chunk->count - from), .chunk = chunk, .bodies = NULL};
}

const uint8_t *run_entry(const struct run *run, uint32_t number, size_t *size) {
    const struct chunk *chunk = run->chunk;
    if (chunk == NULL) {
        *size = run->sizes[number];
        return run->bodies[number];
    }
    uint64_t place = run->first - chunk->first + number;
    size_t begin = place == 0 ? 0 : chunk->ends[place - 1];
    *size = chunk->ends[place] - begin;
    return chunk->data.data + begin;
}

/* ---- what is not applied yet ------------------------------------------------------------------------------------------- */

static bool is_counted(const struct subscription *to) {
    return to->follower->is_public && to->group == NULL;
}

bool subscription_is_full(const struct publisher *publisher, const struct subscription *to, size_t in_frame) {
    if (publisher->unapplied <= UNAPPLIED_BYTES_MAX || !is_counted(to))
        return false;
    uint64_t share = UNAPPLIED_BYTES_MAX / (publisher->departments + 1);
    return to->unapplied + in_frame >= (share > UNAPPLIED_SHARE_BYTES_MIN ? share : UNAPPLIED_SHARE_BYTES_MIN);
}

void subscription_applied(struct publisher *publisher, struct subscription *to, uint64_t seq) {
    uint64_t left = 0;
    if (seq <= to->applied || to->unapplied == 0)
        return;
    if (seq < to->told && to->told != UINT64_MAX)
        left = (uint64_t)((double)to->unapplied * (double)(to->told - seq) / (double)(to->told - to->applied));
    publisher->unapplied -= to->unapplied - left;
    to->unapplied = left;
    to->applied = seq == UINT64_MAX ? 0 : seq;
}

/* ---- frames ------------------------------------------------------------------------------------------------------------ */

void frame_add(struct publisher *publisher, struct frame_run *frame, const struct moved_facts *facts,
               const uint8_t *body, size_t size) {
    static const uint8_t header[ARRAY_HEADER_SIZE];
    struct bytes *bytes = &publisher->frame;
    if (frame->count == 0) {
        bytes->size = 0;
        bytes_append(bytes, header, sizeof header);
    }
    if (facts != NULL) {
        uint8_t head[EVENT_HEAD_MAX];
        struct event_place place = {publisher->source, frame->to->stream->name, frame->first + frame->count};
        bytes_append(bytes, head, event_head(head, &place, facts));
    }
    bytes_append(bytes, body, size);
    frame->count++;
}

bool frame_full(const struct publisher *publisher, const struct frame_run *frame, size_t size) {
    return frame->count == ENTRIES_PER_FRAME_MAX ||
           (frame->count > 0 && publisher->frame.size + size + EVENT_HEAD_MAX > FRAME_BYTES_MAX);
}

int frame_flush(struct publisher *publisher, struct frame_run *frame) {
    struct subscription *to = frame->to;
    struct entries entries = {.first = frame->first, .count = frame->count};
    zmq_msg_t message;
    frame->to = NULL;
    frame->count = 0;
    if (to == NULL || entries.count == 0)
        return 0;
    uint8_t *bytes = publisher->frame.data;
    bytes[0] = 0xdc;
    bytes[1] = (uint8_t)(entries.count >> 8);
    bytes[2] = (uint8_t)entries.count;
    memcpy(entries.stream, to->stream->name, sizeof to->stream->name);
    int status = zmq_msg_init_size(&message, publisher->frame.size);
    assert(status == 0);
    (void)status;
    memcpy(zmq_msg_data(&message), bytes, publisher->frame.size);
    if (wire_send_frame(to->follower->socket, &to->follower->peer, &entries, &message) != 0) {
        follower_drop(publisher, to->follower);
        return -1;
    }
    metric_add(METRIC_entries_sent_total, entries.count);
    if (is_counted(to)) {
        to->unapplied += publisher->frame.size;
        publisher->unapplied += publisher->frame.size;
    }
    return 0;
}

/* ---- one follower's entries ---------------------------------------------------------------------------------------------- */

int subscription_tell_skip(struct publisher *publisher, struct subscription *to) {
    struct skip skip = {.seq = to->next - 1};
    if (to->told == skip.seq)
        return 0;
    memcpy(skip.stream, to->stream->name, sizeof to->stream->name);
    if (wire_send(to->follower->socket, &to->follower->peer, MESSAGE_skip, &skip) != 0) {
        follower_drop(publisher, to->follower);
        return -1;
    }
    to->told = skip.seq;
    return 0;
}

static int flush_to(struct publisher *publisher, struct subscription *to, struct frame_run *frame) {
    if (frame->count == 0)
        return 0;
    uint64_t next = to->next, last = frame->first + frame->count - 1;
    to->next = frame->first; /* what was left out before it is told first */
    if (subscription_tell_skip(publisher, to) != 0 || frame_flush(publisher, frame) != 0)
        return -1;
    to->told = last;
    to->next = next;
    return 0;
}

/* Whether the follower gets this entry. Streams of units hold nothing but case_moved: what is none is left out, aloud. */
static bool is_wanted(struct publisher *publisher, const struct subscription *to, struct moved_facts *facts,
                      const uint8_t *body, size_t size) {
    bool needs_facts = to->filter != NULL || (to->follower->is_public && publisher->options.events);
    if (!needs_facts)
        return true;
    if (moved_facts_read(body, size, to->filter != NULL ? FACTS_ALL : FACTS_NAMES, facts) != 0) {
        journal_say(JOURNAL_ERROR, "entry_unreadable", "entry %llu of %s is no case_moved and was left out",
                    (unsigned long long)to->next, to->stream->name);
        return false;
    }
    return to->filter == NULL || filter_match_facts(to->filter, publisher->city, facts);
}

int subscription_send(struct publisher *publisher, struct subscription *to, const struct run *run) {
    struct frame_run frame = {.to = NULL};
    struct moved_facts facts = {0};
    bool wrapped = to->follower->is_public && publisher->options.events;
    assert(run->first == to->next);
    for (uint32_t i = 0; i < run->count; i++, to->next++) {
        size_t size;
        const uint8_t *body = run_entry(run, i, &size);
        bool wanted = is_wanted(publisher, to, &facts, body, size);
        bool closes = frame.count > 0 && (!wanted || frame_full(publisher, &frame, size));
        if (closes && flush_to(publisher, to, &frame) != 0)
            return -1;
        if (!wanted)
            continue;
        if (to->credit == 0 || subscription_is_full(publisher, to, frame.count > 0 ? publisher->frame.size : 0))
            break;
        if (frame.count == 0)
            frame = (struct frame_run){.to = to, .first = to->next};
        frame_add(publisher, &frame, wrapped ? &facts : NULL, body, size);
        to->credit--;
    }
    return flush_to(publisher, to, &frame);
}

/* ---- words --------------------------------------------------------------------------------------------------------------- */

void send_to(struct publisher *publisher, struct follower *follower, enum message type, const void *value) {
    if (wire_send(follower->socket, &follower->peer, type, value) != 0)
        follower_drop(publisher, follower);
}

void send_refusal(struct publisher *publisher, struct follower *follower, const char *key, const struct reason *why) {
    struct refused refused = {0};
    snprintf(refused.key, sizeof refused.key, "%s", key);
    snprintf(refused.field, sizeof refused.field, "%s", why->field);
    snprintf(refused.reason, sizeof refused.reason, "%s", why->text);
    metric_add(METRIC_refused_total, 1);
    send_to(publisher, follower, MESSAGE_refused, &refused);
}

void send_moved(struct publisher *publisher, struct follower *follower, const char *stream) {
    struct moved moved = {0};
    (void)publisher->options.is_ours(publisher->options.context, follower->is_public, stream, &moved);
    snprintf(moved.stream, sizeof moved.stream, "%s", stream);
    send_to(publisher, follower, MESSAGE_moved, &moved);
}

void send_truncated(struct publisher *publisher, struct subscription *to, const struct gap *gap,
                    const struct voids *voids) {
    struct follower *follower = to->follower;
    struct gap whole = {gap->from, gap->first == 0 ? to->stream->head + 1 : gap->first};
    struct truncated truncated = {.first = whole.first, .void_from = voids_from(voids, &whole)};
    memcpy(truncated.stream, to->stream->name, sizeof to->stream->name);
    subscription_drop(publisher, to);
    send_to(publisher, follower, MESSAGE_truncated, &truncated);
}

void end_refused(struct publisher *publisher, struct subscription *to, const struct reason *why) {
    struct follower *follower = to->follower;
    char stream[CODE_MAX + 1];
    memcpy(stream, to->stream->name, sizeof stream);
    journal_say(JOURNAL_WARNING, "follow_refused", "%s on stream %s: %s: %s", follower->user, stream, why->field,
                why->text);
    subscription_drop(publisher, to);
    send_refusal(publisher, follower, stream, why);
}
