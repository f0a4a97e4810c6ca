/* How the streams that are served here stand: for metrics. Loop's thread only. */
#ifndef ZHITONG_PUBLISH_SERIES_H
#define ZHITONG_PUBLISH_SERIES_H

#include "common/publish.h"

#define HEADS_READ_PER_LOOK_MAX 100

struct stream_standing {
    const char *name; /* borrowed during the call */
    uint64_t head;
    uint32_t followers;
    uint64_t
        lag_entries; /* committed, and not yet sent to the follower, or finished by the group, that is furthest behind; 0 without any */
};

/* Calls `say` for every stream that is ours and not empty, as far as we know: one that was followed or had an entry since we began.
 * Heads that may be old are read anew, HEADS_READ_PER_LOOK_MAX at a time: the next look has them. */
void publish_each_stream(struct publisher *publisher,
                         void (*say)(void *context, const struct stream_standing *standing), void *context);

#endif
