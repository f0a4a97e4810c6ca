/* What the owner of a stream says: the header frame of each message, read into a value. Inside libzhitong-follow; pure. */
#ifndef ZHITONG_OWNER_H
#define ZHITONG_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum owner_word {
    OWNER_OTHER, /* of a later version: not for us */
    OWNER_ENTRIES,
    OWNER_HEAD,
    OWNER_SKIP,
    OWNER_MOVED,
    OWNER_TRUNCATED,
    OWNER_REFUSED
};

struct owner_message {
    enum owner_word word;
    char stream[49];
    uint64_t seq;          /* of head and skip */
    uint64_t first, count; /* of entries; first of truncated */
    uint64_t void_from;    /* of truncated */
    char endpoint[129], curve_key[41];
    char field[65], reason[257];
};

/* false: no map of the form that the protocol gives its messages, or a text longer than its limit there. */
bool owner_message_read(const uint8_t *data, size_t size, struct owner_message *message);

#endif
