#include "proto/guard.h"

#include "proto/cursor.h"

size_t guard_object_size(const uint8_t *data, size_t size) {
    struct cursor cursor = {data, data + size};
    uint64_t left[GUARD_DEPTH_MAX]; /* objects still to come in each open array or map */
    size_t depth = 0;
    size_t objects = 0;

    do {
        if (++objects > GUARD_OBJECTS_MAX)
            return 0;
        struct token token = cursor_next(&cursor);
        if (token.kind == TOKEN_BROKEN)
            return 0;
        if (token.kind == TOKEN_ARRAY || token.kind == TOKEN_MAP) {
            uint64_t inside = token.kind == TOKEN_MAP ? 2 * (uint64_t)token.size : token.size;
            if (depth == GUARD_DEPTH_MAX || inside > (uint64_t)(cursor.end - cursor.at))
                return 0; /* each object inside takes at least one byte */
            if (inside > 0) {
                left[depth++] = inside;
                continue;
            }
        }
        while (depth > 0 && --left[depth - 1] == 0)
            depth--;
    } while (depth > 0);

    return (size_t)(cursor.at - data);
}

long guard_array_count(const uint8_t *data, size_t size, size_t *header) {
    struct cursor cursor = {data, data + size};
    struct token token = cursor_next(&cursor);
    if (token.kind != TOKEN_ARRAY || token.size > (size_t)(cursor.end - cursor.at))
        return -1;
    *header = (size_t)(cursor.at - data);
    return (long)token.size;
}
