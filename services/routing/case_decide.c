#include "services/routing/case_decide.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "services/routing/case_clocks.h"
#include "services/routing/case_effects.h"
#include "services/routing/case_guard.h"
#include "services/routing/case_units.h"

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

/* ---- the log entry ------------------------------------------------------------------------------------------------------ */

/* Of these, the unit above hears too: it decides, or it should know. */
static bool is_told_above(const char *move) {
    static const char *const moves[] = {"alarm", "return", "ask_extension", "claim_done", "solve"};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (strcmp(moves[i], move) == 0)
            return true;
    return false;
}

static void tell_above(const struct case_step *step, struct case_moved *moved) {
    const struct unit *above = NULL;
    if (is_told_above(moved->move) && case_above(step, &above, NULL) == 0 && above != NULL)
        (void)units_add(moved->overseers, above->code);
}

static void tell_clocks(const struct case_file *before, const struct case_file *file, struct case_moved *moved) {
    const struct running_clock *sign = &file->clocks[RUNNING_sign], *contact = &file->clocks[RUNNING_contact];
    moved->due_at = file->due_at;
    moved->next_at = file->next_at;
    if (before->due_at != file->due_at)
        moved->due_before = before->due_at;
    if (sign->limit_at != before->clocks[RUNNING_sign].limit_at)
        moved->sign_by = sign->limit_at;
    if (contact->limit_at != before->clocks[RUNNING_contact].limit_at)
        moved->contact_by = contact->limit_at;
    if (before->kept.stopped_ms != file->kept.stopped_ms)
        moved->stopped_ms = file->kept.stopped_ms;
}

static void tell_tasks(const struct case_file *before, const struct case_file *file, struct case_moved *moved) {
    char tasks_before[sizeof moved->tasks];
    case_tasks_print(before, tasks_before, sizeof tasks_before);
    case_tasks_print(file, moved->tasks, sizeof moved->tasks);
    if (strcmp(tasks_before, moved->tasks) == 0)
        moved->tasks[0] = '\0';
}

/* What the entry says of the case itself; what the command brought is added by the caller. */
static void tell(const struct case_step *step, const struct case_file *before, const struct move_spec *line) {
    const struct case_file *file = step->file;
    struct case_moved *moved = step->moved;
    *moved = (struct case_moved){.case_id = file->case_id,
                                 .version = file->version,
                                 .at = step->now,
                                 .tier = file->tier,
                                 .lat = NAN,
                                 .lon = NAN,
                                 .policy = before->version == 0 ? file->policy : 0,
                                 .supervised = file->supervised,
                                 .parent = file->parent};
    COPY(moved->move, line->name);
    COPY(moved->from, case_state_spec(before->state)->name);
    COPY(moved->state, case_state_spec(file->state)->name);
    memcpy(moved->unit, file->unit, sizeof file->unit);
    memcpy(moved->support, file->support, sizeof file->support);
    memcpy(moved->severity, file->severity, sizeof file->severity);
    memcpy(moved->channel, file->channel, sizeof file->channel);
    memcpy(moved->item, file->item, sizeof file->item);
    memcpy(moved->area, file->area, sizeof file->area);
    memcpy(moved->overseers, file->kept.overseers, sizeof moved->overseers);
    memcpy(moved->former, file->kept.former, sizeof moved->former);
    moved->reporter = file->kept.reporter;
    tell_tasks(before, file, moved);
    if (strcmp(before->plan, file->plan) != 0)
        memcpy(moved->plan, file->plan, sizeof moved->plan);
    tell_clocks(before, file, moved);
    tell_above(step, moved);
}

static void tell_command(const struct command *command, struct case_moved *moved) {
    COPY(moved->actor, command->actor);
    COPY(moved->note, command->note);
    COPY(moved->role, command->role);
    COPY(moved->actor_unit, command->actor_unit);
    COPY(moved->reason, command->reason);
    COPY(moved->reply_accepted, command->reply_accepted);
    COPY(moved->reply_spoken, command->reply_spoken);
    COPY(moved->reply_done, command->reply_done);
    COPY(moved->reply_by, command->reply_by);
    COPY(moved->evidence, command->evidence);
    COPY(moved->file, command->file);
    COPY(moved->result, command->result);
    COPY(moved->attributes, command->attributes);
    moved->until_at = command->until_at;
    moved->days = command->days;
    moved->rating = command->rating;
    if (strcmp(command->move, "return") == 0)
        COPY(moved->proposed, command->unit);
}

/* ---- one move ------------------------------------------------------------------------------------------------------------ */

/* The line that a rule may follow: the first that names one of its hats. */
static const struct move_spec *line_of_rule(const char *move, enum case_state state, uint32_t hats) {
    const struct move_spec *line = case_move(move, state);
    while (line != NULL && !(line->hats & hats))
        line = case_move_next(line, state);
    return line;
}

