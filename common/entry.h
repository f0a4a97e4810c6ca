/* Looking into an encoded log entry without decoding it. */
#ifndef ZHITONG_ENTRY_H
#define ZHITONG_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/* The value of the key "case", 0 when the entry has none. The guard must have passed the bytes. */
uint64_t entry_case(const uint8_t *data, size_t size);

#endif
