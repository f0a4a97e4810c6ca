#include "common/publish.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "common/publish_parts.h"

/* ---- sending what is there ------------------------------------------------------------------------------------------- */

/* Whether a read of the stream from this seq is under way for somebody else: what it brings serves all. */
static bool is_being_read(const struct subscription *to, uint64_t from) {
    for (const struct subscription *other = to->stream->subscriptions; other != NULL; other = other->next_of_stream)
        if (other != to && other->reading == from)
            return true;
    return false;
}

/* Without a filter no more is read than `credit` lets go. */
static void read_for(struct publisher *publisher, struct subscription *to, uint64_t from, uint64_t credit) {
    uint64_t missing = to->stream->head - from + 1;
    if (to->filter == NULL && missing > credit)
        missing = credit;
    if (missing > READ_ENTRIES_MAX)
        missing = READ_ENTRIES_MAX;
    to->reading = from;
    if (!is_being_read(to, from))
        publisher->options.read(publisher->options.context, to->stream->name, from, (uint32_t)missing);
}

void subscription_pump(struct publisher *publisher, struct subscription *to) {
    struct stream *stream = to->stream;
    if (to->start != STARTED || to->group != NULL)
        return;
    while (to->credit > 0 && to->reading == 0 && to->next <= stream->head && !subscription_is_full(publisher, to, 0)) {
        const struct chunk *chunk = tail_find(stream, to->next);
        struct run run;
        if (chunk == NULL) {
            read_for(publisher, to, to->next, to->credit);
            continue;
        }
        run = run_of_chunk(chunk, to->next);
        if (subscription_send(publisher, to, &run) != 0)
            return;
    }
    if (to->next > stream->head)
        to->behind_since = 0;
    else if (to->behind_since == 0)
        to->behind_since = clock_monotonic_ms();
}

static void pump_groups(struct publisher *publisher, const struct stream *stream) {
    for (struct group *group = publisher->groups; group != NULL; group = group->next)
        if (group->stream == stream)
            group_pump(publisher, group);
}

static void pump_all(struct publisher *publisher, struct stream *stream) {
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        subscription_pump(publisher, to);
    }
    pump_groups(publisher, stream);
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

/* The next read runs while this one's rows are sent. */
static void read_ahead(struct publisher *publisher, struct subscription *to, const struct read_rows *rows) {
    uint64_t next = rows->first + rows->count;
    if (subscription_is_full(publisher, to, 0))
        return;
    bool has_credit = to->filter != NULL ? to->credit > 0 : to->credit > rows->count;
    if (has_credit && next <= to->stream->head && tail_find(to->stream, next) == NULL)
        read_for(publisher, to, next, to->credit - (to->filter != NULL ? 0 : rows->count));
}

static void rows_for(struct publisher *publisher, struct subscription *to, const struct read_rows *rows) {
    to->reading = 0;
    if (rows->failed)
        return; /* the next head or credit tries again */
    /* Else it followed anew meanwhile, from elsewhere, from where is being read, or in a group. */
    bool wanted = to->start == STARTED && to->group == NULL && to->next == rows->from;
    if (wanted && (rows->count == 0 || rows->first != rows->from)) {
        subscription_gap(publisher, to, rows);
        return;
    }
    if (wanted) {
        struct run run = {.first = rows->first, .count = rows->count, .bodies = rows->bodies, .sizes = rows->sizes};
        read_ahead(publisher, to, rows);
        if (subscription_send(publisher, to, &run) != 0)
            return;
        metric_add(METRIC_replayed_total, (long long)(to->next - rows->from));
    }
    subscription_pump(publisher, to);
}

void publish_read_done(struct publisher *publisher, const struct read_rows *rows) {
    struct stream *stream = stream_find(publisher, rows->stream);
    if (stream == NULL)
        return;
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        if (to->reading == rows->from)
            rows_for(publisher, to, rows);
    }
    for (struct group *group = publisher->groups; group != NULL; group = group->next)
        if (group->stream == stream && group->reading == rows->from)
            group_read_done(publisher, group, rows);
}

/* ---- who serves and who may ------------------------------------------------------------------------------- */

void publish_city(struct publisher *publisher, const struct city *city) {
    publisher->city = city;
    event_source(publisher->source, city == NULL ? "" : city_code(city));
}

void publish_dropped(struct publisher *publisher, const char *name) {
    struct stream *stream = stream_find(publisher, name);
    if (stream == NULL)
        return;
    groups_of_stream_gone(publisher, stream);
    while (stream->subscriptions != NULL) {
        struct follower *follower = stream->subscriptions->follower;
        subscription_drop(publisher, stream->subscriptions);
        send_moved(publisher, follower, name);
    }
    stream->head_known = false;
}

void publish_forget_heads(struct publisher *publisher) {
    for (size_t i = 0; i < STREAM_BUCKETS; i++)
        for (struct stream *stream = publisher->streams[i]; stream != NULL; stream = stream->next_same_hash)
            stream->head_known = false;
}

static void recheck_follower(struct publisher *publisher, struct subscription *to) {
    struct reason why;
    struct follower *follower = to->follower;
    const char *stream = to->stream->name;
    if (publisher->options.may_follow(publisher->options.context, follower->is_public, follower->user, stream, &why))
        return;
    metric_add(METRIC_access_refused_total, 1);
    journal_say(JOURNAL_WARNING, "follow_ended", "%s on stream %s: %s", follower->user, stream, why.text);
    subscription_drop(publisher, to);
    send_refusal(publisher, follower, stream, &why);
}

void publish_recheck(struct publisher *publisher) {
    for (size_t i = 0; i < STREAM_BUCKETS; i++) {
        for (struct stream *stream = publisher->streams[i]; stream != NULL; stream = stream->next_same_hash) {
            struct moved moved = {0};
            bool ours = publisher->options.is_ours(publisher->options.context, false, stream->name, &moved);
            /* Until somebody has it, nobody could be followed instead; what is in the table is right whoever reads it. */
            if (stream->subscriptions != NULL && !ours && moved.endpoint[0] != '\0')
                publish_dropped(publisher, stream->name);
            for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
                next = to->next_of_stream;
                recheck_follower(publisher, to);
            }
        }
    }
    hold_recheck(publisher);
}
