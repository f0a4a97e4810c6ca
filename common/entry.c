#include "common/entry.h"

#include <string.h>

#include "proto/guard.h"

static uint64_t big_endian(const uint8_t *data, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | data[i];
    return value;
}

static uint64_t unsigned_value(const uint8_t *data, size_t size) {
    if (size == 1 && data[0] < 0x80)
        return data[0];
    if (data[0] >= 0xcc && data[0] <= 0xcf && size == (size_t)1 + (1u << (data[0] - 0xcc)))
        return big_endian(data + 1, size - 1);
    return 0;
}

/* Size of a map's header, 0 when it is none; messages have fewer than 65,536 keys. */
static size_t map_header(const uint8_t *data, size_t size) {
    if (size >= 1 && (data[0] & 0xf0) == 0x80)
        return 1;
    return size >= 3 && data[0] == 0xde ? 3 : 0;
}

struct place { /* an encoded value */
    const uint8_t *data;
    size_t size; /* 0: not there */
};

static struct place find_value(const uint8_t *data, size_t size, const uint8_t *key, size_t key_size) {
    size_t at = map_header(data, size);
    while (at != 0 && at < size) {
        size_t name_size = guard_object_size(data + at, size - at);
        if (name_size == 0 || at + name_size >= size)
            break;
        const uint8_t *value = data + at + name_size;
        size_t value_size = guard_object_size(value, size - at - name_size);
        if (value_size == 0)
            break;
        if (name_size == key_size && memcmp(data + at, key, key_size) == 0)
            return (struct place){value, value_size};
        at += name_size + value_size;
    }
    return (struct place){NULL, 0};
}

uint64_t entry_case(const uint8_t *data, size_t size) {
    static const uint8_t key[] = {0xa4, 'c', 'a', 's', 'e'};
    struct place found = find_value(data, size, key, sizeof key);
    return found.size > 0 ? unsigned_value(found.data, found.size) : 0;
}

void entry_key(const uint8_t *data, size_t size, char text[ENTRY_KEY_MAX + 1]) {
    static const uint8_t key[] = {0xa3, 'k', 'e', 'y'};
    struct place found = find_value(data, size, key, sizeof key);
    text[0] = '\0';
    if (found.size == 0)
        return;
    size_t header = (found.data[0] & 0xe0) == 0xa0 ? 1 : found.data[0] == 0xd9 ? 2 : 0;
    if (header == 0 || found.size - header > ENTRY_KEY_MAX)
        return;
    for (size_t i = header; i < found.size; i++)
        if (found.data[i] < 0x20 || found.data[i] > 0x7e)
            return;
    memcpy(text, found.data + header, found.size - header);
    text[found.size - header] = '\0';
}
