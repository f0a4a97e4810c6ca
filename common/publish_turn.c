/* The publisher's rounds: heads and lag. */
#include <string.h>

#include "common/clock.h"
#include "common/publish_parts.h"

static void tell_heads(struct publisher *publisher, struct stream *stream) {
    struct head head = {.seq = stream->head};
    memcpy(head.stream, stream->name, sizeof stream->name);
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        if (wire_send(to->follower->socket, &to->follower->peer, MESSAGE_head, &head) != 0)
            follower_drop(publisher, to->follower); /* has one subscription on a stream: next stays valid */
    }
}

/* What was left out is told before the head is, so that the follower's cursor gets there. */
static void tell_skips(struct publisher *publisher, struct stream *stream) {
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        if (to->filter != NULL && to->start == STARTED)
            (void)!subscription_tell_skip(publisher, to);
    }
}

/* A read of the table that failed is tried again here. */
static void pump_stalled(struct publisher *publisher, struct stream *stream) {
    for (struct subscription *to = stream->subscriptions, *next; to != NULL; to = next) {
        next = to->next_of_stream;
        subscription_start(publisher, to);
        if (to->behind_since != 0)
            subscription_pump(publisher, to);
    }
    if (stream->subscriptions == NULL || stream->head_known)
        return;
    publisher->options.read_head(publisher->options.context, stream->name);
}

void publish_turn(struct publisher *publisher) {
    groups_turn(publisher);
    for (size_t i = 0; i < STREAM_BUCKETS; i++) {
        for (struct stream *stream = publisher->streams[i]; stream != NULL; stream = stream->next_same_hash) {
            pump_stalled(publisher, stream);
            tell_skips(publisher, stream);
            if (!stream->changed)
                continue;
            stream->changed = false;
            tell_heads(publisher, stream);
        }
    }
    struct head alive = {0};
    for (size_t i = 0; i < FOLLOWER_BUCKETS; i++) {
        for (struct follower *follower = publisher->followers[i], *next; follower != NULL; follower = next) {
            next = follower->next_same_hash;
            if (wire_send(follower->socket, &follower->peer, MESSAGE_head, &alive) != 0)
                follower_drop(publisher, follower);
        }
    }
}

void publish_hint(struct publisher *publisher, int32_t member, const char *stream, uint64_t seq) {
    struct head head = {.seq = seq};
    strncpy(head.stream, stream, sizeof head.stream - 1);
    for (size_t i = 0; i < FOLLOWER_BUCKETS; i++) {
        for (struct follower *follower = publisher->followers[i]; follower != NULL;
             follower = follower->next_same_hash) {
            if (follower->is_public || follower->member != member)
                continue;
            if (wire_send(follower->socket, &follower->peer, MESSAGE_head, &head) != 0)
                follower_drop(publisher, follower);
            return;
        }
    }
}

int64_t publish_behind_ms(const struct publisher *publisher, const char *except_service) {
    int64_t worst = 0, now = clock_monotonic_ms();
    for (size_t i = 0; i < FOLLOWER_BUCKETS; i++) {
        for (const struct follower *follower = publisher->followers[i]; follower != NULL;
             follower = follower->next_same_hash) {
            if (follower->is_public || follower->listens)
                continue; /* a slow department or page costs disk, nobody's speed */
            if (except_service != NULL && strcmp(follower->service, except_service) == 0)
                continue;
            if (follower->lag_ms > worst)
                worst = follower->lag_ms;
            for (const struct subscription *to = follower->subscriptions; to != NULL; to = to->next_of_follower)
                if (to->behind_since != 0 && now - to->behind_since > worst)
                    worst = now - to->behind_since;
        }
    }
    return worst;
}
