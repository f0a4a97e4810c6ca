/* Where follows begin: at a seq, at an instant or at the end, which the table knows. */
#include <stdio.h>
#include <string.h>

#include "common/publish_parts.h"

uint64_t start_seq(uint64_t from, int64_t from_at, const struct stream_start *start, struct reason *why) {
    if (from > start->head + 1) {
        (void)refuse(why, "from", "the stream ends at %llu: what you have comes from elsewhere",
                     (unsigned long long)start->head);
        return 0;
    }
    if (from > 0)
        return from;
    if (from_at == 0)
        return start->head + 1;
    return start->at > start->first ? start->at : start->first;
}

void subscription_start(struct publisher *publisher, struct subscription *to) {
    if (to->start != START_WANTED || to->group != NULL)
        return;
    to->start = START_ASKED;
    to->token = ++publisher->tokens;
    publisher->options.read_start(publisher->options.context, to->stream->name, to->from_at, to->token);
}

void group_start(struct publisher *publisher, struct group *group) {
    if (!group->loaded && !group->load_asked && !group->gone) {
        group->load_asked = true;
        publisher->options.load_mark(publisher->options.context, group->stream->name, group->name);
    }
    if (!group->loaded || group->start != START_WANTED)
        return;
    group->start = START_ASKED;
    group->token = ++publisher->tokens;
    publisher->options.read_start(publisher->options.context, group->stream->name, group->from_at, group->token);
}

void subscription_gap(struct publisher *publisher, struct subscription *to, const struct read_rows *rows) {
    to->gap = (struct gap){rows->from, rows->first};
    if (publisher->options.read_start == NULL) { /* a service's own stream: no restore leaves anything out of it */
        send_truncated(publisher, to, &to->gap, &(struct voids){0});
        return;
    }
    to->start = START_WANTED;
    subscription_start(publisher, to);
}

void group_pass_gap(struct publisher *publisher, struct group *group) {
    bool finished = group->ever_saved && !group->saving && group->saved + 1 == group->gap.from;
    if (group->gap.from == 0 || group->gone || group->start != STARTED || !finished)
        return;
    group->start = START_WANTED;
    group_start(publisher, group);
}

static void subscription_started(struct publisher *publisher, struct subscription *to,
                                 const struct stream_start *start) {
    struct reason why;
    if (to->gap.from != 0) {
        send_truncated(publisher, to, &to->gap, &start->voids);
        return;
    }
    uint64_t next = start_seq(to->from, to->from_at, start, &why);
    if (next == 0) {
        end_refused(publisher, to, &why);
        return;
    }
    if (next < start->first) {
        send_truncated(publisher, to, &(struct gap){next, start->first}, &start->voids);
        return;
    }
    struct head head = {.seq = to->stream->head};
    memcpy(head.stream, to->stream->name, sizeof to->stream->name);
    to->start = STARTED;
    to->next = next;
    to->applied = next - 1;
    to->told = to->from == 0 ? UINT64_MAX : next - 1;
    if (wire_send(to->follower->socket, &to->follower->peer, MESSAGE_head, &head) != 0) {
        follower_drop(publisher, to->follower);
        return;
    }
    if (subscription_tell_skip(publisher, to) == 0)
        subscription_pump(publisher, to);
}

static void started_or_again(struct publisher *publisher, struct subscription *to, const struct stream_start *start) {
    if (start->failed)
        to->start = START_WANTED; /* asked again in the next round */
    else
        subscription_started(publisher, to, start);
}

void publish_started(struct publisher *publisher, const struct stream_start *start) {
    struct stream *stream = stream_find(publisher, start->stream);
    if (stream == NULL)
        return;
    if (!start->failed)
        publish_head(publisher, start->stream, start->head);
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        if (to->start == START_ASKED && to->token == start->token && to->group == NULL)
            started_or_again(publisher, to, start);
    }
    for (struct group *group = publisher->groups; group != NULL; group = group->next)
        if (group->stream == stream && group->start == START_ASKED && group->token == start->token)
            group_started(publisher, group, start);
}
