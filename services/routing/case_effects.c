#include "services/routing/case_effects.h"

#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "services/routing/case_units.h"

typedef int effect(const struct case_step *step, const struct command *command, struct reason *why);

static int on_ask(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    step->file->kept.asked = true;
    return 0;
}

static int give_to(const struct case_step *step, const struct command *command, struct reason *why) {
    const struct unit *unit = city_unit(step->city, command->unit);
    if (unit == NULL)
        return refuse(why, "unit", "the city has no unit %s", command->unit);
    case_give(step, unit);
    case_tell_tiers(step);
    return 0;
}

static int add_support(const struct case_step *step, const char *parties, struct reason *why) {
    char code[UNITS_TEXT_MAX + 1];
    while (*parties != '\0') {
        size_t size = strcspn(parties, " ");
        snprintf(code, sizeof code, "%.*s", (int)size, parties);
        if (city_unit(step->city, code) == NULL)
            return refuse(why, "parties", "the city has no unit %.48s", code);
        if (!case_add_support(step, code))
            return refuse(why, "parties", "the case has too many units already");
        parties += size + (parties[size] == ' ');
    }
    return 0;
}

/* To the unit that is named, else to the one that the city's tables give. */
static int on_dispatch(const struct case_step *step, const struct command *command, struct reason *why) {
    if (command->unit[0] != '\0') {
        const struct area *area = city_area(step->city, step->file->area);
        const struct unit *unit = city_unit(step->city, command->unit);
        if (unit == NULL || (area != NULL && !unit_covers(unit, area)))
            return refuse(why, "unit", "%s is no unit that answers for %s", command->unit, step->file->area);
        case_give(step, unit);
    } else if (case_first_unit(step, why) != 0) {
        return -1;
    }
    case_tell_tiers(step);
    return add_support(step, command->parties, why);
}

/* Who had it before stays on the case, with what it left undone. */
static int on_transfer(const struct case_step *step, const struct command *command, struct reason *why) {
    if (strcmp(command->unit, step->file->unit) == 0)
        return refuse(why, "unit", "%s has it already", command->unit);
    if (!case_add_support(step, step->file->unit))
        return refuse(why, "unit", "the case has too many units already");
    return give_to(step, command, why);
}

static int on_designate(const struct case_step *step, const struct command *command, struct reason *why) {
    if (give_to(step, command, why) != 0)
        return -1;
    step->file->kept.designated = true;
    return 0;
}

static int on_return(const struct case_step *step, const struct command *command, struct reason *why) {
    if (strcmp(command->unit, step->file->unit) == 0)
        return refuse(why, "unit", "propose another unit than your own");
    step->file->kept.returns++;
    memcpy(step->file->kept.proposed, command->unit, sizeof step->file->kept.proposed);
    return 0;
}

static int on_plan(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)why;
    memcpy(step->file->plan, command->plan, sizeof step->file->plan);
    return 0;
}

static int on_pass_up(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    if (case_climb(step, why) != 0)
        return -1;
    case_tell_tiers(step);
    return 0;
}

static int call_unit(const struct case_step *step, const char *code, struct reason *why) {
    struct case_file *file = step->file;
    struct rung_asked asked = {file->item, file->severity, file->tier, LADDER_arrive};
    struct rung rung;
    struct task *task = &file->tasks[file->task_count];
    if (file->task_count == TASKS_MAX)
        return refuse(why, "parties", "at most %d units can be called to one case", TASKS_MAX);
    if (city_unit(step->city, code) == NULL)
        return refuse(why, "parties", "the city has no unit %s", code);
    if (strcmp(code, file->unit) == 0)
        return refuse(why, "parties", "%s leads the case", code);
    for (size_t i = 0; i < file->task_count; i++)
        if (strcmp(file->tasks[i].unit, code) == 0 && file->tasks[i].state != TASK_finished)
            return refuse(why, "parties", "%s was called already", code);
    if (!case_add_support(step, code))
        return refuse(why, "parties", "the case has too many units already");
    *task = (struct task){.state = TASK_called};
    snprintf(task->unit, sizeof task->unit, "%s", code);
    if (policy_rung(step_policy(step), &asked, &rung, why) != 0)
        return -1;
    if (rung.limit.amount > 0 && calendar_add(city_calendar(step->city, city_unit(step->city, code)), step->now,
                                              rung.limit, &task->by_at, why) != 0)
        return -1;
    file->task_count++;
    return 0;
}

static int on_whistle(const struct case_step *step, const struct command *command, struct reason *why) {
    char parties[UNITS_TEXT_MAX + 1];
    const struct area *area = city_area(step->city, step->file->area);
    snprintf(parties, sizeof parties, "%s", command->parties);
    if (parties[0] == '@' && area == NULL)
        return refuse(why, "area", "the city no longer has the area %s", step->file->area);
    if (parties[0] == '@' && city_template_parties(step->city, command->parties + 1, area, parties, why) != 0)
        return -1;
    char *rest = parties, *code;
    while ((code = strsep(&rest, " ")) != NULL)
        if (*code != '\0' && call_unit(step, code, why) != 0)
            return -1;
    return 0;
}

