#include "common/measure_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"

#define FIRST_ROOM 1024

void measure_table_begin(struct measure_table *table, uint16_t shard) {
    if (table->arena == NULL)
        table->arena = arena_open();
    for (size_t i = 0; i < table->count; i++)
        table->facts[table->cases[i] / SHARD_COUNT] = NULL;
    arena_reset(table->arena);
    table->count = 0;
    table->shard = shard;
}

static void grow(struct measure_table *table, size_t seq) {
    size_t room = table->room == 0 ? FIRST_ROOM : table->room;

    while (room <= seq)
        room *= 2;
    table->facts = realloc(table->facts, room * sizeof(struct case_facts *));
    assert(table->facts != NULL);
    memset(table->facts + table->room, 0, (room - table->room) * sizeof(struct case_facts *));
    table->room = room;
}

struct case_facts *measure_table_at(struct measure_table *table, uint64_t case_id) {
    uint64_t seq = case_id / SHARD_COUNT;

    if (case_shard(case_id) != table->shard || seq > MEASURE_SEQ_MAX)
        return NULL;
    if (seq >= table->room)
        grow(table, seq);
    if (table->facts[seq] != NULL)
        return table->facts[seq];
    table->facts[seq] = arena_take(table->arena, sizeof(struct case_facts));
    memset(table->facts[seq], 0, sizeof(struct case_facts));
    if (table->count == table->cases_room) {
        table->cases_room = table->cases_room == 0 ? FIRST_ROOM : table->cases_room * 2;
        table->cases = realloc(table->cases, table->cases_room * sizeof *table->cases);
        assert(table->cases != NULL);
    }
    table->cases[table->count++] = case_id;
    return table->facts[seq];
}

void measure_table_close(struct measure_table *table) {
    arena_close(&table->arena);
    free(table->facts);
    free(table->cases);
    *table = (struct measure_table){0};
}
