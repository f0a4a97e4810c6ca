/* A case as it stands, and what happens to it: pure decisions without clock, socket or SQL (DOMAIN.md sections 5, 6). */
#ifndef ZHITONG_ROUTING_CASE_FILE_H
#define ZHITONG_ROUTING_CASE_FILE_H

#include "common/city.h"
#include "proto/case_life.h"
#include "proto/codec.h"

#define SUPPORT_MAX 240 /* bytes of the supporting units' codes, separated by a space */
#define SEVERITY_MAX 16

struct case_file {
    uint64_t case_id;
    uint32_t version; /* moves so far */
    enum case_state state;
    uint8_t tier;
    int64_t opened_at, due_at; /* unix ms; due_at 0: finished */
    char severity[SEVERITY_MAX + 1];
    char unit[CODE_MAX + 1];
    char support[SUPPORT_MAX + 1];
    char channel[CODE_MAX + 1];
    char item[CODE_MAX + 1];
    char area[CODE_MAX + 1];
};

struct case_step { /* what every decision is made with, and what it changes */
    const struct city *city;
    int64_t now; /* unix ms */
    struct case_file *file;
    struct case_moved *moved; /* the log entry of the move, when there was one */
};

/* Opens a case for a report: severity, starting tier, the one unit, the due instant. Refuses when the city no longer
 * knows channel, item or area, when nobody answers there, or when the calendar ends. */
MUST_CHECK int case_open(const struct case_step *step, const struct report_received *report, struct reason *why);

/* A deadline passed: one tier up with the lower unit as support, or onto the supervision list at the top.
 * 1: moved; 0: void, the case has a newer deadline or is finished; -1: refused, the file stays as it was. */
MUST_CHECK int case_pass_deadline(const struct case_step *step, const struct deadline_passed *passed,
                                  struct reason *why);

/* Whether the move made another unit responsible, which has not heard of the case's facts. */
bool case_has_new_unit(const struct case_moved *moved);
/* Adds the facts of the opening entry: address, position, title, description. */
void case_add_facts(const struct case_moved *opening, struct case_moved *moved);

/* A staff move of case_life.def. Refuses with the field, the file stays as it was: move unknown or not legal from this
 * state, version not the expected one. */
MUST_CHECK int case_command(const struct case_step *step, const struct command *command, struct reason *why);

#endif
