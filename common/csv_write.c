#include <string.h>

#include "common/csv.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

void csv_write_field(FILE *out, const char *text) {
    if (text[strcspn(text, ",\"\r\n")] == '\0' && strncmp(text, BYTE_ORDER_MARK, 3) != 0) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}
