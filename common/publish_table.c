#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/metrics.h"
#include "common/publish_parts.h"

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint32_t hash_bytes(const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static struct stream **stream_bucket(struct publisher *publisher, const char *name) {
    return &publisher->streams[hash_bytes(name, strlen(name)) % STREAM_BUCKETS];
}

struct stream *stream_find(struct publisher *publisher, const char *name) {
    struct stream *stream = *stream_bucket(publisher, name);
    while (stream != NULL && strcmp(stream->name, name) != 0)
        stream = stream->next_same_hash;
    return stream;
}

struct stream *stream_add(struct publisher *publisher, const char *name) {
    struct stream *stream = stream_find(publisher, name);
    if (stream != NULL)
        return stream;
    stream = calloc(1, sizeof *stream);
    assert(stream != NULL);
    snprintf(stream->name, sizeof stream->name, "%s", name);
    struct stream **bucket = stream_bucket(publisher, name);
    stream->next_same_hash = *bucket;
    *bucket = stream;
    return stream;
}

static struct follower **follower_bucket(struct publisher *publisher, const struct wire_peer *peer) {
    return &publisher->followers[hash_bytes(peer->id, peer->size) % FOLLOWER_BUCKETS];
}

struct follower *follower_find(struct publisher *publisher, void *socket, const struct wire_peer *peer) {
    struct follower *follower = *follower_bucket(publisher, peer);
    while (follower != NULL && !(follower->socket == socket && wire_peer_same(&follower->peer, peer)))
        follower = follower->next_same_hash;
    return follower;
}

struct follower *follower_add(struct publisher *publisher, const struct publish_from *from,
                              const struct packet *packet) {
    struct follower *follower = calloc(1, sizeof *follower);
    assert(follower != NULL);
    follower->socket = from->socket;
    follower->is_public = from->is_public;
    follower->peer = packet->peer;
    memcpy(follower->user, packet->user, sizeof follower->user);
    struct follower **bucket = follower_bucket(publisher, &packet->peer);
    follower->next_same_hash = *bucket;
    *bucket = follower;
    return follower;
}

void follower_drop(struct publisher *publisher, struct follower *follower) {
    hold_forget(publisher, follower, NULL);
    while (follower->subscriptions != NULL)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed left the list */
        subscription_drop(publisher, follower->subscriptions);
    struct follower **at = follower_bucket(publisher, &follower->peer);
    while (*at != follower)
        at = &(*at)->next_same_hash;
    *at = follower->next_same_hash;
    free(follower);
}

struct subscription *subscription_find(const struct stream *stream, const struct follower *follower) {
    struct subscription *subscription = stream->subscriptions;
    while (subscription != NULL && subscription->follower != follower)
        subscription = subscription->next_of_stream;
    return subscription;
}

struct subscription *subscription_add(struct stream *stream, struct follower *follower) {
    struct subscription *subscription = calloc(1, sizeof *subscription);
    assert(subscription != NULL);
    subscription->stream = stream;
    subscription->follower = follower;
    subscription->member = -1;
    subscription->next_of_stream = stream->subscriptions;
    stream->subscriptions = subscription;
    subscription->next_of_follower = follower->subscriptions;
    follower->subscriptions = subscription;
    metric_add(METRIC_followers, 1);
    return subscription;
}

void subscription_drop(struct publisher *publisher, struct subscription *subscription) {
    struct subscription **at = &subscription->stream->subscriptions;
    subscription_applied(publisher, subscription, UINT64_MAX);
    publisher->departments -= subscription->follower->is_public;
    group_leave(subscription);
    while (*at != subscription)
        at = &(*at)->next_of_stream;
    *at = subscription->next_of_stream;
    at = &subscription->follower->subscriptions;
    while (*at != subscription)
        at = &(*at)->next_of_follower;
    *at = subscription->next_of_follower;
    if (subscription->stream->subscriptions == NULL)
        tail_forget(&publisher->tail, subscription->stream);
    metric_add(METRIC_followers, -1);
    free(subscription->filter);
    free(subscription);
}

struct publisher *publisher_open(const struct publisher_options *options) {
    struct publisher *publisher = calloc(1, sizeof *publisher);
    assert(publisher != NULL);
    publisher->options = *options;
    publisher->tail.bytes_max = options->tail_bytes_max;
    publish_city(publisher, NULL);
    return publisher;
}

void publisher_close(struct publisher **publisher) {
    if (*publisher == NULL)
        return;
    for (size_t i = 0; i < FOLLOWER_BUCKETS; i++)
        while ((*publisher)->followers[i] != NULL)
            /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what was freed left the list */
            follower_drop(*publisher, (*publisher)->followers[i]);
    groups_close(*publisher);
    bytes_close(&(*publisher)->frame);
    for (size_t i = 0; i < STREAM_BUCKETS; i++) {
        while ((*publisher)->streams[i] != NULL) {
            struct stream *stream = (*publisher)->streams[i];
            (*publisher)->streams[i] = stream->next_same_hash;
            tail_forget(&(*publisher)->tail, stream);
            free(stream);
        }
    }
    free(*publisher);
    *publisher = NULL;
}
