/* Inner parts of the client of intake: its endpoints and the reports under way, found by key. */
#ifndef ZHITONG_SUBMIT_CLIENT_PARTS_H
#define ZHITONG_SUBMIT_CLIENT_PARTS_H

#include "common/submit_client.h"

struct slot { /* a report under way */
    char key[65];
    uint32_t next; /* with the same hash, or the next free one */
    uint64_t tag;
    int64_t began_us;
    int64_t sent_ms;  /* last sending */
    int64_t retry_ms; /* after busy: when to send again; 0: an answer is awaited */
    int8_t endpoint;  /* -1: none has a connection; then retry_ms is set */
    int8_t busy;      /* endpoints that said so, one after the other */
    struct bytes message;
};

struct endpoint {
    char name[ENDPOINT_TEXT_MAX + 1];
    void *socket;
    int64_t heard_ms;
    int64_t avoid_until_ms;
    bool connected; /* when something was sent the last time */
};

struct submit_client {
    struct submit_options options;
    struct endpoint endpoints[ENDPOINTS_MAX];
    int endpoint_count, next_endpoint;
    struct slot *slots;
    uint32_t *buckets, bucket_mask;
    uint32_t free, waiting;
    int64_t swept_ms, quiet_since_ms;
    struct submit_counts counts;
};

/* ---- submit_client_slots.c */
void submit_slots_open(struct submit_client *client);
void submit_slots_close(struct submit_client *client);
struct slot *submit_slot_take(struct submit_client *client, const char *key); /* there is room */
struct slot *submit_slot_find(struct submit_client *client, const char *key); /* NULL: none has this key */
void submit_slot_free(struct submit_client *client, struct slot *slot);

#endif