static struct task *task_of(const struct case_step *step, const char *unit) {
    for (size_t i = 0; i < step->file->task_count; i++)
        if (strcmp(step->file->tasks[i].unit, unit) == 0 && step->file->tasks[i].state != TASK_finished)
            return &step->file->tasks[i];
    return NULL;
}

static int on_arrive(const struct case_step *step, const struct command *command, struct reason *why) {
    struct task *task = task_of(step, command->actor_unit);
    if (task == NULL || task->state == TASK_arrived)
        return refuse(why, "actor_unit", "%s has arrived already", command->actor_unit);
    task->state = TASK_arrived;
    task->by_at = 0;
    return 0;
}

static int on_finish(const struct case_step *step, const struct command *command, struct reason *why) {
    struct task *task = task_of(step, command->actor_unit);
    if (task == NULL)
        return refuse(why, "actor_unit", "%s has no task here", command->actor_unit);
    task->state = TASK_finished;
    task->by_at = 0;
    return 0;
}

static int on_ask_extension(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)why;
    step->file->kept.extension = command->days;
    return 0;
}

static int on_extension_answered(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    step->file->kept.extended = true;
    return 0;
}

static int on_suspend(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    step->file->kept.suspended_at = step->now;
    return 0;
}

static int on_resume(const struct case_step *step, const struct command *command, struct reason *why) {
    struct case_kept *kept = &step->file->kept;
    (void)command;
    (void)why;
    if (step->now > kept->suspended_at) /* the clock of another replica may be a little behind */
        kept->stopped_ms += (uint64_t)(step->now - kept->suspended_at);
    kept->suspended_at = 0;
    return 0;
}

/* The four-part reply says whom it was spoken with: that was contact, too. */
static int on_claim(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)why;
    step->file->clocks[RUNNING_contact] = (struct running_clock){0};
    memcpy(step->file->kept.claimed_by, command->actor, sizeof step->file->kept.claimed_by);
    return 0;
}

/* Back to work: who never had to sign, because it was solved on the spot, has the complaint for a plan. */
static int back_to_work(const struct case_step *step, const struct command *command) {
    step->file->kept.claimed_by[0] = '\0';
    if (step->file->plan[0] == '\0')
        snprintf(step->file->plan, sizeof step->file->plan, "%s", command->note);
    return 0;
}

static int on_reject(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)why;
    return back_to_work(step, command);
}

static int on_dissatisfied(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)why;
    if (step->file->kept.redone)
        return 0;
    step->file->kept.redone = true;
    step->file->kept.attempts = 0;
    return back_to_work(step, command);
}

static int on_attempt(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    if (step->file->kept.attempts++ == 0)
        step->file->kept.attempted_at = step->now;
    return 0;
}

/* Begins anew: nobody has held it, nothing was claimed. What was counted for measures stands in the log. */
static void forget_way(struct case_file *file) {
    struct case_kept *kept = &file->kept;
    kept->dispatched_at = kept->attempted_at = 0;
    kept->attempts = kept->returns = kept->extension = 0;
    kept->extended = kept->redone = kept->designated = false;
    kept->claimed_by[0] = kept->proposed[0] = '\0';
    memset(file->clocks, 0, sizeof file->clocks);
    file->task_count = 0;
}

static int on_merge(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)why;
    forget_way(step->file);
    step->file->parent = command->parent;
    return 0;
}

static int on_unmerge(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    step->file->parent = 0;
    return 0;
}

static int on_reopen(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    forget_way(step->file);
    return 0;
}

static int on_supervision(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    step->file->supervised = true;
    return 0;
}

static int on_attach(const struct case_step *step, const struct command *command, struct reason *why) {
    (void)command;
    (void)why;
    step->file->kept.files++;
    return 0;
}

static const struct {
    const char *move;
    effect *apply;
} effects[] = {
    {"ask", on_ask},
    {"dispatch", on_dispatch},
    {"designate", on_designate},
    {"transfer", on_transfer},
    {"return", on_return},
    {"sign", on_plan},
    {"plan", on_plan},
    {"pass_up", on_pass_up},
    {"escalate", on_pass_up},
    {"whistle", on_whistle},
    {"arrive", on_arrive},
    {"finish", on_finish},
    {"ask_extension", on_ask_extension},
    {"grant_extension", on_extension_answered},
    {"refuse_extension", on_extension_answered},
    {"suspend", on_suspend},
    {"resume", on_resume},
    {"claim_done", on_claim},
    {"solve", on_claim},
    {"reject", on_reject},
    {"dissatisfied", on_dissatisfied},
    {"attempt", on_attempt},
    {"merge", on_merge},
    {"unmerge", on_unmerge},
    {"reopen", on_reopen},
    {"press", on_supervision},
    {"list", on_supervision},
    {"supervise", on_supervision},
    {"attach", on_attach},
};

int case_effect(const struct case_step *step, const struct move_spec *line, const struct command *command,
                struct reason *why) {
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (strcmp(effects[i].move, line->name) == 0)
            return effects[i].apply(step, command, why);
    return 0;
}
