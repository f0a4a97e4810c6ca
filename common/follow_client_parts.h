/* The follow client's parts: follow_client.c (asking, timers) and follow_client_hear.c (what the owner says). */
#ifndef ZHITONG_FOLLOW_CLIENT_PARTS_H
#define ZHITONG_FOLLOW_CLIENT_PARTS_H

#include "common/follow_client.h"

enum stage { STOPPED, FOLLOWING, NOBODY };

struct follow_client {
    struct follow_client_options options;
    struct endpoints endpoints;
    int endpoint; /* which of them we are connected to, -1: to moved_to */
    char stream[49];
    char server_key[WIRE_KEY_SIZE];
    struct moved moved_to;
    void *socket;
    enum stage stage;
    int64_t opened_ms, heard_ms, probed_ms, said_ms, progress_ms, ask_ms; /* monotonic; heard_ms 0: not yet */
    bool placed;       /* `received` is known: from a seq on, or since the owner has said where we begin */
    uint64_t received; /* last entry, in a group in the order in which they came */
    uint64_t said;     /* of it, what the owner has heard */
    uint64_t credit;   /* entries that may still come */
    uint64_t head;
    int moves;                           /* one after the other, without an entry */
    char sent_by[ENDPOINT_TEXT_MAX + 1]; /* who sent us to where we are; good while moves > 0 */
};

bool follow_client_in_group(const struct follow_client *client);
void follow_client_tell(const struct follow_client *client, const struct follow_news *news);
const char *follow_client_endpoint(const struct follow_client *client);
void follow_client_ask(struct follow_client *client);     /* follows from the cursor */
void follow_client_connect(struct follow_client *client); /* anew */
void follow_client_hear(struct follow_client *client);    /* deals with all that waits */

#endif
