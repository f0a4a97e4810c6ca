#include "common/city_keep.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *keep_room(size_t count, size_t size) {
    void *room = calloc(count + 1, size);
    assert(room != NULL);
    return room;
}

size_t keep_bytes(const struct city_draft *draft, enum city_table table) {
    size_t bytes = 0;
    for (size_t row = 0; row < draft->tables[table].count; row++)
        for (size_t column = 0; column < city_table_spec(table)->column_count; column++)
            bytes += strlen(draft_field(draft, table, row, column)) + 1;
    return bytes;
}

const char *keep_text(char **end, const char *text) {
    size_t size = strlen(text) + 1;
    char *kept = memcpy(*end, text, size);
    *end += size;
    return kept;
}
