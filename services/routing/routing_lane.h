/* What a lane of routing keeps, and how a move that was decided goes out. */
#ifndef ZHITONG_ROUTING_LANE_H
#define ZHITONG_ROUTING_LANE_H

#include "services/routing/case_store.h"

struct carried_out { /* a command's outcome, of before or of this batch */
    struct carried_out *next;
    uint64_t case_id;
    char key[65];
    uint32_t version;
    char state[25];
};

struct routing_lane {
    struct case_store cases;
    struct column ask_shards, ask_cases, ask_keys; /* of routing_commands */
    struct column commands[5];                     /* of routing_save_commands */
    struct column counted[3];                      /* of routing_counted */
    struct column looked[2];                       /* of routing_orphans: parents and cases */
    struct merged_look {                           /* how far the merged cases of a shard were looked at */
        int64_t parent, case_id;
    } merged[SHARD_COUNT];
    int64_t recounted_at; /* monotonic ms of the last look for what must be counted anew */
    struct carried_out *carried_out;
    struct case_moved moved;
    struct report_kept report;
    struct bytes scratch;
};

/* Appends the move in lane->moved to the log, chained to the case's entry before it. */
void routing_emit(struct batch *batch, struct touched_case *touched);

#endif
