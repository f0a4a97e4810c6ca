/* What filters and envelopes need of a case_moved, read from its bytes without decoding all of it. Pure. */
#ifndef ZHITONG_MOVED_FACTS_H
#define ZHITONG_MOVED_FACTS_H

#include "common/city.h"
#include "common/traceparent.h"
#include "proto/codec.h"

struct moved_facts { /* absent fields are "" and 0 */
    uint64_t case_id, version, tier;
    int64_t at;
    char move[25], state[25], severity[17];
    char traceparent[TRACEPARENT_SIZE + 1]; /* whatever the bytes say; "": none */
    char channel[CODE_MAX + 1], item[CODE_MAX + 1], area[CODE_MAX + 1];
};

enum facts_wanted {
    FACTS_NAMES, /* case, version, at, move and traceparent: reading ends as soon as it has them */
    FACTS_ALL
};

/* -1: the bytes are no case_moved, or one of these fields is missing or has another type. Takes any bytes. */
MUST_CHECK int moved_facts_read(const uint8_t *data, size_t size, enum facts_wanted wanted, struct moved_facts *facts);
void moved_facts_of(const struct case_moved *moved, struct moved_facts *facts);

#endif
