/* A client of routing for the operator's commands: a guest in the mesh for as long as it lives, since only members may ask
 * routing for anything. Commands are sent again until they are done or refused (common/command_calls.h). */
#ifndef ZHITONG_COMMAND_CLIENT_H
#define ZHITONG_COMMAND_CLIENT_H

#include "common/command_calls.h"
#include "common/db.h"

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
