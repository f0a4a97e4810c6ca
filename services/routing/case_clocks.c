#include "services/routing/case_clocks.h"

#include <stdio.h>
#include <string.h>

#include "services/routing/case_clocks_inner.h"

/* ---- starting ------------------------------------------------------------------------------------------------------- */

static int count(const struct case_step *step, struct running_clock *clock, struct reason *why) {
    const struct calendar *calendar = step_calendar(step);
    if (calendar_add(calendar, clock->from, clock->limit, &clock->limit_at, why) != 0)
        return -1;
    clock->up_at = clock->limit_at;
    if (clock->grace.amount == 0)
        return 0;
    return calendar_add(calendar, clock->limit_at, clock->grace, &clock->up_at, why);
}

static int start_for(const struct case_step *step, enum running number, struct limit limit, struct reason *why) {
    struct running_clock *clock = &step->file->clocks[number];
    *clock = (struct running_clock){.from = step->now, .limit = limit};
    return count(step, clock, why);
}

/* Starts a clock of the policy's ladder; one that the ladder does not have does not run. */
static int start_under(const struct case_step *step, const struct policy *policy, enum running number,
                       struct reason *why) {
    static const enum ladder_clock ladder_of[] = {
        [RUNNING_accept] = LADDER_accept,     [RUNNING_sign] = LADDER_sign,       [RUNNING_contact] = LADDER_contact,
        [RUNNING_progress] = LADDER_progress, [RUNNING_resolve] = LADDER_resolve, [RUNNING_review] = LADDER_review,
    };
    struct case_file *file = step->file;
    struct running_clock *clock = &file->clocks[number];
    struct rung_asked asked = {file->item, file->severity, file->tier, ladder_of[number]};
    struct rung rung;
    *clock = (struct running_clock){0};
    if (policy_rung(policy, &asked, &rung, why) != 0)
        return -1;
    if (rung.limit.amount == 0)
        return 0;
    *clock = (struct running_clock){
        .from = step->now, .limit = rung.limit, .grace = rung.grace, .moves_up = rung.moves_up};
    return count(step, clock, why);
}

static int start(const struct case_step *step, enum running number, struct reason *why) {
    return start_under(step, step_policy(step), number, why);
}

/* A tier that the policy of the case did not have, because the city had nobody there then, has today's limit. */
static int start_resolve(const struct case_step *step, struct reason *why) {
    const struct case_file *file = step->file;
    const struct running_clock *clock = &file->clocks[RUNNING_resolve];
    if (start(step, RUNNING_resolve, why) != 0)
        return -1;
    if (clock_runs(clock))
        return 0;
    if (start_under(step, city_policy_at(step->city, step->now), RUNNING_resolve, why) != 0)
        return -1;
    if (!clock_runs(clock))
        return refuse(why, "ladder", "tier %u, %s has no resolve row in ladder.csv", file->tier, file->severity);
    return 0;
}

/* Where the ladder does not say by when a desk accepts, it has as long as the unit would have to be done. */
static int start_accept(const struct case_step *step, struct reason *why) {
    struct running_clock *clocks = step->file->clocks;
    if (start(step, RUNNING_accept, why) != 0)
        return -1;
    if (clock_runs(&clocks[RUNNING_accept]))
        return 0;
    struct running_clock kept = clocks[RUNNING_resolve];
    int status = start_resolve(step, why);
    clocks[RUNNING_accept] = clocks[RUNNING_resolve];
    clocks[RUNNING_resolve] = kept;
    return status;
}

static int start_unit_clocks(const struct case_step *step, struct reason *why) {
    struct running_clock *clocks = step->file->clocks;
    clocks[RUNNING_accept] = clocks[RUNNING_progress] = clocks[RUNNING_wait] = (struct running_clock){0};
    if (start(step, RUNNING_sign, why) != 0 || start(step, RUNNING_contact, why) != 0)
        return -1;
    return start_resolve(step, why);
}

