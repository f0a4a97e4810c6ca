/* Groups: members that share a stream. publish_deal.c decides who gets what. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "common/publish_parts.h"

/* ---- who belongs to it ---------------------------------------------------------------------------------------------------- */

static struct group *group_find(const struct publisher *publisher, const char *stream, const char *name) {
    for (struct group *group = publisher->groups; group != NULL; group = group->next)
        if (!group->gone && strcmp(group->name, name) == 0 && strcmp(group->stream->name, stream) == 0)
            return group;
    return NULL;
}

static int groups_of_stream(const struct publisher *publisher, const struct stream *stream) {
    int count = 0;
    for (const struct group *group = publisher->groups; group != NULL; group = group->next)
        count += group->stream == stream && !group->gone;
    return count;
}

static struct group *group_add(struct publisher *publisher, struct stream *stream, const struct follow *follow) {
    struct group *group = calloc(1, sizeof *group);
    assert(group != NULL);
    group->stream = stream;
    snprintf(group->name, sizeof group->name, "%s", follow->group);
    group->start = START_WANTED;
    group->next = publisher->groups;
    publisher->groups = group;
    return group;
}

/* A member of the list gets entries from now on. */
static int enter_deal(struct group *group, struct subscription *member) {
    member->member = deal_join(group->deal);
    assert(member->member >= 0); /* group->count is bounded by the same number */
    group->members[member->member] = member;
    deal_set_credit(group->deal, member->member, member->credit);
    return member->member;
}

int group_join(struct publisher *publisher, struct subscription *to, const struct follow *follow, struct reason *why) {
    struct group *group = group_find(publisher, to->stream->name, follow->group);
    if (group != NULL && group->count == DEAL_MEMBERS_MAX)
        return refuse(why, "group", "has %d members already", DEAL_MEMBERS_MAX);
    if (group != NULL && group->count > 0 && strcmp(group->filter_text, follow->filter) != 0)
        return refuse(why, "filter", "the group's other members follow with the filter \"%.100s\"", group->filter_text);
    if (group == NULL && groups_of_stream(publisher, to->stream) == GROUPS_PER_STREAM_MAX)
        return refuse(why, "group", "the stream has %d groups with members already", GROUPS_PER_STREAM_MAX);
    if (group == NULL)
        group = group_add(publisher, to->stream, follow);
    if (group->count == 0) {
        group->from = follow->from;
        group->from_at = follow->from_at;
        memcpy(group->filter_text, follow->filter, sizeof group->filter_text);
        if (filter_parse(&group->filter, follow->filter, publisher->city, why) != 0)
            return -1;
    }
    group->count++;
    to->group = group;
    to->start = STARTED;
    if (group->deal == NULL) {
        group_start(publisher, group);
        return 0;
    }
    enter_deal(group, to);
    struct head head = {.seq = to->stream->head};
    memcpy(head.stream, to->stream->name, sizeof to->stream->name);
    if (wire_send(to->follower->socket, &to->follower->peer, MESSAGE_head, &head) != 0)
        follower_drop(publisher, to->follower);
    group_pump(publisher, group);
    return 0;
}

/* What it had goes to others as soon as the group is pumped. */
void group_leave(struct subscription *member) {
    struct group *group = member->group;
    if (group == NULL)
        return;
    if (member->member >= 0) {
        deal_leave(group->deal, member->member);
        group->members[member->member] = NULL;
    }
    group->count--;
    member->group = NULL;
    member->member = -1;
}

static struct subscription *any_member(const struct group *group) {
    for (struct subscription *to = group->stream->subscriptions; to != NULL; to = to->next_of_stream)
        if (to->group == group)
            return to;
    return NULL;
}

/* ---- where it begins -------------------------------------------------------------------------------------------------------- */

void publish_mark_loaded(struct publisher *publisher, const struct group_mark *loaded) {
    struct group *group = group_find(publisher, loaded->stream, loaded->group);
    if (group == NULL || group->loaded || !group->load_asked)
        return;
    group->load_asked = false;
    if (loaded->failed)
        return; /* asked again in the next round */
    group->loaded = true;
    group->found = group->ever_saved = loaded->found;
    group->mark = group->saved = loaded->found ? loaded->mark : 0;
    group_start(publisher, group);
}

/* What the group can no longer get, its members hear; one that then follows from behind the gap takes the group there. */
static bool is_started(struct publisher *publisher, struct group *group, const struct stream_start *start,
                       uint64_t *next) {
    struct reason why;
    bool is_gone = group->mark + 1 < start->first && group->from >= start->first;
    uint64_t going = voids_going(&start->voids, group->mark + 1);
    bool is_void = going != group->mark + 1 && group->from >= going;
    bool over_gap = group->found && (is_gone || is_void);
    uint64_t from = group->found && !over_gap ? group->mark + 1 : group->from;
    *next = start_seq(from, group->from_at, start, &why);
    for (struct subscription *to; *next == 0 && (to = any_member(group)) != NULL;)
        end_refused(publisher, to, &why);
    for (struct subscription *to; *next != 0 && *next < start->first && (to = any_member(group)) != NULL;)
        send_truncated(publisher, to, &(struct gap){*next, start->first}, &start->voids);
    return group->count > 0;
}

