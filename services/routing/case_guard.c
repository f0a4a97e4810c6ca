#include "services/routing/case_guard.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/calendar.h"
#include "services/routing/case_clocks.h"

/* ---- who may ---------------------------------------------------------------------------------------------------------- */

struct stand {               /* how the actor's unit stands to the case */
    const struct unit *unit; /* NULL: he has none, or one that the city does not know */
    bool covers;             /* its area holds the case's */
};

/* A case whose area the city has no longer is the whole city's: somebody must be able to move it. */
static bool covers(const struct unit *unit, const struct area *area) {
    return area != NULL ? unit_covers(unit, area) : unit->area->parent == NULL;
}

static bool fits(const struct case_step *step, const struct command *command, enum case_hat hat,
                 const struct stand *stand) {
    const struct case_file *file = step->file;
    switch (hat) {
    case HAT_reporter:
        return true;
    case HAT_lead:
        return strcmp(command->actor_unit, file->unit) == 0;
    case HAT_support:
        return codes_hold(file->support, command->actor_unit);
    case HAT_caller:
    case HAT_supervisor:
        return stand->covers;
    case HAT_desk:
    case HAT_centre:
        return stand->covers && stand->unit->tier >= file->tier;
    case HAT_above:
        return stand->covers && (stand->unit->tier > file->tier || stand->unit->tier == TIER_MAX);
    case HAT_verifier:
        return stand->covers && strcmp(command->actor, file->kept.claimed_by) != 0;
    case HAT_channel:
    case HAT_likeness:
    case HAT_deadline:
    case HAT_parent:
    case HAT_calendar:
        break; /* no command comes from them */
    }
    return false;
}

int case_may(const struct case_step *step, const struct move_spec *line, const struct command *command,
             struct reason *why) {
    const struct role_spec *role = case_role(command->role);
    if (role == NULL)
        return refuse(why, "role", "there is no role \"%s\"", command->role);
    uint32_t hats = role->hats & line->hats;
    if (hats == 0)
        return refuse(why, "role", "a %s may not %s", role->name, line->name);
    const struct area *area = city_area(step->city, step->file->area);
    struct stand stand = {.unit = city_unit(step->city, command->actor_unit)};
    stand.covers = stand.unit != NULL && covers(stand.unit, area);
    for (uint32_t hat = 1; hat <= hats; hat <<= 1)
        if ((hats & hat) && fits(step, command, (enum case_hat)hat, &stand))
            return 0;
    if ((hats & HAT_verifier) && stand.covers)
        return refuse(why, "actor", "%s said that it is done: somebody else verifies it", command->actor);
    return refuse(why, "actor_unit", "%s of %s may not %s this case: it is with %s, tier %u", role->name,
                  *command->actor_unit != '\0' ? command->actor_unit : "no unit", line->name, step->file->unit,
                  step->file->tier);
}

/* ---- guards ---------------------------------------------------------------------------------------------------------------- */

#define EARTH_METRES_A_DEGREE 111195.0
#define RADIANS_A_DEGREE 0.017453292519943295

/* Near enough for a few kilometres: degrees on a plane. */
static double metres_between(struct case_place a, struct case_place b) {
    double north = (a.lat - b.lat) * EARTH_METRES_A_DEGREE;
    double east = (a.lon - b.lon) * EARTH_METRES_A_DEGREE * cos(a.lat * RADIANS_A_DEGREE);
    return sqrt(north * north + east * east);
}

