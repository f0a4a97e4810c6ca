/* Following units' streams at notification's mesh endpoint, for who is a member of the mesh: one connection a replica of notification,
 * however many streams. Entries come in order, without a gap or a double, whatever reconnects, moves or dies. Loop's thread only. */
#ifndef ZHITONG_DESK_LIVE_FOLLOW_H
#define ZHITONG_DESK_LIVE_FOLLOW_H

#include "common/mesh.h"

#define LIVE_LINKS_MAX 32 /* replicas of notification */

struct live_follow_options {
    void *zmq;
    const struct wire_keys *keys; /* of the member; borrowed */
    uint32_t credit;              /* entries of a stream that may be under way, 2 to 10000 */
    bool grants;                  /* credit is granted as entries come; false: by live_follow_grant alone */
    void *context;
    /* The replica of notification that owns the stream; NULL: nobody is known now. */
    const struct member *(*owner)(void *context, const char *stream);
    /* The stream's last seq, where it was followed from 0, or where it ends before what was asked for: the next entry comes after it. */
    void (*head)(void *context, const char *stream, uint64_t seq);
    /* A case_moved of `size` bytes that the guard has passed; borrowed. */
    void (*entry)(void *context, const char *stream, uint64_t seq, const uint8_t *data, size_t size);
    /* Entries before first are gone; nothing comes until the stream is started again. */
    void (*truncated)(void *context, const char *stream, uint64_t first);
};

struct live_follow;
struct live_follow *live_follow_open(const struct live_follow_options *options);
void live_follow_close(struct live_follow **follow);

/* Follows the stream from this seq on; 0: from what comes from now on. In place of an earlier follow of it. */
void live_follow_start(struct live_follow *follow, const char *name, uint64_t from);
void live_follow_stop(struct live_follow *follow, const char *name);
void live_follow_grant(struct live_follow *follow, const char *name, uint32_t more);

/* Reads what waits, and sees to silence and to streams that moved. The three functions above may be called from its callbacks. */
void live_follow_turn(struct live_follow *follow);
size_t live_follow_sockets(const struct live_follow *follow, void **sockets, size_t room);

#endif
