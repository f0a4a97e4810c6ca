/* The journal: one JSON object a line on stdout, nothing else writes there in a service.
 * {"at":"2026-11-23T08:00:00.123Z","level":"error","service":"routing","event":"db_lost", …fields}
 * Thread-safe; one write(2) a line. A line is at most JOURNAL_LINE_MAX bytes; longer values are cut. */
#ifndef ZHITONG_JOURNAL_H
#define ZHITONG_JOURNAL_H

#define JOURNAL_LINE_MAX 4096

enum journal_level { JOURNAL_DEBUG, JOURNAL_INFO, JOURNAL_WARNING, JOURNAL_ERROR };

/* Sets what every line carries. `service` is borrowed for the life of the process. Lines below `least` are dropped. */
void journal_start(const char *service, enum journal_level least);

/* A line with several fields: open, add, write. Lives on the caller's stack. */
struct journal_line {
    char text[JOURNAL_LINE_MAX];
    unsigned size;
    int dropped;
};
struct journal_line journal_open(enum journal_level level, const char *event);
void journal_field(struct journal_line *line, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* a JSON string */
void journal_number(struct journal_line *line, const char *name, long long value);
void journal_write(struct journal_line *line);

/* The common case: an event with one sentence. */
void journal_say(enum journal_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An event of a case: the line has its number and, where there is one, its trace-id as fields. */
struct journal_about {
    unsigned long long case_id;
    const char *traceparent; /* see traceparent.h; "": none */
};
struct journal_line journal_open_about(enum journal_level level, const char *event, struct journal_about about);
void journal_say_about(enum journal_level level, const char *event, struct journal_about about, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