static int like_parent(const struct case_step *step, const struct command *command, struct reason *why) {
    const struct case_file *file = step->file, *parent = step->parent;
    const struct channel *channel = city_channel(step->city, file->channel);
    double metres = metres_between(step->place, step->parent_place);
    uint32_t metres_max = policy_rules(step_policy(step))->merge_metres;
    if (parent == NULL || command->parent == file->case_id)
        return refuse(why, "parent", "there is no other case %llu", (unsigned long long)command->parent);
    if (parent->parent != 0)
        return refuse(why, "parent", "it is part of another case itself: merge into %llu",
                      (unsigned long long)parent->parent);
    if (!case_state_spec(parent->state)->open)
        return refuse(why, "parent", "it is %s already", case_state_spec(parent->state)->name);
    if (strcmp(parent->item, file->item) != 0)
        return refuse(why, "parent", "it is about %s, this one about %s", parent->item, file->item);
    /* The older one leads: so no two cases can ever be part of each other. */
    if (parent->opened_at > file->opened_at ||
        (parent->opened_at == file->opened_at && parent->case_id > file->case_id))
        return refuse(why, "parent", "it is the younger one: merge that into this");
    if (channel != NULL && channel->duplicate_hours > 0 &&
        file->opened_at - parent->opened_at > channel->duplicate_hours * 3600000LL)
        return refuse(why, "parent", "it is older than the channel's %u hours", channel->duplicate_hours);
    if (!isnan(metres) && metres > metres_max)
        return refuse(why, "parent", "it lies %.0f m away, more than %u m", metres, metres_max);
    return 0;
}

static int return_in_time(const struct case_step *step, struct reason *why) {
    const struct case_file *file = step->file;
    const struct policy_rules *rules = policy_rules(step_policy(step));
    const struct calendar *calendar = city_calendar(step->city, city_unit(step->city, file->unit));
    const struct running_clock *resolve = &file->clocks[RUNNING_resolve];
    int64_t last, quarter = resolve->from + (resolve->limit_at - resolve->from) / 100 * rules->return_percent;
    int64_t worked;
    if (file->kept.designated)
        return refuse(why, "move", "the unit was designated: it may not return the case");
    if (calendar_add(calendar, file->kept.dispatched_at, rules->return_within, &last, why) != 0)
        return -1;
    bool working = resolve->limit.unit != CONTINUOUS_MINUTES && resolve->limit.unit != CALENDAR_DAYS;
    if (working && calendar_worked(calendar, resolve->from, resolve->limit_at, &worked, NULL) == 0) {
        struct limit part = {(uint32_t)(worked / MINUTE_MS * rules->return_percent / 100), WORKING_MINUTES};
        if (calendar_add(calendar, resolve->from, part, &quarter, why) != 0)
            return -1;
    }
    if (step->now > last || step->now > quarter)
        return refuse(why, "move", "the time to return it is over: pass it up, or ask the centre for a transfer");
    return 0;
}

static int in_time(const struct case_step *step, struct reason *why) {
    if (step->now > step->file->clocks[RUNNING_wait].limit_at)
        return refuse(why, "move", "the days in which it could be opened again are over: report it anew");
    return 0;
}

static int may_extend(const struct case_step *step, const struct command *command, struct reason *why) {
    const struct case_file *file = step->file;
    uint32_t most = policy_rules(step_policy(step))->extension_days_max;
    if (file->kept.extended || file->kept.extension > 0)
        return refuse(why, "move", "an extension was asked for before: there is only one");
    if (step->now >= file->clocks[RUNNING_resolve].limit_at)
        return refuse(why, "move", "the limit has passed: an extension is asked for before");
    if (command->days > most)
        return refuse(why, "days", "must be at most %u working days", most);
    return 0;
}

static int may_suspend(const struct case_step *step, const struct command *command, struct reason *why) {
    uint32_t most = policy_rules(step_policy(step))->suspension_days_max;
    if (command->until_at - step->now > most * DAY_MS)
        return refuse(why, "until_at", "must be within %u days", most);
    return 0;
}

/* The last call: as many of them, on as many days of the city's calendar, as the city wants. */
static int last_attempt(const struct case_step *step, struct reason *why) {
    const struct policy_rules *rules = policy_rules(step_policy(step));
    const struct case_kept *kept = &step->file->kept;
    int64_t first = kept->attempts > 0 ? kept->attempted_at : step->now;
    int64_t days = city_date(step->city, step->now) - city_date(step->city, first) + 1;
    if (kept->attempts + 1 < rules->callback_attempts || days < (int64_t)rules->callback_days)
        return refuse(why, "move", "call again later, on another day");
    return 0;
}

