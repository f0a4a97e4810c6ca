#include "services/notification/notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAD STANDS_LEAD
#define SUPPORT STANDS_SUPPORT
#define ABOVE (STANDS_OVERSEER | STANDS_AROUND)
#define PARTS (STANDS_LEAD | STANDS_SUPPORT | STANDS_OVERSEER | STANDS_FORMER)

static const struct {
    const char *move, *state; /* NULL: any */
    int stands;               /* who is told; of several lines the first that fits both counts */
    enum notice_event event;
} lines[] = {
    {"report", NULL, LEAD, NOTICE_reported},
    {"appeal", NULL, LEAD, NOTICE_reported},
    {"answer", NULL, LEAD, NOTICE_reported},
    {"open", NULL, LEAD, NOTICE_assigned},
    {"dispatch", NULL, LEAD, NOTICE_assigned},
    {"designate", NULL, LEAD, NOTICE_assigned},
    {"transfer", NULL, LEAD, NOTICE_assigned},
    {"transfer", NULL, SUPPORT, NOTICE_taken_away},
    {"whistle", NULL, SUPPORT, NOTICE_called},
    {"warn", NULL, LEAD, NOTICE_warned},
    {"alarm", NULL, LEAD | ABOVE, NOTICE_overdue},
    {"escalate", NULL, LEAD, NOTICE_escalated},
    {"pass_up", NULL, LEAD, NOTICE_escalated},
    {"escalate", NULL, SUPPORT, NOTICE_moved_up},
    {"pass_up", NULL, SUPPORT, NOTICE_moved_up},
    {"escalate", NULL, ABOVE, NOTICE_overdue},
    {"return", NULL, ABOVE, NOTICE_returned},
    {"reject", NULL, LEAD, NOTICE_redo},
    {"dissatisfied", "handling", LEAD, NOTICE_redo},
    {"reopen", NULL, LEAD | ABOVE, NOTICE_redo},
    {"ask_extension", NULL, ABOVE, NOTICE_extension_asked},
    {"grant_extension", NULL, LEAD, NOTICE_extended},
    {"refuse_extension", NULL, LEAD, NOTICE_extended},
    {"supervise", NULL, STANDS_ANY, NOTICE_supervised},
    {"list", NULL, STANDS_ANY, NOTICE_supervised},
    {"remind", NULL, LEAD | ABOVE, NOTICE_supervised},
    {"press", NULL, LEAD | SUPPORT, NOTICE_supervised},
    {"instruct", NULL, LEAD, NOTICE_instructed},
    {"urge", NULL, LEAD, NOTICE_instructed},
    {NULL, "closed", PARTS, NOTICE_closed},
};

static bool holds(const char *codes, const char *code) {
    size_t size = strlen(code);
    for (; *codes != '\0'; codes += strcspn(codes, " "), codes += strspn(codes, " "))
        if (strncmp(codes, code, size) == 0 && (codes[size] == ' ' || codes[size] == '\0'))
            return true;
    return false;
}

enum stands notice_stands(const char *unit, const struct case_moved *moved) {
    if (strcmp(moved->unit, unit) == 0)
        return STANDS_LEAD;
    if (holds(moved->support, unit))
        return STANDS_SUPPORT;
    if (holds(moved->overseers, unit))
        return STANDS_OVERSEER;
    return holds(moved->former, unit) ? STANDS_FORMER : STANDS_AROUND;
}

/* Whether this entry called the unit. Tasks stand in the order in which units were called, so those of this entry are the last ones,
 * with the latest instants to arrive by. */
static bool is_called(const char *unit, const struct case_moved *moved) {
    int64_t by = -1, latest = 0;
    for (const char *task = moved->tasks; *task != '\0';) {
        char code[49] = "", state[17] = "";
        int64_t at = 0;
        if (sscanf(task, " %48[^ ;] %16[^ ;] %" SCNd64, code, state, &at) < 2)
            break;
        if (strcmp(state, "called") == 0) {
            latest = at > latest ? at : latest;
            by = strcmp(code, unit) == 0 ? at : by;
        }
        task += strcspn(task, ";");
        task += *task == ';';
    }
    return by >= 0 && by >= latest;
}

enum notice_event notice_of_unit(const char *unit, const struct case_moved *moved) {
    enum stands stands = notice_stands(unit, moved);
    if (strcmp(moved->actor_unit, unit) == 0 ||
        (strcmp(moved->state, "closed") == 0 && strcmp(moved->from, "closed") == 0))
        return NOTICE_NONE;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if ((lines[i].move != NULL && strcmp(lines[i].move, moved->move) != 0) || !(lines[i].stands & (int)stands) ||
            (lines[i].state != NULL && strcmp(lines[i].state, moved->state) != 0))
            continue;
        return lines[i].event == NOTICE_called && !is_called(unit, moved) ? NOTICE_NONE : lines[i].event;
    }
    return NOTICE_NONE;
}

enum notice_audience notice_audience_of(const char *stream) {
    return strcmp(stream, STREAM_OF_REPORTERS) == 0 ? AUDIENCE_reporter : AUDIENCE_unit;
}

enum notice_event notice_of_stream(const char *stream, const struct case_moved *moved) {
    return notice_audience_of(stream) == AUDIENCE_reporter ? notice_of_reporter(moved) : notice_of_unit(stream, moved);
}

bool notice_is_listed(const char *events, enum notice_event event) {
    return event != NOTICE_NONE && (events[0] == '\0' || holds(events, notice_spec(event)->code));
}

int notice_list_check(const char *events, enum notice_audience audience, struct reason *why) {
    while (*(events += strspn(events, " ")) != '\0') {
        char code[CODE_MAX + 1];
        size_t size = strcspn(events, " ");
        snprintf(code, sizeof code, "%.*s", size > CODE_MAX ? CODE_MAX : (int)size, events);
        enum notice_event event = size > CODE_MAX ? NOTICE_NONE : notice_named(code);
        if (event == NOTICE_NONE || !(notice_spec(event)->audience & audience))
            return refuse(why, "events", "\"%s\" is no event; see docs/messages.md", code);
        events += size;
    }
    return 0;
}
