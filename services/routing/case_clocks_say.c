/* What the clocks of a case have to say, and when next. */
#include <string.h>

#include "common/calendar.h"
#include "services/routing/case_clocks.h"
#include "services/routing/case_clocks_inner.h"

uint32_t clocks_counting(const struct case_file *file) {
    switch (file->state) {
    case CASE_reported:
        return BIT(accept) | BIT(review);
    case CASE_accepted:
        return BIT(accept) | UNIT_CLOCKS | BIT(review);
    case CASE_dispatched:
    case CASE_handling:
        return UNIT_CLOCKS | BIT(review);
    case CASE_needs_info:
    case CASE_declined:
    case CASE_suspended:
    case CASE_claimed_done:
    case CASE_callback:
    case CASE_closed:
        return BIT(wait);
    case CASE_none:
    case CASE_merged:
    case CASE_archived:
    case CASE_STATE_COUNT:
    case CASE_any_open:
    case CASE_same:
        break;
    }
    return 0;
}

/* When so much of the limit is over; by working time where that is what is counted. */
static int64_t part_at(const struct case_step *step, const struct running_clock *clock, uint32_t percent) {
    int64_t span[2] = {clock->from, clock->limit_at}, worked, at;
    int64_t straight = span[0] + (span[1] - span[0]) / 100 * percent;
    if (!counts_working_time(clock->limit.unit) ||
        calendar_worked(step_calendar(step), span[0], span[1], &worked, NULL) != 0)
        return straight;
    struct limit part = {(uint32_t)(worked / MINUTE * percent / 100), WORKING_MINUTES};
    if (part.amount == 0 || calendar_add(step_calendar(step), span[0], part, &at, NULL) != 0)
        return straight;
    return at < span[1] ? at : span[1];
}

enum running clocks_due(const struct case_file *file) {
    uint32_t which = clocks_counting(file);
    bool unit_has_it = file->state != CASE_accepted || file->clocks[RUNNING_resolve].limit_at != 0;
    if (which & BIT(wait))
        return RUNNING_wait;
    return (which & UNIT_CLOCKS) && unit_has_it ? RUNNING_resolve : RUNNING_accept;
}

struct moment { /* the next thing that a clock will say */
    int64_t at;
    enum clock_word word;
    uint8_t percent; /* what it is told of then */
};

static struct moment next_of(const struct case_step *step, enum running number) {
    const struct running_clock *clock = &step->file->clocks[number];
    const struct policy_rules *rules = policy_rules(step_policy(step));
    bool warns = number != RUNNING_wait && number != RUNNING_review;
    if (warns && clock->told < rules->warn_first_percent)
        return (struct moment){part_at(step, clock, rules->warn_first_percent), WORD_WARN,
                               (uint8_t)rules->warn_first_percent};
    if (warns && clock->told < rules->warn_second_percent)
        return (struct moment){part_at(step, clock, rules->warn_second_percent), WORD_WARN,
                               (uint8_t)rules->warn_second_percent};
    if (warns && clock->told < 100 && (!clock->moves_up || clock->limit_at < clock->up_at))
        return (struct moment){clock->limit_at, WORD_ALARM, 100};
    if (clock->told < CLOCK_SPENT && (clock->moves_up || !warns))
        return (struct moment){clock->up_at, WORD_UP, CLOCK_SPENT};
    return (struct moment){INT64_MAX, WORD_NONE, 0};
}

static bool counts(const struct case_file *file, int number) {
    return (clocks_counting(file) & 1u << number) && clock_runs(&file->clocks[number]);
}

/* Of equals the later in this order counts. */
static const enum running by_weight[] = {RUNNING_wait,     RUNNING_review, RUNNING_accept, RUNNING_contact,
                                         RUNNING_progress, RUNNING_sign,   RUNNING_resolve};

static void call_tasks(const struct case_step *step, struct clock_call *call) {
    struct case_file *file = step->file;
    for (size_t i = 0; i < file->task_count; i++) {
        struct task *task = &file->tasks[i];
        if (task->state != TASK_called || task->by_at == 0 || task->by_at > step->now)
            continue;
        task->by_at = 0;
        if (call->word < WORD_ALARM)
            *call = (struct clock_call){WORD_ALARM, RUNNING_COUNT, 100};
    }
}

struct clock_call case_clocks_call(const struct case_step *step) {
    struct clock_call call = {WORD_NONE, RUNNING_COUNT, 0};
    for (size_t i = 0; i < sizeof by_weight / sizeof *by_weight; i++) {
        enum running number = by_weight[i];
        if (!counts(step->file, number))
            continue;
        struct moment moment;
        while ((moment = next_of(step, number)).at <= step->now) {
            step->file->clocks[number].told = moment.percent;
            bool graver = moment.word > call.word || (moment.word == call.word && moment.percent >= call.percent);
            if (graver)
                call = (struct clock_call){moment.word, number, moment.percent};
        }
    }
    if (clocks_counting(step->file) & UNIT_CLOCKS)
        call_tasks(step, &call);
    return call;
}

/* due_at and next_at from the clocks that count. */
void case_clocks_settle(const struct case_step *step) {
    struct case_file *file = step->file;
    const struct running_clock *clocks = file->clocks;
    uint32_t which = clocks_counting(file);
    int64_t next = INT64_MAX;
    for (int i = 0; i < RUNNING_COUNT; i++) {
        if (!counts(file, i))
            continue;
        int64_t at = next_of(step, (enum running)i).at;
        next = at < next ? at : next;
    }
    for (size_t i = 0; i < file->task_count && (which & UNIT_CLOCKS); i++) {
        const struct task *task = &file->tasks[i];
        if (task->state == TASK_called && task->by_at != 0 && task->by_at < next)
            next = task->by_at;
    }
    bool open = case_state_spec(file->state)->open;
    /* What has passed is said at the instant that is on its way already; else at a new one, because its own may have been said,
     * and found void, before: escalation says each instant once. */
    if (next <= step->now)
        next = file->next_at != 0 && file->next_at <= step->now ? file->next_at : step->now + 1;
    file->next_at = next < INT64_MAX ? next : open ? step->now + DAY : 0; /* an open case is never forgotten */
    file->due_at = open ? clocks[clocks_due(file)].limit_at : 0;
}
