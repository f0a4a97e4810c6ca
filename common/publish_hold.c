/* Follows that wait for a moment, because the sender may know sooner than we do that the stream is ours now. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/publish_parts.h"

#define HELD_MAX 4096 /* follows; what comes beyond is answered at once */

struct held_follow {
    struct held_follow *next;
    struct follower *follower;
    int64_t until; /* monotonic ms */
    struct follow follow;
};

static void append(struct publisher *publisher, struct held_follow *held) {
    struct held_follow **end = &publisher->held;
    while (*end != NULL)
        end = &(*end)->next;
    held->next = NULL;
    *end = held;
    publisher->held_count++;
}

static struct held_follow *take_out(struct publisher *publisher, struct held_follow **at) {
    struct held_follow *held = *at;
    *at = held->next;
    publisher->held_count--;
    return held;
}

void hold_forget(struct publisher *publisher, const struct follower *follower, const char *stream) {
    for (struct held_follow **at = &publisher->held; *at != NULL;) {
        if ((*at)->follower == follower && (stream == NULL || strcmp((*at)->follow.stream, stream) == 0))
            free(take_out(publisher, at));
        else
            at = &(*at)->next;
    }
}

bool hold_follow(struct publisher *publisher, struct follower *follower, const struct follow *follow) {
    if (publisher->options.hold_ms == 0 || publisher->held_count == HELD_MAX)
        return false;
    struct held_follow *held = malloc(sizeof *held);
    if (held == NULL)
        abort();
    *held = (struct held_follow){
        .follower = follower, .until = clock_monotonic_ms() + publisher->options.hold_ms, .follow = *follow};
    append(publisher, held);
    return true;
}

void hold_credit(struct publisher *publisher, const struct follower *follower, const struct credit *credit) {
    for (struct held_follow *held = publisher->held; held != NULL; held = held->next)
        if (held->follower == follower && strcmp(held->follow.stream, credit->stream) == 0 &&
            credit->more <= FOLLOW_CREDIT_MAX - held->follow.credit)
            held->follow.credit += credit->more;
}

void hold_recheck(struct publisher *publisher) {
    for (size_t left = publisher->held_count; left > 0 && publisher->held != NULL; left--) {
        struct held_follow *held = take_out(publisher, &publisher->held);
        if (follow_elsewhere(publisher, held->follower, &held->follow)) {
            append(publisher, held);
            continue;
        }
        subscription_follow(publisher, held->follower, &held->follow, false);
        free(held);
    }
}

void publish_held_turn(struct publisher *publisher) {
    while (publisher->held != NULL && publisher->held->until <= clock_monotonic_ms()) {
        struct held_follow *held = take_out(publisher, &publisher->held);
        subscription_follow(publisher, held->follower, &held->follow, false);
        free(held);
    }
}
