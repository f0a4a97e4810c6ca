/* Commands on their way to routing: each is sent to the owner of its case's shard and seen through to its answer, wherever the
 * shard goes meanwhile. Never blocks; for who is a member of the mesh, since only members may ask routing for anything.
 *
 *   moved, no answer for a second   sent again, to whoever is the owner then
 *   busy                            sent again after the time that it names, or the end (busy_ends)
 *   no answer for patience_ms       the end: nobody knows whether it was done; the same key asked again will tell
 *   done, refused                   the end */
#ifndef ZHITONG_COMMAND_CALLS_H
#define ZHITONG_COMMAND_CALLS_H

#include "common/mesh.h"

enum command_outcome { COMMAND_DONE, COMMAND_REFUSED, COMMAND_BUSY, COMMAND_UNKNOWN };

struct command_answer {
    uint64_t tag;
    enum command_outcome outcome;
    bool done;
    uint32_t version; /* when done: of the case */
    char state[25];
    struct reason why;       /* when not done */
    uint64_t retry_after_ms; /* when busy */
};

struct command_calls_options {
    void *zmq;
    const struct wire_keys *keys; /* of the member; borrowed */
    void *context;
    /* The replica of routing that owns the shard; NULL: nobody is known now. */
    const struct member *(*owner)(void *context, uint16_t shard);
    void (*answered)(void *context, const struct command_answer *answer);
    int64_t patience_ms; /* 0: for ever */
    bool busy_ends;
};

struct command_calls;
struct command_calls *command_calls_open(const struct command_calls_options *options);
void command_calls_close(struct command_calls **calls); /* what waits is not answered */
/* Copies the command. Two with one key may be under way: each gets an answer. */
void command_calls_send(struct command_calls *calls, const struct command *command, uint64_t tag);
size_t command_calls_waiting(const struct command_calls *calls);
void command_calls_turn(struct command_calls *calls);
size_t command_calls_sockets(const struct command_calls *calls, void **sockets, size_t room);
int command_calls_wait_ms(const struct command_calls *calls); /* until something is due; -1: nothing is */

#endif
