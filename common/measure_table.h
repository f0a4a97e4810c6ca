/* The facts of one shard's cases in memory, by case id. Inside common/measure_*.c only. */
#ifndef ZHITONG_MEASURE_TABLE_H
#define ZHITONG_MEASURE_TABLE_H

#include "common/arena.h"
#include "common/case_facts.h"

struct measure_table { /* zero-initialised is empty */
    struct arena *arena;
    struct case_facts **facts; /* by the report's seq: case ids of a shard are dense; NULL: not met */
    size_t room;
    uint64_t *cases; /* those met, in the order in which they were */
    size_t count, cases_room;
    uint16_t shard;
};

#define MEASURE_SEQ_MAX UINT64_C(0x3fffffff) /* of a report in its shard */

void measure_table_begin(struct measure_table *table, uint16_t shard);
/* The facts of that case, zeroed when it is new; NULL when its id is not one of this shard. */
struct case_facts *measure_table_at(struct measure_table *table, uint64_t case_id);
void measure_table_close(struct measure_table *table);

#endif
