/* Looking into an encoded log entry without decoding it. */
#ifndef ZHITONG_ENTRY_H
#define ZHITONG_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/* The value of the key "case", 0 when the entry has none. The guard must have passed the bytes. */
uint64_t entry_case(const uint8_t *data, size_t size);

/* The idempotency key of a request that may be malformed elsewhere, so that its asker knows what was refused; "" when
 * there is none that can be repeated (printable ASCII of at most ENTRY_KEY_MAX bytes). Takes any bytes. */
#define ENTRY_KEY_MAX 64
void entry_key(const uint8_t *data, size_t size, char text[ENTRY_KEY_MAX + 1]);

#endif
