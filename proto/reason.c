#include "proto/reason.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"

/* A reason may quote what came from outside and is itself sent and logged: it must be clean text. */
static void clean(char *text) {
    size_t size = strlen(text);
    for (size_t at = text_clean(text, size); at < size; at += text_clean(text + at, size - at))
        text[at] = '?';
}

/* Drops a character of which vsnprintf kept only the first bytes. */
static void drop_cut_character(char *text, size_t size) {
    size_t start = size;
    while (start > 0 && size - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char first = (unsigned char)text[start - 1];
    size_t whole = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (whole > 1 && size - (start - 1) < whole)
        text[start - 1] = '\0';
}

int(refuse_list)(struct reason *why, const char *field, const char *format, va_list arguments) {
    if (!why)
        return -1;

    /* Built aside: the arguments may lie in *why itself. */
    struct reason built;
    int wanted = snprintf(built.field, sizeof built.field, "%s", field);
    if (wanted > REASON_FIELD_MAX)
        drop_cut_character(built.field, REASON_FIELD_MAX);
    clean(built.field);

    wanted = vsnprintf(built.text, sizeof built.text, format, arguments);
    if (wanted < 0)
        snprintf(built.text, sizeof built.text, "refused (the reason could not be formatted)");
    if (wanted > REASON_TEXT_MAX)
        drop_cut_character(built.text, REASON_TEXT_MAX);
    clean(built.text);

    *why = built;
    return -1;
}

int(refuse)(struct reason *why, const char *field, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)refuse_list(why, field, format, arguments);
    va_end(arguments);
    return -1;
}
