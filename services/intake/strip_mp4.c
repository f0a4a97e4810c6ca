#include <string.h>

#include "services/intake/strip.h"

/* ISO/IEC 14496-12. Boxes keep their places, because tables in the file point at them. */
#define HEAD_BYTES 8
#define DEPTH_MAX 3 /* file, moov, trak */

struct level {
    size_t at, end;
};

static uint32_t read_4(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool is_one_of(const uint8_t *type, const char (*names)[5], size_t count) {
    for (size_t i = 0; i < count; i++)
        if (memcmp(type, names[i], 4) == 0)
            return true;
    return false;
}

static void take_box(uint8_t *box, size_t head, size_t size) {
    static const char private[][5] = {"udta", "meta", "uuid", "free", "skip"};
    if (!is_one_of(box + 4, private, sizeof private / sizeof private[0]))
        return;
    memcpy(box + 4, "free", 4);
    memset(box + head, 0, size - head);
}

/* The size of the box at `at`, and of its head; 0: broken. */
static size_t box_size(const uint8_t *box, size_t left, size_t *head) {
    *head = HEAD_BYTES;
    if (left < HEAD_BYTES)
        return 0;
    uint64_t size = read_4(box);
    if (size == 0)
        size = left;
    if (size == 1 && left >= 16) {
        *head = 16;
        size = (uint64_t)read_4(box + 8) << 32 | read_4(box + 12);
    }
    return size < *head || size > left ? 0 : (size_t)size;
}

int strip_mp4(const struct bytes *in, struct bytes *out, struct strip *found, struct reason *why) {
    static const char opened[][5] = {"moov", "trak"};
    size_t start = out->size, depth = 0, parts = 0;
    struct level levels[DEPTH_MAX] = {{0, in->size}};
    bool film = false;
    (void)found;
    bytes_append(out, in->data, in->size);
    while (depth > 0 || levels[0].at < levels[0].end) {
        struct level *level = &levels[depth];
        if (level->at == level->end) {
            depth--;
            continue;
        }
        uint8_t *box = out->data + start + level->at;
        size_t head, size = box_size(box, level->end - level->at, &head);
        if (size == 0 || ++parts > STRIP_PARTS_MAX)
            return refuse(why, "file", "is a broken MP4, or ends before its end");
        film = film || memcmp(box + 4, "moov", 4) == 0;
        take_box(box, head, size);
        size_t inside = level->at + head;
        level->at += size;
        if (depth + 1 < DEPTH_MAX && is_one_of(box + 4, opened, 2))
            levels[++depth] = (struct level){inside, level->at};
    }
    return film ? 0 : refuse(why, "file", "is an MP4 without a film");
}
