#include "common/json_text.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Bytes of the UTF-8 character at the start, control characters too; 0: truncated, overlong, surrogate, too big. */
static size_t character_size(const char *text, size_t size) {
    const unsigned char *at = (const unsigned char *)text;
    size_t length = 0;
    uint32_t code = 0;
    uint32_t least = 0;

    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        length = 2, code = at[0] & 0x1fu, least = 0x80;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        length = 3, code = at[0] & 0x0fu, least = 0x800;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        length = 4, code = at[0] & 0x07u, least = 0x10000;
    if (length == 0 || length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return length;
}

/* How one character of ASCII stands in JSON; returns the bytes put into `escape`. */
static size_t ascii_to_json(char escape[JSON_TEXT_GROWTH_MAX], unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char named[] = "\"\\bfnrt";
    const char *found = c == 0 ? NULL : strchr(plain, c);

    if (found != NULL) {
        escape[0] = '\\';
        escape[1] = named[found - plain];
        return 2;
    }
    if (c >= 0x20 && c != 0x7f) {
        escape[0] = (char)c;
        return 1;
    }
    memcpy(escape, "\\u00", 4);
    escape[4] = hex[c >> 4];
    escape[5] = hex[c & 15];
    return 6;
}

size_t json_text(char *out, size_t room, const char *text, size_t size, size_t *taken) {
    size_t written = 0;
    size_t at = 0;

    while (at < size) {
        char escape[JSON_TEXT_GROWTH_MAX];
        size_t step = character_size(text + at, size - at);
        const char *from = text + at;
        size_t length = step;

        if (step == 0) {
            from = REPLACEMENT;
            length = strlen(REPLACEMENT);
            step = 1;
        } else if (step == 1) {
            length = ascii_to_json(escape, (unsigned char)text[at]);
            from = escape;
        }
        if (length > room - written)
            break;
        memcpy(out + written, from, length);
        written += length;
        at += step;
    }
    if (taken != NULL)
        *taken = at;
    return written;
}
