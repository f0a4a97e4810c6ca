/* GET /feeds/TOKEN/deadlines.ics */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/calendar_text.h"
#include "common/report_kept.h"
#include "services/desk/http_feeds.h"

#define DEADLINES_MAX "500"
#define ALARM_BEFORE "-PT30M"
#define REFRESH "PT15M" /* how often a calendar may ask again (RFC 7986, 5.7) */

enum { AT_CASE, AT_VERSION, AT_STATE, AT_SEVERITY, AT_DUE, AT_OPENING, AT_EN, AT_ZH, AT_ITEM };

/* As a task, or, for calendars that show none, as an event of no length. */
enum shape { AS_TODO, AS_EVENT };

static const char *component(enum shape shape) {
    return shape == AS_TODO ? "VTODO" : "VEVENT";
}

/* 1 is the highest priority, 9 the lowest (RFC 5545, 3.8.1.9). */
static const char *priority(const char *severity) {
    static const char *const priorities[] = {"9", "5", "3", "1"};
    int rank = severity_rank(severity);
    return priorities[rank < 0 ? 0 : rank];
}

static void put_summary(struct bytes *out, const struct feed_reader *reader, const PGresult *rows, int row) {
    char summary[600];
    size_t size;
    const uint8_t *opening = db_bytea(rows, row, AT_OPENING, &size);
    struct report_kept kept;
    struct reason why;
    const char *item = db_text(rows, row, reader->chinese ? AT_ZH : AT_EN);
    bool titled = report_kept_read(opening, size, &kept, &why) == 0 && kept.title[0] != '\0';
    snprintf(summary, sizeof summary, "%" PRId64 " %s%s%s", db_int8(rows, row, AT_CASE),
             *item != '\0' ? item : db_text(rows, row, AT_ITEM), titled ? ": " : "", titled ? kept.title : "");
    calendar_put_text(out, "SUMMARY", summary);
    if (titled && kept.address[0] != '\0')
        calendar_put_text(out, "LOCATION", kept.address);
}

static void put_alarm(struct bytes *out, enum shape shape) {
    calendar_put(out, "BEGIN", "VALARM");
    calendar_put(out, "ACTION", "DISPLAY");
    calendar_put(out, shape == AS_TODO ? "TRIGGER;RELATED=END" : "TRIGGER", ALARM_BEFORE);
    calendar_put(out, "DESCRIPTION", "due");
    calendar_put(out, "END", "VALARM");
}

/* DTSTAMP is when this was said, which is the deadline's own instant as far as it is known: so the same case gives the same bytes. */
static void put_deadline(struct bytes *out, const struct feed_reader *reader, const PGresult *rows, int row,
                         enum shape shape) {
    char text[FEED_URL_SIZE + 60];
    uint64_t case_id = (uint64_t)db_int8(rows, row, AT_CASE);
    int64_t due_at = db_time(rows, row, AT_DUE);
    calendar_put(out, "BEGIN", component(shape));
    snprintf(text, sizeof text, "case-%" PRIu64 "@%s.zhitong.invalid", case_id, reader->unit);
    calendar_put(out, "UID", text);
    calendar_put_instant(out, "DTSTAMP", due_at);
    snprintf(text, sizeof text, "%d", db_int4(rows, row, AT_VERSION));
    calendar_put(out, "SEQUENCE", text);
    calendar_put_instant(out, shape == AS_TODO ? "DUE" : "DTSTART", due_at);
    put_summary(out, reader, rows, row);
    snprintf(text, sizeof text, "%s/cases/%" PRIu64, reader->url, case_id);
    calendar_put(out, "URL", text);
    calendar_put(out, "PRIORITY", priority(db_text(rows, row, AT_SEVERITY)));
    calendar_put(out, "STATUS", shape == AS_TODO ? "NEEDS-ACTION" : "CONFIRMED");
    calendar_put_text(out, "CATEGORIES", db_text(rows, row, AT_STATE));
    put_alarm(out, shape);
    calendar_put(out, "END", component(shape));
}

static void found(void *context, const struct ask *ask) {
    struct visit *visit = context;
    struct feed_reader reader;
    struct bytes out = {0};
    const char *as = http_query(visit->request, "as");
    if (!feed_read(visit, ask, &reader))
        return;
    const PGresult *rows = visit_result(visit, ask, 1);
    if (rows == NULL)
        return;
    calendar_put(&out, "BEGIN", "VCALENDAR");
    calendar_put(&out, "VERSION", "2.0");
    calendar_put(&out, "PRODID", "-//Zhitong//Deadlines//EN");
    calendar_put_text(&out, "X-WR-CALNAME", reader.name);
    calendar_put(&out, "REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    for (int row = 0; row < PQntuples(rows); row++)
        put_deadline(&out, &reader, rows, row, as != NULL && strcmp(as, "event") == 0 ? AS_EVENT : AS_TODO);
    calendar_put(&out, "END", "VCALENDAR");
    feed_answer(visit, CALENDAR_TYPE, &out);
    bytes_close(&out);
}

static void ask_deadlines(struct visit *visit) {
    const char *as = http_query(visit->request, "as");
    if (as != NULL && strcmp(as, "event") != 0 && strcmp(as, "todo") != 0) {
        visit_refuse(visit, 400, "as", "must be todo or event");
        return;
    }
    struct ask *ask = feed_ask(visit, found);
    ask_step(ask, "desk_feed_deadlines", (const char *[]){DEADLINES_MAX}, 1);
    visit_put(visit, ASK_LIST, ask);
}

void desk_get_deadlines(struct http_request *request, void *context) {
    visit_begin_open(context, request, ask_deadlines);
}