static int room_for_tasks(const struct case_step *step, const struct command *command, struct reason *why) {
    size_t called = 1;
    for (const char *at = command->parties; (at = strchr(at, ' ')) != NULL; at++)
        called++;
    if (step->file->task_count + called > TASKS_MAX)
        return refuse(why, "parties", "at most %d units can be called to one case", TASKS_MAX);
    return 0;
}

static int is_called(const struct case_step *step, const struct command *command, struct reason *why) {
    for (size_t i = 0; i < step->file->task_count; i++)
        if (strcmp(step->file->tasks[i].unit, command->actor_unit) == 0 && step->file->tasks[i].state != TASK_finished)
            return 0;
    return refuse(why, "actor_unit", "%s was not called, or is done", command->actor_unit);
}

static int not_top(const struct case_step *step, struct reason *why) {
    const struct unit *unit = city_unit(step->city, step->file->unit), *above = NULL;
    const struct area *area = city_area(step->city, step->file->area);
    if (unit == NULL || area == NULL)
        return refuse(why, unit == NULL ? "unit" : "area", "the city no longer has it");
    if (city_unit_above(step->city, unit, area, &above, why) != 0)
        return -1;
    return above != NULL ? 0 : refuse(why, "move", "nobody is above %s", unit->code);
}

static int stricter(const struct case_step *step, const struct command *command, struct reason *why) {
    if (command->until_at != 0 && (command->until_at <= step->now || command->until_at >= step->file->due_at))
        return refuse(why, "until_at", "must lie between now and the due instant");
    return 0;
}

static int holds(bool fact, struct reason *why, const char *text) {
    return fact ? 0 : refuse(why, "move", "%s", text);
}

int case_guard(const struct case_step *step, const struct move_spec *line, const struct command *command,
               struct reason *why) {
    const struct case_file *file = step->file;
    const struct channel *channel = city_channel(step->city, file->channel);
    const struct policy_rules *rules = policy_rules(step_policy(step));
    switch (line->guard) {
    case GUARD_always:
    case GUARD_COUNT:
        return 0;
    case GUARD_not_asked:
        return holds(!file->kept.asked, why, "the reporter was asked once already: accept or decline it");
    case GUARD_in_time:
        return in_time(step, why);
    case GUARD_like_parent:
        return like_parent(step, command, why);
    case GUARD_calls_back:
        return holds(channel != NULL && channel->callback, why, "its channel calls nobody back");
    case GUARD_first_dispatch:
        return holds(file->kept.dispatched_at == 0, why, "a unit has held it before");
    case GUARD_may_return:
        return holds(file->kept.returns <= rules->returns_max, why,
                     "it was returned too often: designate a unit, which may not return it");
    case GUARD_was_returned:
        return holds(file->kept.returns > 0, why, "nobody has returned it: dispatch it");
    case GUARD_return_in_time:
        return return_in_time(step, why);
    case GUARD_not_top:
        return not_top(step, why);
    case GUARD_room_for_tasks:
        return room_for_tasks(step, command, why);
    case GUARD_is_called:
        return is_called(step, command, why);
    case GUARD_may_extend:
        return may_extend(step, command, why);
    case GUARD_extension_asked:
        return holds(file->kept.extension > 0 && !file->kept.extended, why, "no extension is asked for");
    case GUARD_may_suspend:
        return may_suspend(step, command, why);
    case GUARD_last_attempt:
        return last_attempt(step, why);
    case GUARD_not_redone:
        return holds(!file->kept.redone, why, "it was done again once already");
    case GUARD_not_supervised:
        return holds(!file->supervised, why, "it is on the supervision list already");
    case GUARD_stricter:
        return stricter(step, command, why);
    case GUARD_room_for_files:
        return holds(file->kept.files < FILES_MAX, why, "it has as many files as it may have");
    }
    return 0;
}