/* Decides on a copy, so that a refusal leaves the file as it was. */
static int make_move(const struct case_step *step, const struct move_spec *line, const struct command *command,
                     struct reason *why) {
    static const struct command none;
    struct case_file next = *step->file;
    struct case_step tried = *step;
    tried.file = &next;
    if (command == NULL)
        command = &none;
    if (case_effect(&tried, line, command, why) != 0)
        return -1;
    next.state = case_move_to(line, next.state);
    if (next.state == CASE_dispatched &&
        (step->file->state != CASE_dispatched || strcmp(next.unit, step->file->unit) != 0))
        next.kept.dispatched_at = step->now;
    if (case_clocks_act(&tried, line->clock, command->until_at, why) != 0)
        return -1;
    case_remember_unit(step->file, &next);
    next.version++;
    tell(&tried, step->file, line);
    *step->file = next;
    return 0;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------- */

/* Who answers for the report, and how urgent it is. */
static int place(const struct case_step *step, const struct report_received *report, struct reason *why) {
    struct case_file *file = step->file;
    const struct channel *channel = city_channel(step->city, report->channel);
    const struct item *item = city_item(step->city, report->item);
    if (channel == NULL)
        return refuse(why, "channel", "the city no longer has the channel %s", report->channel);
    if (item == NULL)
        return refuse(why, "item", "the city no longer has the item %s", report->item);
    bool raised = severity_rank(channel->severity) > severity_rank(item->severity);
    COPY(file->severity, raised ? channel->severity : item->severity);
    memcpy(file->channel, channel->code, sizeof file->channel);
    memcpy(file->item, item->code, sizeof file->item);
    memcpy(file->area, report->area, sizeof file->area);
    if (case_first_unit(step, why) != 0)
        return -1;
    if (report->parent == 0) /* else they were told of that one */
        case_tell_tiers(step);
    return 0;
}

static void tell_likeness(const struct case_step *step, const char *because) {
    COPY(step->moved->actor, "likeness");
    snprintf(step->moved->note, sizeof step->moved->note, "%s", because);
}

/* How a report begins: part of a case that stands already, on its way to its unit, or before the desk. */
static const struct move_spec *line_of_report(const struct case_step *step, const struct report_received *report) {
    bool accepted = city_channel(step->city, report->channel)->auto_accept;
    return case_move(report->parent != 0 ? "merge" : accepted ? "open" : "report", CASE_none);
}

int case_open(const struct case_step *step, const struct report_received *report, struct reason *why) {
    uint64_t policy = policy_version(city_policy_at(step->city, step->now));
    const struct command parent = {.parent = report->parent};
    *step->file = (struct case_file){.case_id = report->case_id, .opened_at = report->at, .policy = policy};
    step->file->kept.reporter = report->reporter != 0;
    if (place(step, report, why) != 0)
        return -1;
    if (make_move(step, line_of_report(step, report), &parent, why) != 0)
        return -1;
    if (report->parent != 0)
        tell_likeness(step, report->because);
    else
        snprintf(step->moved->actor, sizeof step->moved->actor, "channel %s", step->file->channel);
    case_copy_facts(report, step->moved);
    return 0;
}

/* ---- a second look ------------------------------------------------------------------------------------------------------- */

int case_link(const struct case_step *step, const struct report_linked *linked, struct reason *why) {
    const struct command parent = {.parent = linked->parent};
    enum case_state state = step->file->state;
    const struct move_spec *line = line_of_rule("merge", state, HAT_likeness);
    if (linked->parent == step->file->case_id)
        return refuse(why, "parent", "a case cannot be part of itself");
    bool merges = line != NULL;
    if (!merges)
        line = line_of_rule("note", state, HAT_likeness);
    if (line == NULL)
        return 0;
    if (make_move(step, line, &parent, why) != 0)
        return -1;
    tell_likeness(step, linked->because);
    if (!merges)
        snprintf(step->moved->likely, sizeof step->moved->likely, "%llu:%llu", (unsigned long long)linked->parent,
                 (unsigned long long)linked->likeness);
    return 1;
}

/* ---- a command ------------------------------------------------------------------------------------------------------------- */

static int legal(const struct case_file *file, const struct command *command, const struct move_spec **line,
                 struct reason *why) {
    *line = case_move(command->move, file->state);
    if (!case_move_exists(command->move))
        return refuse(why, "move", "there is no move \"%s\"", command->move);
    if (*line == NULL)
        return refuse(why, "move", "a case that is %s cannot %s", case_state_spec(file->state)->name, command->move);
    if (command->version != 0 && command->version != file->version)
        return refuse(why, "version", "the case has moved meanwhile: its version is %u", file->version);
    return 0;
}

int case_decide(const struct case_step *step, const struct command *command, struct reason *why) {
    const struct move_spec *line;
    if (legal(step->file, command, &line, why) != 0)
        return -1;
    const struct move_spec *first = line;
    for (; line != NULL; line = case_move_next(line, step->file->state)) {
        if (case_may(step, line, command, line == first ? why : NULL) != 0)
            continue;
        if (case_brings(step, line, command, why) != 0 || case_guard(step, line, command, why) != 0)
            continue;
        if (make_move(step, line, command, why) != 0)
            return -1;
        tell_command(command, step->moved);
        return 0;
    }
    return -1; /* of several lines, why the last one that he may follow does not hold */
}

/* ---- time ------------------------------------------------------------------------------------------------------------------ */

/* What a clock's word comes to: the move, and whether it is one for a case that cannot go higher. */
static const char *move_of(const struct case_step *step, struct clock_call call) {
    const struct unit *above = NULL;
    switch (call.word) {
    case WORD_NONE:
        return "recalculate";
    case WORD_WARN:
        return "warn";
    case WORD_ALARM:
        return "alarm";
    case WORD_UP:
        break;
    }
    if (call.clock == RUNNING_review)
        return "remind";
    if (call.clock == RUNNING_wait)
        return case_move("lapse", step->file->state)     ? "lapse"
               : case_move("archive", step->file->state) ? "archive"
               : step->file->state == CASE_suspended     ? "resume"
                                                         : "remind";
    if (case_above(step, &above, NULL) == 0 && above != NULL)
        return "escalate";
    return step->file->supervised ? "alarm" : "supervise";
}

int case_pass_deadline(const struct case_step *step, const struct deadline_passed *passed, struct reason *why) {
    struct case_file next = *step->file;
    struct case_step tried = *step;
    tried.file = &next;
    if (next.next_at == 0 || next.next_at != passed->due_at || next.tier != passed->tier)
        return 0;
    struct clock_call call = case_clocks_call(&tried);
    const struct move_spec *line = line_of_rule(move_of(&tried, call), next.state, HAT_deadline | HAT_calendar);
    if (line == NULL)
        return refuse(why, "state", "no deadline moves a case that is %s", case_state_spec(next.state)->name);
    next.next_at = 0; /* was said */
    if (make_move(&tried, line, NULL, why) != 0)
        return -1;
    tell_tasks(step->file, &next, step->moved); /* the call itself noted who is late, before the move */
    COPY(step->moved->actor, "deadline");
    COPY(step->moved->clock, call.word == WORD_NONE ? "" : running_name(call.clock));
    if (call.word == WORD_WARN || strcmp(line->name, "alarm") == 0)
        step->moved->percent = call.word == WORD_WARN ? call.percent : 100;
    *step->file = next;
    return 1;
}

/* Whether somebody said that it is done; a case that was itself part of another one has that one's result. */
static bool has_result(const struct case_file *file) {
    return file->kept.claimed_by[0] != '\0' || file->parent != 0;
}

/* The line with which a child follows its parent. A parent that was withdrawn, or declined and not appealed, takes nobody along. */
static const struct move_spec *line_of_child(const struct case_step *step) {
    const struct channel *channel = city_channel(step->city, step->file->channel);
    bool calls_back = channel != NULL && channel->callback;
    const struct move_spec *line = case_move(has_result(step->parent) ? "conclude" : "unmerge", CASE_merged);
    while (!(line->hats & HAT_parent) || (line->guard == GUARD_calls_back && !calls_back))
        line = case_move_next(line, CASE_merged);
    return line;
}

/* A parent that is part of another case itself has that one's result as soon as it is called back: nobody waits for that call. */
static bool is_finished(const struct case_file *parent) {
    return parent->state == CASE_closed || parent->state == CASE_archived ||
           (parent->state == CASE_callback && parent->parent != 0);
}

int case_conclude(const struct case_step *step, struct reason *why) {
    const struct case_file *parent = step->parent;
    if (step->file->state != CASE_merged || parent == NULL || !is_finished(parent))
        return 0;
    if (make_move(step, line_of_child(step), NULL, why) != 0)
        return -1;
    snprintf(step->moved->actor, sizeof step->moved->actor, "case %llu", (unsigned long long)parent->case_id);
    return 1;
}

int case_recalculate(const struct case_step *step, struct reason *why) {
    struct case_file next = *step->file;
    struct case_step tried = *step;
    tried.file = &next;
    if (!case_state_spec(next.state)->open || next.state == CASE_suspended)
        return 0;
    if (case_clocks_recount(&tried, why) != 0)
        return -1;
    if (next.due_at == step->file->due_at && next.next_at == step->file->next_at)
        return 0;
    struct case_file before = *step->file;
    if (make_move(&tried, line_of_rule("recalculate", next.state, HAT_calendar), NULL, why) != 0)
        return -1;
    tell_clocks(&before, &next, step->moved);
    COPY(step->moved->actor, "calendar");
    *step->file = next;
    return 1;
}
