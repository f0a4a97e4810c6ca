/* A lane: one thread with one database connection that runs works, one after the other.
 *
 * A work is tried as one transaction. The world failed → it comes back as WORK_RETRY and the next work reads the shard
 * rows first. The data is bad (SQLSTATE 22, 23) → halves are tried on their own until the one offender is found, which
 * is parked (an entry) or refused (a request). Another replica owns a shard → its inputs come back OUTCOME_LOST. */
#ifndef ZHITONG_LANE_H
#define ZHITONG_LANE_H

#include "common/service.h"
#include "common/work.h"

struct lane;

struct lane_options {
    const struct service *service;
    const struct settings *settings;
    const char *database_url;
    struct mailbox *done; /* where works come back to */
    int32_t lane;         /* its number, for the journal */
};

struct lane *lane_open(const struct lane_options *options);
void lane_put(struct lane *lane, struct work *take_work);
void lane_close(struct lane **lane); /* waits for the work under way */

#endif
