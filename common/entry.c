#include "common/entry.h"

#include <string.h>

#include "proto/guard.h"

static uint64_t big_endian(const uint8_t *data, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value = value << 8 | data[i];
    return value;
}

static uint64_t unsigned_value(const uint8_t *data, size_t size) {
    if (size == 1 && data[0] < 0x80) return data[0];
    if (data[0] >= 0xcc && data[0] <= 0xcf && size == (size_t)1 + (1u << (data[0] - 0xcc)))
        return big_endian(data + 1, size - 1);
    return 0;
}

/* Size of a map's header, 0 when it is none; messages have fewer than 65,536 keys. */
static size_t map_header(const uint8_t *data, size_t size) {
    if (size >= 1 && (data[0] & 0xf0) == 0x80) return 1;
    return size >= 3 && data[0] == 0xde ? 3 : 0;
}

uint64_t entry_case(const uint8_t *data, size_t size) {
    static const uint8_t key[] = {0xa4, 'c', 'a', 's', 'e'};
    size_t at = map_header(data, size);
    while (at != 0 && at < size) {
        size_t key_size = guard_object_size(data + at, size - at);
        if (key_size == 0 || at + key_size >= size) return 0;
        const uint8_t *value = data + at + key_size;
        size_t value_size = guard_object_size(value, size - at - key_size);
        if (value_size == 0) return 0;
        if (key_size == sizeof key && memcmp(data + at, key, sizeof key) == 0)
            return unsigned_value(value, value_size);
        at += key_size + value_size;
    }
    return 0;
}
