/* Histories of cases in a short notation, and one for each thing that is measured. */
#ifndef ZHITONG_TESTS_MEASURE_EXAMPLES_H
#define ZHITONG_TESTS_MEASURE_EXAMPLES_H

#include "common/case_facts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A history is a text, one entry a word: at:move:state:unit and tier, then what else the entry says, separated by commas:
 * q score, s sign_by, c contact_by, d due_at, k clock, + support, r rating, = result, e evidence, p reply_spoken. The state stays where it is
 * "." and so does the unit. "10:open:dispatched:a1,s20,d100" is a case that a at tier 1 must sign by 20 and resolve by 100. */
#define WORDS_MAX 24

static void read_part(struct case_moved *moved, const char *part) {
    const char *value = part + 1;
    switch (part[0]) {
    case 'q':
        moved->score = (uint64_t)atoll(value);
        break;
    case 's':
        moved->sign_by = atoll(value);
        break;
    case 'c':
        moved->contact_by = atoll(value);
        break;
    case 'd':
        moved->due_at = atoll(value);
        break;
    case 'k':
        snprintf(moved->clock, sizeof moved->clock, "%s", value);
        break;
    case '+':
        snprintf(moved->support, sizeof moved->support, "z %s", value);
        break;
    case 'r':
        moved->rating = (uint64_t)atoll(value);
        break;
    case '=':
        snprintf(moved->result, sizeof moved->result, "%s", value);
        break;
    case 'e':
        snprintf(moved->evidence, sizeof moved->evidence, "before and after");
        break;
    case 'p':
        snprintf(moved->reply_spoken, sizeof moved->reply_spoken, "with the reporter");
        break;
    default:
        fail_msg("no part %s", part);
    }
}

static void read_entry(struct case_moved *moved, const char *word) {
    char text[200], *rest = NULL;
    snprintf(text, sizeof text, "%s", word);
    char *parts = strchr(text, ',');
    if (parts != NULL)
        *parts++ = '\0';
    moved->at = atoll(strtok_r(text, ":", &rest));
    snprintf(moved->move, sizeof moved->move, "%s", strtok_r(NULL, ":", &rest));
    memcpy(moved->from, moved->state, sizeof moved->from);
    const char *state = strtok_r(NULL, ":", &rest), *unit = strtok_r(NULL, ":", &rest);
    if (strcmp(state, ".") != 0)
        snprintf(moved->state, sizeof moved->state, "%s", state);
    if (unit != NULL && strcmp(unit, ".") != 0) {
        snprintf(moved->unit, sizeof moved->unit, "%.*s", (int)strlen(unit) - 1, unit);
        moved->tier = (uint64_t)(unit[strlen(unit) - 1] - '0');
    }
    rest = NULL;
    for (char *part = parts == NULL ? NULL : strtok_r(parts, ",", &rest); part; part = strtok_r(NULL, ",", &rest))
        read_part(moved, part);
}

/* The entries of the case, one after the other; returns how many. */
static size_t read_history(const char *history, uint64_t case_id, struct case_moved entries[WORDS_MAX]) {
    char text[2000], *rest = NULL;
    size_t count = 0;
    struct case_moved before = {.state = "none"};
    snprintf(text, sizeof text, "%s", history);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        struct case_moved *moved = &entries[count++];
        *moved = (struct case_moved){.case_id = case_id, .version = count, .tier = before.tier, .lat = NAN, .lon = NAN};
        memcpy(moved->state, before.state, sizeof moved->state);
        memcpy(moved->unit, before.unit, sizeof moved->unit);
        snprintf(moved->channel, sizeof moved->channel, "app");
        snprintf(moved->item, sizeof moved->item, "lamp");
        snprintf(moved->severity, sizeof moved->severity, "yellow");
        read_entry(moved, word);
        before = *moved;
    }
    return count;
}

static struct case_facts fold(const char *history, struct code_book *book) {
    static struct case_moved entries[WORDS_MAX];
    size_t count = read_history(history, 129, entries);
    struct case_facts facts = {0};
    for (size_t i = 0; i < count; i++)
        facts_follow(&facts, &entries[i], book);
    return facts;
}

#define OPEN "10:open:dispatched:a1,s20,c40,d100 "
#define SIGNED OPEN "15:sign:handling:. "
#define DONE SIGNED "30:contact:.:. 50:claim_done:claimed_done:.,d150,e,p "
#define VERIFIED DONE "60:verify:callback:.,d200 "
#define REDONE VERIFIED "70:dissatisfied:handling:.,d120,r2,=unsolved "
#define UP OPEN "90:warn:.:.,kresolve 101:alarm:.:.,kresolve,d100 110:escalate:dispatched:b2,s130,d200,kresolve,+a "