/* The clock of a state that waits for somebody else. */
static int start_wait(const struct case_step *step, int64_t until_at, struct reason *why) {
    const struct policy_rules *rules = policy_rules(step_policy(step));
    struct case_file *file = step->file;
    struct running_clock *wait = &file->clocks[RUNNING_wait];
    switch (file->state) {
    case CASE_reported:
    case CASE_accepted:
        *wait = (struct running_clock){0};
        return start_accept(step, why);
    case CASE_needs_info:
        return start_for(step, RUNNING_wait, rules->answer_within, why);
    case CASE_claimed_done:
        return start_for(step, RUNNING_wait, rules->verify_within, why);
    case CASE_callback:
        return start_for(step, RUNNING_wait, rules->callback_within, why);
    case CASE_suspended:
        *wait = (struct running_clock){.from = step->now, .limit_at = until_at, .up_at = until_at};
        return 0;
    default:
        return start_for(step, RUNNING_wait, rules->reopen_within, why);
    }
}

/* ---- holding -------------------------------------------------------------------------------------------------------- */

/* How much of the time between both is still to come, in whole minutes of the unit's kind, the begun one counted. */
static int left_of(const struct case_step *step, int64_t end_at, enum time_unit unit, struct limit *left,
                   struct reason *why) {
    bool working = counts_working_time(unit);
    int64_t ms = end_at > step->now ? end_at - step->now : 0;
    if (working && ms > 0 && calendar_worked(step_calendar(step), step->now, end_at, &ms, why) != 0)
        return -1;
    *left = (struct limit){(uint32_t)((ms + MINUTE - 1) / MINUTE), working ? WORKING_MINUTES : CONTINUOUS_MINUTES};
    return 0;
}

/* What is left of the limit becomes the limit, and of a grace that has begun the grace. */
static int hold(const struct case_step *step, struct running_clock *clock, struct reason *why) {
    if (clock->limit_at <= step->now && left_of(step, clock->up_at, clock->grace.unit, &clock->grace, why) != 0)
        return -1;
    if (left_of(step, clock->limit_at, clock->limit.unit, &clock->limit, why) != 0)
        return -1;
    clock->from = clock->limit_at = clock->up_at = 0;
    if (clock->told == 0 && clock->limit.amount == 0)
        clock->told = 1; /* nothing is left of it, and yet it is a clock that ran */
    return 0;
}

static bool is_held(const struct running_clock *clock) {
    return clock->from == 0 && (clock->limit.amount > 0 || clock->moves_up || clock->told > 0);
}

static int hold_all(const struct case_step *step, struct reason *why) {
    for (int i = RUNNING_sign; i <= RUNNING_resolve; i++)
        if (clock_runs(&step->file->clocks[i]) && hold(step, &step->file->clocks[i], why) != 0)
            return -1;
    return 0;
}

static int resume_all(const struct case_step *step, struct reason *why) {
    struct running_clock *clocks = step->file->clocks;
    clocks[RUNNING_wait] = (struct running_clock){0};
    for (int i = RUNNING_sign; i <= RUNNING_resolve; i++) {
        if (!is_held(&clocks[i]))
            continue;
        clocks[i].from = step->now;
        if (count(step, &clocks[i], why) != 0)
            return -1;
    }
    return clock_runs(&clocks[RUNNING_resolve]) ? 0 : start_resolve(step, why);
}

/* ---- single acts ---------------------------------------------------------------------------------------------------- */

/* The same limit again, of which only a part is given. */
static int redo(const struct case_step *step, struct reason *why) {
    struct running_clock *resolve = &step->file->clocks[RUNNING_resolve];
    uint32_t percent = policy_rules(step_policy(step))->redo_percent;
    step->file->clocks[RUNNING_wait] = (struct running_clock){0};
    if (start_resolve(step, why) != 0)
        return -1;
    bool working = counts_working_time(resolve->limit.unit);
    int64_t whole = resolve->limit_at - resolve->from;
    if (working && calendar_worked(step_calendar(step), resolve->from, resolve->limit_at, &whole, why) != 0)
        return -1;
    resolve->limit = (struct limit){(uint32_t)(whole / 100 * percent / MINUTE),
                                    working ? WORKING_MINUTES : CONTINUOUS_MINUTES};
    return count(step, resolve, why) != 0 ? -1 : start(step, RUNNING_progress, why);
}

/* The days asked for are a limit of their own, which begins where the old one ends. */
static int extend(const struct case_step *step, struct reason *why) {
    struct running_clock *resolve = &step->file->clocks[RUNNING_resolve];
    resolve->from = resolve->limit_at;
    resolve->limit = (struct limit){(uint32_t)step->file->kept.extension, WORKING_DAYS};
    resolve->told = 0;
    return count(step, resolve, why);
}

