/* What may stand in a text that is kept or sent: valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past
 * U+10FFFF) without control characters (U+0000–1F, 7F–9F) other than tab and newline. */
#ifndef ZHITONG_TEXT_H
#define ZHITONG_TEXT_H

#include <stddef.h>

/* Bytes of `text` up to the first that breaks the rule; `size` when all of it is clean. */
size_t text_clean(const char *text, size_t size);

/* The value of a hexadecimal digit, 0 to 15; -1: it is none. */
int text_hex_digit(char c);

#endif
