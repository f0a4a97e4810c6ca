/* The wire guard: nothing from outside reaches msgpack-c before its claimed lengths are checked against the bytes
 * that are really there (msgpack-c 4.0.0 allocates what `dd ff ff ff ff` claims). */
#ifndef ZHITONG_GUARD_H
#define ZHITONG_GUARD_H

#include <stddef.h>
#include <stdint.h>

#define GUARD_DEPTH_MAX 8
#define GUARD_OBJECTS_MAX 65536

/* Size in bytes of the one msgpack object at the start of data; 0 when it is malformed, claims more than is there,
 * nests deeper than GUARD_DEPTH_MAX, holds more than GUARD_OBJECTS_MAX objects, or uses ext types or 0xc1. */
size_t guard_object_size(const uint8_t *data, size_t size);

/* Reads an array header: returns its element count and sets *header to the header's size; -1 when it is none, or claims
 * more elements than bytes follow. The elements themselves are not looked at. */
long guard_array_count(const uint8_t *data, size_t size, size_t *header);

#endif
