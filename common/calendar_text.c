#include "common/calendar_text.h"

#include <string.h>
#include <time.h>

#define LINE_OCTETS_MAX 75

/* Appends the line, broken where it must be: a continuation begins with a blank, which counts. */
static void put_line(struct bytes *out, const char *line) {
    size_t used = 0;
    for (const char *at = line; *at != '\0';) {
        size_t step = 1;
        while ((at[step] & 0xc0) == 0x80)
            step++;
        if (used + step > LINE_OCTETS_MAX) {
            bytes_append(out, "\r\n ", 3);
            used = 1;
        }
        bytes_append(out, at, step);
        used += step;
        at += step;
    }
    bytes_append(out, "\r\n", 2);
}

static void put_joined(struct bytes *out, const char *name, const struct bytes *value) {
    struct bytes line = {0};
    bytes_append(&line, name, strlen(name));
    bytes_append(&line, ":", 1);
    bytes_append(&line, value->data, value->size);
    bytes_append(&line, "", 1);
    put_line(out, (const char *)line.data);
    bytes_close(&line);
}

void calendar_put(struct bytes *out, const char *name, const char *value) {
    struct bytes copy = {0};
    bytes_append(&copy, value, strlen(value));
    put_joined(out, name, &copy);
    bytes_close(&copy);
}

static const char *escape_of(char c) {
    return c == '\\' ? "\\\\" : c == ';' ? "\\;" : c == ',' ? "\\," : c == '\n' ? "\\n" : NULL;
}

void calendar_put_text(struct bytes *out, const char *name, const char *text) {
    struct bytes value = {0};
    for (const char *at = text; *at != '\0'; at++) {
        const char *escape = escape_of(*at);
        if (escape != NULL)
            bytes_append(&value, escape, strlen(escape));
        else
            bytes_append(&value, at, 1);
    }
    put_joined(out, name, &value);
    bytes_close(&value);
}

void calendar_put_instant(struct bytes *out, const char *name, int64_t at) {
    char text[CALENDAR_INSTANT_SIZE];
    time_t seconds = (time_t)(at / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
    calendar_put(out, name, text);
}
