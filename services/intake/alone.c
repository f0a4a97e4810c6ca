#include "services/intake/alone.h"

#include "common/clock.h"

#define BETWEEN_TICKS_MS_MAX 1000

void alone_note(struct alone *alone, const struct batch *batch) {
    int64_t now = clock_monotonic_ms();
    size_t count;
    (void)batch_shards(batch, &count);
    if (!alone->is || now - alone->seen > BETWEEN_TICKS_MS_MAX)
        alone->since = now;
    alone->is = count == SHARD_COUNT;
    alone->seen = now;
}

bool alone_since(const struct alone *alone, int64_t at_ms) {
    return alone->is && alone->since < at_ms;
}

bool batch_owns(const struct batch *batch, uint64_t case_id) {
    size_t count;
    const int16_t *shards = batch_shards(batch, &count);
    for (size_t i = 0; i < count; i++)
        if (shards[i] == (int16_t)case_shard(case_id))
            return true;
    return false;
}
