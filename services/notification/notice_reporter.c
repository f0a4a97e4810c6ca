#include "services/notification/notice_reporter.h"

#include <string.h>

static const struct {
    const char *move, *from, *state; /* NULL: any */
    enum notice_event event;
} lines[] = {
    {"report", NULL, NULL, NOTICE_receipt},
    {"open", NULL, NULL, NOTICE_opened},
    {"merge", NULL, NULL, NOTICE_joined},
    {"ask", NULL, NULL, NOTICE_question},
    {"decline", NULL, NULL, NOTICE_declined},
    {"dispatch", NULL, NULL, NOTICE_assigned},
    {"designate", NULL, NULL, NOTICE_assigned},
    {"transfer", NULL, NULL, NOTICE_assigned},
    {"pass_up", NULL, NULL, NOTICE_assigned},
    {"escalate", "accepted", NULL, NOTICE_assigned},
    {"escalate", NULL, "dispatched", NOTICE_delay},
    {"supervise", NULL, "dispatched", NOTICE_delay},
    {"supervise", NULL, "handling", NOTICE_delay},
    {"grant_extension", NULL, NULL, NOTICE_delay},
    {"suspend", NULL, NULL, NOTICE_delay},
    {"solve", NULL, NULL, NOTICE_done},
    {"claim_done", NULL, NULL, NOTICE_done},
    {"attempt", "callback", "callback", NOTICE_NONE},
    {NULL, "claimed_done", "callback", NOTICE_callback},
    {NULL, "merged", "callback", NOTICE_callback},
    {NULL, NULL, "closed", NOTICE_closed},
};

/* What he may read besides the facts of his own case: by move, as shown in services/intake/receipt_page.c. */
static const struct {
    const char *move;
    enum notice_fact fact;
} readable[] = {
    {"ask", FACT_note},      {"decline", FACT_note}, {"decline", FACT_reason},   {"suspend", FACT_reason},
    {"suspend", FACT_until}, {"solve", FACT_reply},  {"claim_done", FACT_reply}, {"sign", FACT_plan},
    {"plan", FACT_plan},     {"merge", FACT_parent},
};

static bool fits(const char *wanted, const char *is) {
    return wanted == NULL || strcmp(wanted, is) == 0;
}

enum notice_event notice_of_reporter(const struct case_moved *moved) {
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (fits(lines[i].move, moved->move) && fits(lines[i].from, moved->from) && fits(lines[i].state, moved->state))
            return lines[i].event;
    return NOTICE_NONE;
}

bool notice_for_reporters(const struct case_moved *moved) {
    return moved->reporter && notice_of_reporter(moved) != NOTICE_NONE;
}

bool notice_reporter_reads(const struct case_moved *moved, enum notice_fact fact) {
    switch (fact) {
    case FACT_note:
    case FACT_reason:
    case FACT_plan:
    case FACT_reply:
    case FACT_until:
    case FACT_parent:
        break;
    case FACT_proposed:
    case FACT_by:
    case FACT_percent:
    case FACT_endpoint:
    case FACT_trouble:
        return false;
    case FACT_case:
    case FACT_title:
    case FACT_item:
    case FACT_area:
    case FACT_address:
    case FACT_unit:
    case FACT_state:
    case FACT_severity:
    case FACT_due:
    case FACT_at:
    case FACT_channel:
    case FACT_city:
    case FACT_count:
    case FACT_receipt:
    case FACT_receipt_url:
    case FACT_end_url:
    case FACT_COUNT:
        return true;
    }
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++)
        if (readable[i].fact == fact && strcmp(readable[i].move, moved->move) == 0)
            return true;
    return false;
}
