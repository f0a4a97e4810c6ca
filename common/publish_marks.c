/* The marks of groups, and the rounds in which groups are looked at. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/publish_parts.h"

static bool is_unsaved(const struct group *group) {
    return group->deal != NULL && (!group->ever_saved || deal_mark(group->deal) != group->saved);
}

static bool is_over(const struct group *group) {
    return group->count == 0 && !group->saving && !is_unsaved(group);
}

static void save(struct publisher *publisher, struct group *group, int64_t now) {
    group->saving = true;
    group->saved_at = now;
    group->mark = deal_mark(group->deal);
    publisher->options.save_mark(publisher->options.context, group->stream->name, group->name, group->mark);
}

void publish_marks_turn(struct publisher *publisher) {
    if (publisher->groups == NULL)
        return;
    int64_t now = clock_monotonic_ms();
    for (struct group **at = &publisher->groups; *at != NULL;) {
        struct group *group = *at;
        if (!group->saving && is_unsaved(group) && now - group->saved_at >= GROUP_SAVE_MS)
            save(publisher, group, now);
        if (!is_over(group)) {
            at = &group->next;
            continue;
        }
        *at = group->next;
        deal_close(&group->deal);
        free(group);
    }
}

int publish_wait_ms(const struct publisher *publisher) {
    for (const struct group *group = publisher->groups; group != NULL; group = group->next)
        if (!group->saving && is_unsaved(group))
            return GROUP_SAVE_MS;
    return publisher->held != NULL ? (int)publisher->options.hold_ms : -1;
}

void publish_mark_saved(struct publisher *publisher, const struct group_mark *saved) {
    for (struct group *group = publisher->groups; group != NULL; group = group->next) {
        if (!group->saving || strcmp(group->name, saved->group) != 0 ||
            strcmp(group->stream->name, saved->stream) != 0 || group->mark != saved->mark)
            continue;
        group->saving = false;
        if (saved->failed)
            return; /* tried again */
        group->saved = group->mark;
        group->ever_saved = true;
        group_pass_gap(publisher, group);
        return;
    }
}

void groups_of_stream_gone(struct publisher *publisher, const struct stream *stream) {
    for (struct group *group = publisher->groups; group != NULL; group = group->next)
        if (group->stream == stream)
            group->gone = true;
}

/* Who has not said a word for long is told so, and may follow anew. */
static void drop_silent(struct publisher *publisher, struct stream *stream, int64_t now) {
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        struct reason why;
        next = to->next_of_stream;
        if (to->group == NULL || now - to->follower->heard_ms <= GROUP_SILENCE_MS)
            continue;
        (void)refuse(&why, "silence", "nothing was heard for %d s and others got what you had: follow again",
                     GROUP_SILENCE_MS / 1000);
        end_refused(publisher, to, &why);
    }
}

void groups_turn(struct publisher *publisher) {
    int64_t now = clock_monotonic_ms();
    for (struct group *group = publisher->groups; group != NULL; group = group->next) {
        drop_silent(publisher, group->stream, now);
        if (group->count == 0)
            continue;
        group_start(publisher, group);
        group_pump(publisher, group);
    }
}

void groups_close(struct publisher *publisher) {
    while (publisher->groups != NULL) {
        struct group *group = publisher->groups;
        publisher->groups = group->next;
        deal_close(&group->deal);
        free(group);
    }
}
