#include "services/notification/text_shown.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text` (RFC 3629); 0: it is none. */
static size_t character_size(const unsigned char *text) {
    static const struct {
        uint8_t mask, lead;
        size_t size;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    for (size_t form = 0; form < sizeof forms / sizeof forms[0]; form++) {
        if ((text[0] & forms[form].mask) != forms[form].lead)
            continue;
        uint32_t code = text[0] & (uint8_t)~forms[form].mask;
        for (size_t i = 1; i < forms[form].size; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        return code < forms[form].least || code > 0x10ffff || surrogate ? 0 : forms[form].size;
    }
    return 0;
}

void text_shown(char *shown, size_t room, const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;
    while (*at != '\0') {
        size_t size = character_size(at), take = size != 0 ? size : 1;
        if (used + take >= room)
            break;
        if (size == 0)
            shown[used] = '?';
        else if (size == 1 && (*at < 0x20 || *at == 0x7f))
            shown[used] = ' ';
        else if (at[0] == 0xc2 && at[1] < 0xa0) { /* U+0080 to U+009F: U+009B begins commands of terminals */
            shown[used] = ' ';
            take = 1;
            at++;
        } else
            memcpy(shown + used, at, size);
        used += take;
        at += take;
    }
    shown[used] = '\0';
}
