/* Text inside a JSON string. Pure. */
#ifndef ZHITONG_JSON_TEXT_H
#define ZHITONG_JSON_TEXT_H

#include <stddef.h>

/* The most bytes that one byte of text can become: \u0000. */
#define JSON_TEXT_GROWTH_MAX 6

/* Writes the inside of a JSON string (RFC 8259; no quotes, no final NUL) and returns its bytes. Whatever is not UTF-8
 * becomes U+FFFD. Stops before the first character that no longer fits into `room`; *taken (may be NULL) says how
 * many bytes of the text were written. */
size_t json_text(char *out, size_t room, const char *text, size_t size, size_t *taken);

#endif
