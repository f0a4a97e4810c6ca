/* Whether a lane has all shards to itself: then it takes reports one batch after the other, and each batch sees all before it. */
#ifndef ZHITONG_INTAKE_ALONE_H
#define ZHITONG_INTAKE_ALONE_H

#include "common/batch.h"

struct alone { /* zeros: not known yet */
    bool is;
    int64_t since, seen; /* monotonic ms */
};

/* At every tick, whose batch has all shards of the lane. A second without a tick begins anew: shards may have come and gone. */
void alone_note(struct alone *alone, const struct batch *batch);
/* Whether it was so at every tick since that monotonic instant. */
bool alone_since(const struct alone *alone, int64_t at_ms);

/* Whether the batch may write that case. */
bool batch_owns(const struct batch *batch, uint64_t case_id);

#endif