static const struct measure_example {
    enum measure measure;
    const char *history;
    int64_t now;
    const char *expected;
} examples[] = {
    {RATE_signed_in_time, OPEN, 20, ""},      /* still runs */
    {RATE_signed_in_time, OPEN, 21, "a 0/1"}, /* open and overdue counts against */
    {RATE_signed_in_time, OPEN "20:sign:handling:.", 99, "a 1/1"},
    {RATE_signed_in_time, OPEN "21:sign:handling:.", 99, "a 0/1"},
    {RATE_signed_in_time, OPEN "18:pass_up:dispatched:b2,s30,d200,+a 25:sign:handling:.", 99,
     "b 1/1"}, /* a was not asked */
    {RATE_signed_in_time, OPEN "25:return:accepted:c2,d100 28:dispatch:dispatched:d1,d100 29:sign:handling:.", 99,
     "a 0/1"},
    {RATE_signed_in_time, OPEN "18:return:accepted:c2,d100 28:dispatch:dispatched:d1,d100 29:sign:handling:.", 99,
     "c 0/1"},
    {RATE_signed_in_time, UP "120:sign:handling:.", 121, "a 0/1, b 1/1"}, /* the lower unit is charged, once */
    {RATE_contacted_in_time, SIGNED "40:contact:.:.", 99, "a 1/1"},
    {RATE_contacted_in_time, SIGNED "41:contact:.:.", 99, "a 0/1"},
    {RATE_contacted_in_time, SIGNED "39:claim_done:claimed_done:.,p", 99, "a 1/1"},
    {RATE_contacted_in_time, SIGNED "39:claim_done:claimed_done:.", 99, ""},
    {RATE_contacted_in_time, SIGNED "30:suspend:suspended:. 90:resume:handling:.,d160 95:contact:.:.", 99, "a 1/1"},
    {RATE_contacted_in_time, SIGNED "30:suspend:suspended:. 90:resume:handling:.,d160", 101, "a 0/1"},
    {RATE_resolved_in_time, SIGNED, 100, ""},
    {RATE_resolved_in_time, SIGNED, 101, "a 0/1"},
    {RATE_resolved_in_time, DONE, 900, "a 1/1"}, /* the claim stands, however long it waits */
    {RATE_resolved_in_time, DONE "60:reject:handling:.,d110", 110, ""},
    {RATE_resolved_in_time, DONE "60:reject:handling:.,d110", 111, "a 0/1"},
    {RATE_resolved_in_time, DONE "60:reject:handling:.,d110 109:claim_done:claimed_done:.", 900, "a 1/1"},
    {RATE_resolved_in_time, SIGNED "30:suspend:suspended:.,d500", 499, ""},
    {RATE_resolved_in_time, SIGNED "30:grant_extension:.:.,d300", 299, ""},
    {RATE_resolved_in_time, UP "120:sign:handling:.,d200 150:claim_done:claimed_done:.", 900, "a 0/1, b 1/1"},
    {RATE_resolved_in_time, REDONE, 120, "a 1/1"},
    {RATE_resolved_in_time, REDONE, 121, "a 1/2"},
    {RATE_solved, VERIFIED "70:satisfied:closed:.,r5,=solved", 99, "a 1/1"},
    {RATE_solved, VERIFIED "70:satisfied:closed:.,r4,=partly", 99, "a 0.5/1"},
    {RATE_solved, VERIFIED "70:satisfied:closed:.,r4", 99, "a 1/1"},
    {RATE_solved, VERIFIED "70:attempt:closed:.", 99, ""},
    {RATE_solved, VERIFIED, 99, ""},
    {RATE_solved, REDONE "80:claim_done:claimed_done:. 90:verify:callback:. 95:dissatisfied:closed:.,r1", 99, "a 0/1"},
    {RATE_satisfied, VERIFIED "70:satisfied:closed:.,r5", 99, "a 1/1"},
    {RATE_satisfied, VERIFIED "70:satisfied:closed:.,r3", 99, "a 0.8/1"},
    {RATE_satisfied, VERIFIED "70:satisfied:closed:.,r2", 99, "a 0/1"},
    {RATE_returned, OPEN "18:return:accepted:c2,d100 28:dispatch:dispatched:d1,d100", 99, "a 1/1, d 0/1"},
    {RATE_returned, UP, 111, "a 0/1, b 0/1"},
    {RATE_redone, VERIFIED "70:satisfied:closed:.,r5", 99, "a 0/1"},
    {RATE_redone, REDONE, 99, "a 1/1"},
    {RATE_reworked, VERIFIED, 99, "a 0/1"},
    {RATE_reworked, DONE "60:reject:handling:.,d100", 99, "a 1/1"},
    {RATE_overdue, DONE, 99, "a 0/1"},
    {RATE_overdue, DONE "60:verify:callback:c2,d200 70:dissatisfied:handling:a1,d120,r2", 99, "a 0/1"}, /* c calls */
    {RATE_overdue, OPEN, 900, "a 1/1"}, /* three limits, one turn */
    {RATE_overdue, UP "120:sign:handling:.,d200", 121, "a 1/1, b 0/1"},
    {RATE_overdue, "10:report:reported:a1,d20 12:accept:accepted:. 14:solve:claimed_done:. 16:reject:handling:.,d50",
     51, "a 1/1"},
    {RATE_filed, OPEN, 99, "a 1/1"},
    {RATE_filed, "10:report:reported:a1,d90", 99, ""},
    {RATE_filed, "10:report:reported:a1,d90 20:decline:declined:.", 99, "a 0/1"},
    {RATE_filed, "10:report:reported:a1,d90 20:decline:declined:. 30:appeal:reported:. 40:accept:accepted:.", 99,
     "a 1/1"},
    {RATE_proactive, OPEN, 99, "a 1/1"},
    {RATE_report_quality, OPEN, 99, ""}, /* nobody looked */
    {RATE_report_quality, "10:open:dispatched:a1,q100", 99, "a 1/1"},
    {RATE_report_quality, "10:open:dispatched:a1,q84 20:escalate:dispatched:b2", 99, "a 0.8/1"},
    {RATE_report_quality, "10:report:reported:a1,q85", 99, "a 0.9/1"},
    {RATE_report_quality, "10:report:reported:a1,q1", 99, "a 0/1"},
    {RATE_solved_low, VERIFIED "70:satisfied:closed:.,r5", 99, "a 1/1"},
    {RATE_solved_low,
     "10:open:dispatched:a3,s20,d90 15:sign:handling:. 20:claim_done:claimed_done:. 30:verify:closed:.", 99, "a 0/1"},
    {RATE_solved_low, "10:report:reported:a1,d90 15:withdraw:closed:.", 99, ""},
    {RATE_merged, "10:report:reported:a1,d90 15:merge:merged:.", 99, "a 1/1"},
    {RATE_merged, "10:report:reported:a1,d90 15:merge:merged:. 17:unmerge:accepted:.,d90", 99, "a 0/1"},
    {SLOT_receipt, OPEN, 99, "a 1/1"},
    {SLOT_signed, OPEN, 20, ""},
    {SLOT_signed, OPEN, 21, "a 0/1"},
    {SLOT_signed, OPEN "25:sign:handling:.", 99, "a 1/1"}, /* late, but signed */
    {SLOT_signed, UP, 111, "a 0/1"},
    {SLOT_first_unit, UP, 111, ""},
    {SLOT_first_unit, UP "120:sign:handling:.,d200,+a", 121, "a 1/1"},
    {SLOT_first_unit, UP "120:sign:handling:.,d200", 121, "a 0/1"},
    {SLOT_contact, SIGNED, 41, "a 0/1"},
    {SLOT_moved_up, UP, 111, "a 1/1"},
    {SLOT_moved_up, OPEN "90:warn:.:.,ksign 110:escalate:dispatched:b2,s130,d200,kresolve,+a", 111, "a 0/1"},
    {SLOT_moved_up, OPEN "90:warn:.:.,kresolve 110:supervise:.:.,d200", 111, "a 1/1"},
    {SLOT_evidence, VERIFIED "70:satisfied:closed:.,r5", 99, "a 1/1"},
    {SLOT_evidence, SIGNED "50:claim_done:claimed_done:.,d150 60:verify:closed:.", 99, "a 0/1"},
    {SLOT_called_back, VERIFIED "70:attempt:.:.,d90 75:attempt:closed:.", 99, "a 1/1"},
    {SLOT_called_back, DONE "60:verify:closed:.", 99, "a 0/1"},
    {SLOT_called_back, "10:report:reported:a1,d90 15:merge:merged:. 17:conclude:closed:.", 99, "a 0/1"},
    {SLOT_redo, REDONE, 120, ""},
    {SLOT_redo, REDONE "80:claim_done:claimed_done:.", 99, "a 1/1"},
    {SLOT_redo, REDONE, 121, "a 0/1"},
    {SLOT_redo, VERIFIED "70:dissatisfied:closed:.,r1", 99, "a 0/1"},
};

#define EXAMPLE_COUNT (sizeof examples / sizeof examples[0])

#endif
