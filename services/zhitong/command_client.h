/* A client of routing: asks the owner of a case's shard to move it, and sees each command through to its answer. It joins
 * the mesh as a member for as long as it lives, since only members may ask routing for anything. */
#ifndef ZHITONG_COMMAND_CLIENT_H
#define ZHITONG_COMMAND_CLIENT_H

#include "common/db.h"
#include "common/wire.h"

struct command_answer {
    uint64_t tag;
    bool done;
    uint32_t version; /* when done: of the case */
    char state[25];
    struct reason why; /* when refused */
};

struct command_options {
    void *zmq;
    struct db *db; /* must know common_queries; borrowed, used in turns */
    void *context;
    void (*answered)(void *context, const struct command_answer *answer);
};

struct command_client;

MUST_CHECK int command_client_open(struct command_client **out, const struct command_options *options,
                                   struct reason *why);
void command_client_close(struct command_client **client);
/* Copies the command; its key must be unique. Sent again until it is done or refused. */
void command_client_send(struct command_client *client, const struct command *command, uint64_t tag);
size_t command_client_waiting(const struct command_client *client);
/* Deals with answers and retries; never blocks. */
void command_client_turn(struct command_client *client);

#endif