/* Of the clock that says by when the case is due: the unit's, or the desk's where no unit has it. */
static void stricter(const struct case_step *step, int64_t until_at) {
    struct running_clock *clocks = step->file->clocks;
    bool is_desks = !clock_runs(&clocks[RUNNING_resolve]) && clocks_counting(step->file) & BIT(accept);
    struct running_clock *clock = &clocks[is_desks ? RUNNING_accept : RUNNING_resolve];
    if (until_at == 0 || !clock_runs(clock) || until_at >= clock->limit_at)
        return;
    clock->limit_at = clock->up_at = until_at;
    if (clock->from > step->now)
        clock->from = step->now; /* an extension that has not begun yet */
    clock->limit.amount = 0;     /* named by a person: not counted anew when a calendar is corrected */
}

static int start_review(const struct case_step *step, struct reason *why) {
    struct running_clock *clock = &step->file->clocks[RUNNING_review];
    if (start(step, RUNNING_review, why) != 0)
        return -1;
    if (!clock_runs(clock) &&
        start_for(step, RUNNING_review, policy_rules(step_policy(step))->callback_within, why) != 0)
        return -1;
    clock->moves_up = true; /* its end is a reminder, not a warning */
    return 0;
}

/* Of a case that waits for somebody, only when that time is over: nobody gets more of it because the case is listed. */
static int review(const struct case_step *step, struct reason *why) {
    const struct running_clock *wait = &step->file->clocks[RUNNING_wait];
    if (!(clocks_counting(step->file) & BIT(wait)))
        return start_review(step, why);
    return wait->up_at <= step->now ? start_wait(step, wait->limit_at, why) : 0;
}

/* Whatever became of its clocks meanwhile, a case on the supervision list is looked at again. */
static int keep_supervised(const struct case_step *step, struct reason *why) {
    const struct case_file *file = step->file;
    bool lacks = file->supervised && clocks_counting(file) & BIT(review) && !clock_runs(&file->clocks[RUNNING_review]);
    return lacks ? start_review(step, why) : 0;
}

static int act_on(const struct case_step *step, enum move_clock act, int64_t until_at, struct reason *why) {
    struct running_clock *clocks = step->file->clocks;
    switch (act) {
    case CLOCK_START:
        return start_unit_clocks(step, why);
    case CLOCK_SIGNED:
        clocks[RUNNING_sign] = (struct running_clock){0};
        return start(step, RUNNING_progress, why);
    case CLOCK_CONTACTED:
        clocks[RUNNING_contact] = (struct running_clock){0};
        return start(step, RUNNING_progress, why);
    case CLOCK_SILENT:
        return start(step, RUNNING_progress, why);
    case CLOCK_HOLD:
        return hold_all(step, why) != 0 ? -1 : start_wait(step, until_at, why);
    case CLOCK_RESUME:
        return resume_all(step, why);
    case CLOCK_REDO:
        return redo(step, why);
    case CLOCK_WAIT:
    case CLOCK_REST:
        return start_wait(step, until_at, why);
    case CLOCK_EXTEND:
        return extend(step, why);
    case CLOCK_STRICTER:
        stricter(step, until_at);
        return review(step, why);
    case CLOCK_REVIEW:
        return review(step, why);
    case CLOCK_STOP:
        memset(clocks, 0, sizeof step->file->clocks);
        return 0;
    case CLOCK_KEEP: /* a unit that gets it from another one has its own time to sign */
        return step->file->state == CASE_dispatched && !clock_runs(&clocks[RUNNING_sign])
                   ? start(step, RUNNING_sign, why)
                   : 0;
    }
    return 0;
}

int case_clocks_act(const struct case_step *step, enum move_clock act, int64_t until_at, struct reason *why) {
    if (act_on(step, act, until_at, why) != 0 || keep_supervised(step, why) != 0)
        return -1;
    case_clocks_settle(step);
    return 0;
}

int case_clocks_recount(const struct case_step *step, struct reason *why) {
    for (int i = 0; i < RUNNING_COUNT; i++) {
        struct running_clock *clock = &step->file->clocks[i];
        /* What a person named, a review date or a stricter instant, is not counted. */
        struct running_clock anew = *clock;
        if (!clock_runs(clock) || clock->limit.amount == 0)
            continue;
        if (count(step, &anew, why) != 0)
            return -1;
        *clock = anew;
    }
    case_clocks_settle(step);
    return 0;
}