void group_started(struct publisher *publisher, struct group *group, const struct stream_start *start) {
    uint64_t next;
    group->start = START_WANTED;
    if (start->failed)
        return; /* asked again in the next round */
    if (group->gap.from != 0) {
        for (struct subscription *to; (to = any_member(group)) != NULL;)
            send_truncated(publisher, to, &group->gap, &start->voids);
        group->gone = true; /* it starts anew from its mark */
        return;
    }
    group->gone = !is_started(publisher, group, start, &next);
    if (group->gone)
        return; /* whoever follows next finds it anew */
    group->start = STARTED;
    group->deal = deal_open(next - 1);
    for (struct subscription *to = group->stream->subscriptions; to != NULL; to = to->next_of_stream)
        if (to->group == group)
            enter_deal(group, to);
    group->stream->changed = true; /* the members hear of the head */
    group_pump(publisher, group);
}

/* ---- sending ------------------------------------------------------------------------------------------------------------------ */

/* Deals the entry; what is in the frame goes off first when it is not for the same member or not the one before it. */
static void deal_one(struct publisher *publisher, struct group *group, struct frame_run *frame, uint64_t seq,
                     const struct run *run) {
    struct moved_facts facts;
    size_t size;
    const uint8_t *body = run_entry(run, (uint32_t)(seq - run->first), &size);
    bool fresh = seq == deal_next(group->deal);
    if (moved_facts_read(body, size, FACTS_ALL, &facts) != 0) {
        journal_say(JOURNAL_ERROR, "entry_unreadable", "entry %llu of %s is no case_moved and was left out",
                    (unsigned long long)seq, group->stream->name);
        deal_leave_out(group->deal, seq);
        return;
    }
    if (fresh && !filter_match_facts(&group->filter, publisher->city, &facts)) {
        deal_leave_out(group->deal, seq);
        return;
    }
    int number = deal_entry(group->deal, seq, facts.case_id);
    if (number < 0)
        return;
    struct subscription *to = group->members[number];
    bool follows = frame->to == to && frame->first + frame->count == seq && !frame_full(publisher, frame, size);
    if (!follows) {
        (void)!frame_flush(publisher, frame);
        to = group->members[number];
        if (to == NULL)
            return; /* it was the frame's, and is gone: the entry waits again */
        *frame = (struct frame_run){.to = to, .first = seq};
    }
    assert(to != NULL); /* the deal gives to members that there are */
    bool wrapped = to->follower->is_public && publisher->options.events;
    frame_add(publisher, frame, wrapped ? &facts : NULL, body, size);
}

static void deal_run(struct publisher *publisher, struct group *group, const struct run *run) {
    struct frame_run frame = {.to = NULL};
    for (uint64_t seq = run->first; seq < run->first + run->count; seq++) {
        if (seq >= deal_next(group->deal) && deal_wanted(group->deal) == 0)
            break;
        deal_one(publisher, group, &frame, seq, run);
    }
    (void)!frame_flush(publisher, &frame);
}

/* Behind a gap nothing is read any more; what comes back from a member before it is dealt again. */
static bool is_there(const struct group *group, uint64_t seq) {
    return seq != 0 && seq <= group->stream->head && (group->gap.from == 0 || seq < group->gap.from);
}

void group_pump(struct publisher *publisher, struct group *group) {
    uint64_t seq;
    if (group->deal == NULL || group->gone || group->start != STARTED)
        return;
    while (group->reading == 0 && is_there(group, seq = deal_wanted(group->deal))) {
        const struct chunk *chunk = tail_find(group->stream, seq);
        struct run run;
        if (chunk == NULL) {
            uint64_t missing = group->stream->head - seq + 1;
            group->reading = seq;
            publisher->options.read(publisher->options.context, group->stream->name, seq,
                                    (uint32_t)(missing < READ_ENTRIES_MAX ? missing : READ_ENTRIES_MAX));
            return;
        }
        run = run_of_chunk(chunk, seq);
        deal_run(publisher, group, &run);
    }
}

void group_read_done(struct publisher *publisher, struct group *group, const struct read_rows *rows) {
    group->reading = 0;
    if (rows->failed || group->deal == NULL || group->gone)
        return;
    if (rows->count == 0 || rows->first != rows->from) {
        group->gap = (struct gap){rows->from, rows->first};
        group_pass_gap(publisher, group);
        group_pump(publisher, group);
        return;
    }
    struct run run = {.first = rows->first, .count = rows->count, .bodies = rows->bodies, .sizes = rows->sizes};
    deal_run(publisher, group, &run);
    metric_add(METRIC_replayed_total, rows->count);
    group_pump(publisher, group);
}

int group_credit(struct publisher *publisher, struct subscription *member, const struct credit *credit,
                 struct reason *why) {
    struct group *group = member->group;
    uint64_t has = member->member < 0 ? member->credit : deal_credit(group->deal, member->member);
    uint64_t total = has + credit->more;
    if (total > FOLLOW_CREDIT_MAX)
        return refuse(why, "more", "credit ends at %d", FOLLOW_CREDIT_MAX);
    if (member->member < 0) {
        member->credit = total;
        return 0;
    }
    if (deal_applied(group->deal, member->member, credit->applied) != 0)
        return refuse(why, "applied", "nothing beyond %llu was sent", (unsigned long long)(deal_next(group->deal) - 1));
    deal_set_credit(group->deal, member->member, total);
    group_pump(publisher, group);
    return 0;
}
