#include "common/journal.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/json_text.h"
#include "common/traceparent.h"

/* Kept free at the end of a line for `,"dropped":NNNN}` and the newline. */
#define TAIL_BYTES 24

static const char *service_name = "zhitong";
static enum journal_level least_level = JOURNAL_INFO;

void journal_start(const char *service, enum journal_level least) {
    assert(service != NULL);
    service_name = service;
    least_level = least;
}

static const char *level_word(enum journal_level level) {
    switch (level) {
    case JOURNAL_DEBUG:
        return "debug";
    case JOURNAL_INFO:
        return "info";
    case JOURNAL_WARNING:
        return "warning";
    case JOURNAL_ERROR:
        return "error";
    }
    assert(!"unknown level");
    return "";
}

static size_t room_left(const struct journal_line *line) {
    return JOURNAL_LINE_MAX - TAIL_BYTES - line->size;
}

/* Adds ,"name": and returns 0; adds nothing and returns -1 when the name and `least` more bytes do not fit. */
static int add_name(struct journal_line *line, const char *name, size_t least) {
    char escaped[128];
    size_t size = json_text(escaped, sizeof escaped, name, strlen(name), NULL);

    if (room_left(line) < size + 4 + least) {
        line->dropped++;
        return -1;
    }
    line->size += (unsigned)sprintf(line->text + line->size, "%s\"%.*s\":", line->size > 1 ? "," : "", (int)size,
                                    escaped);
    return 0;
}

static void add_string(struct journal_line *line, const char *name, const char *value) {
    size_t length = strlen(value);
    size_t taken = 0;

    if (add_name(line, name, 2) != 0)
        return;
    line->text[line->size++] = '"';
    line->size += (unsigned)json_text(line->text + line->size, room_left(line) - 1, value, length, &taken);
    line->text[line->size++] = '"';
    if (taken < length)
        line->dropped++;
}

/* The machine's time, not clock_now(): a line must be datable beside those of other programs, also when the
 * system's time is driven or the database is gone. */
static void add_instant(struct journal_line *line) {
    struct timespec now;
    struct tm parts;
    char text[64];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + size, sizeof text - size, ".%03ldZ", now.tv_nsec / 1000000);
    add_string(line, "at", text);
}

struct journal_line journal_open(enum journal_level level, const char *event) {
    struct journal_line line;

    line.size = 0;
    line.dropped = 0;
    if (level < least_level) /* size 0: every later call passes it by */
        return line;
    line.text[line.size++] = '{';
    add_instant(&line);
    add_string(&line, "level", level_word(level));
    add_string(&line, "service", service_name);
    add_string(&line, "event", event);
    return line;
}

__attribute__((format(printf, 3, 0))) static void field_list(struct journal_line *line, const char *name,
                                                             const char *format, va_list arguments) {
    char value[JOURNAL_LINE_MAX];

    if (line->size == 0)
        return;
    int length = vsnprintf(value, sizeof value, format, arguments);
    add_string(line, name, length < 0 ? "(not printable)" : value);
    if (length >= (int)sizeof value)
        line->dropped++;
}

void journal_field(struct journal_line *line, const char *name, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    field_list(line, name, format, arguments);
    va_end(arguments);
}

void journal_number(struct journal_line *line, const char *name, long long value) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", value);

    if (line->size == 0 || add_name(line, name, (size_t)length) != 0)
        return;
    memcpy(line->text + line->size, digits, (size_t)length);
    line->size += (unsigned)length;
}

void journal_write(struct journal_line *line) {
    ssize_t written;

    if (line->size == 0)
        return;
    if (line->dropped > 0)
        line->size += (unsigned)snprintf(line->text + line->size, TAIL_BYTES - 1, ",\"dropped\":%d",
                                         line->dropped > 9999 ? 9999 : line->dropped);
    line->text[line->size++] = '}';
    line->text[line->size++] = '\n';
    assert(line->size <= JOURNAL_LINE_MAX);
    do /* a line is no longer than PIPE_BUF, so it is never torn; a reader that is gone costs the line, not us */
        written = write(STDOUT_FILENO, line->text, line->size);
    while (written < 0 && errno == EINTR);
    line->size = 0;
}

void journal_say(enum journal_level level, const char *event, const char *format, ...) {
    struct journal_line line = journal_open(level, event);
    va_list arguments;

    va_start(arguments, format);
    field_list(&line, "text", format, arguments);
    va_end(arguments);
    journal_write(&line);
}

/* ---- of a case --------------------------------------------------------------------------------------------------------- */

struct journal_line journal_open_about(enum journal_level level, const char *event, struct journal_about about) {
    struct journal_line line = journal_open(level, event);
    char trace[TRACE_ID_SIZE + 1];

    journal_field(&line, "case", "%llu", about.case_id); /* a text: readers in JavaScript keep all digits */
    if (about.traceparent[0] != '\0') {
        trace_id(trace, about.traceparent);
        journal_field(&line, "trace", "%s", trace);
    }
    return line;
}

void journal_say_about(enum journal_level level, const char *event, struct journal_about about, const char *format,
                       ...) {
    struct journal_line line = journal_open_about(level, event, about);
    va_list arguments;

    va_start(arguments, format);
    field_list(&line, "text", format, arguments);
    va_end(arguments);
    journal_write(&line);
}
