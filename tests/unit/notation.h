/* Bytes as a test writes them. */
#ifndef ZHITONG_TESTS_NOTATION_H
#define ZHITONG_TESTS_NOTATION_H

#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"

/* "84 a1 't' a6 'follow'" → bytes: hex pairs, and between quotes what stands for itself. The caller closes them. */
static inline struct bytes bytes_of(const char *notation) {
    struct bytes bytes = {0};
    for (const char *at = notation; *at;) {
        if (*at == ' ') {
            at++;
        } else if (*at == '\'') {
            size_t size = strcspn(at + 1, "'");
            bytes_append(&bytes, at + 1, size);
            at += size + 2;
        } else {
            uint8_t byte = (uint8_t)strtoul((char[]){at[0], at[1], 0}, NULL, 16);
            bytes_append(&bytes, &byte, 1);
            at += 2;
        }
    }
    bytes.data = realloc(bytes.data, bytes.size ? bytes.size : 1); /* exact, so that ASan sees a read past the end */
    bytes.room = bytes.size;
    if (!bytes.data)
        abort();
    return bytes;
}

#endif
