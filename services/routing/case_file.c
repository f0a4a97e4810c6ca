#include "services/routing/case_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- one move ------------------------------------------------------------------------------------------------------ */

/* The log entry for a move that has just been made. */
static void tell(const struct case_file *file, const struct move_spec *move, int64_t now, struct case_moved *moved) {
    moved->prev[0] = '\0'; /* the store chains it */
    moved->case_id = file->case_id;
    moved->version = file->version;
    moved->at = now;
    moved->tier = file->tier;
    moved->due_at = file->due_at;
    snprintf(moved->move, sizeof moved->move, "%s", move->name);
    snprintf(moved->from, sizeof moved->from, "%s", case_state_spec(move->from)->name);
    snprintf(moved->state, sizeof moved->state, "%s", case_state_spec(move->to)->name);
    memcpy(moved->unit, file->unit, sizeof file->unit);
    memcpy(moved->support, file->support, sizeof file->support);
    memcpy(moved->severity, file->severity, sizeof file->severity);
    memcpy(moved->channel, file->channel, sizeof file->channel);
    memcpy(moved->item, file->item, sizeof file->item);
    memcpy(moved->area, file->area, sizeof file->area);
}

static void without_facts(struct case_moved *moved) {
    moved->address[0] = moved->title[0] = moved->description[0] = moved->note[0] = '\0';
    moved->lat = moved->lon = NAN;
}

/* Cases on the supervision list are reviewed at the pace of the mildest severity, whatever their own: the list is read by
 * people once a working day, and a reminder every two hours would drown it. */
#define REVIEW_SEVERITY "blue"

/* What the move does to the clock: the due instant that follows. */
static int next_due(const struct case_step *step, const struct move_spec *move, int64_t *due_at, struct reason *why) {
    const struct case_file *file = step->file;
    if (move->clock == CLOCK_STOP)
        *due_at = 0;
    if (move->clock != CLOCK_START)
        return 0;
    const char *severity = move->to == CASE_supervised ? REVIEW_SEVERITY : file->severity;
    struct clock_start start = {city_item(step->city, file->item), severity, file->tier, step->now};
    if (start.item == NULL)
        return refuse(why, "item", "the city no longer has the item %s", file->item);
    return city_due(step->city, &start, due_at, why);
}

static int make_move(const struct case_step *step, const struct move_spec *move, struct reason *why) {
    struct case_file *file = step->file;
    int64_t due_at = file->due_at;
    if (next_due(step, move, &due_at, why) != 0)
        return -1;
    file->due_at = due_at;
    file->state = move->to;
    file->version++;
    tell(file, move, step->now, step->moved);
    return 0;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static void copy_facts(const struct report_received *report, struct case_moved *moved) {
    memcpy(moved->address, report->address, sizeof report->address);
    memcpy(moved->title, report->title, sizeof report->title);
    strcpy(moved->description, report->description);
    moved->lat = report->lat;
    moved->lon = report->lon;
    moved->note[0] = '\0';
}

/* Who answers for the report, and how urgent it is. */
static int place(const struct city *city, const struct report_received *report, struct case_file *file,
                 struct reason *why) {
    const struct channel *channel = city_channel(city, report->channel);
    const struct item *item = city_item(city, report->item);
    const struct area *area = city_area(city, report->area);
    if (channel == NULL)
        return refuse(why, "channel", "the city no longer has the channel %s", report->channel);
    if (item == NULL)
        return refuse(why, "item", "the city no longer has the item %s", report->item);
    if (area == NULL)
        return refuse(why, "area", "the city no longer has the area %s", report->area);
    const struct unit *unit = city_unit_for(city, item, area, item->tier, why);
    if (unit == NULL)
        return -1;
    bool raised = severity_rank(channel->severity) > severity_rank(item->severity);
    snprintf(file->severity, sizeof file->severity, "%s", raised ? channel->severity : item->severity);
    memcpy(file->unit, unit->code, sizeof file->unit);
    memcpy(file->channel, channel->code, sizeof file->channel);
    memcpy(file->item, item->code, sizeof file->item);
    memcpy(file->area, area->code, sizeof file->area);
    file->tier = unit->tier;
    return 0;
}

int case_open(const struct case_step *step, const struct report_received *report, struct reason *why) {
    *step->file = (struct case_file){.case_id = report->case_id, .opened_at = report->at};
    if (place(step->city, report, step->file, why) != 0)
        return -1;
    bool accepted = city_channel(step->city, report->channel)->auto_accept;
    const struct move_spec *move = case_move(accepted ? "open" : "report", CASE_none);
    if (make_move(step, move, why) != 0)
        return -1;
    snprintf(step->moved->actor, sizeof step->moved->actor, "channel %s", step->file->channel);
    copy_facts(report, step->moved);
    return 0;
}

/* ---- a passed deadline ------------------------------------------------------------------------------------------ */

static void keep_as_support(struct case_file *file, const char *unit) {
    size_t used = strlen(file->support);
    if (used + 1 + strlen(unit) > SUPPORT_MAX)
        return; /* four tiers of CODE_MAX always fit */
    snprintf(file->support + used, sizeof file->support - used, "%s%s", used > 0 ? " " : "", unit);
}

/* Moves the case to the unit above; at the top it stays where it is. */
static int climb(const struct city *city, struct case_file *file, bool *at_top, struct reason *why) {
    const struct unit *unit = city_unit(city, file->unit), *above;
    const struct area *area = city_area(city, file->area);
    if (unit == NULL)
        return refuse(why, "unit", "the city no longer has the unit %s", file->unit);
    if (area == NULL)
        return refuse(why, "area", "the city no longer has the area %s", file->area);
    if (city_unit_above(city, unit, area, &above, why) != 0)
        return -1;
    *at_top = above == NULL;
    if (*at_top)
        return 0;
    keep_as_support(file, file->unit);
    memcpy(file->unit, above->code, sizeof file->unit);
    file->tier = above->tier;
    return 0;
}

static const struct move_spec *deadline_move(enum case_state state, bool at_top) {
    if (state == CASE_supervised)
        return case_move("remind", state);
    return case_move(at_top ? "supervise" : "escalate", state);
}

int case_pass_deadline(const struct case_step *step, const struct deadline_passed *passed, struct reason *why) {
    struct case_file next = *step->file;
    if (next.due_at == 0 || next.due_at != passed->due_at || next.tier != passed->tier)
        return 0;
    bool at_top = false;
    if (next.state != CASE_supervised && climb(step->city, &next, &at_top, why) != 0)
        return -1;
    const struct move_spec *move = deadline_move(next.state, at_top);
    if (move == NULL)
        return refuse(why, "state", "no deadline moves a case that is %s", case_state_spec(next.state)->name);
    struct case_step tried = {step->city, step->now, &next, step->moved};
    if (make_move(&tried, move, why) != 0)
        return -1;
    *step->file = next;
    without_facts(step->moved);
    snprintf(step->moved->actor, sizeof step->moved->actor, "deadline");
    return 1;
}

bool case_has_new_unit(const struct case_moved *moved) {
    return strcmp(moved->move, "escalate") == 0;
}

void case_add_facts(const struct case_moved *opening, struct case_moved *moved) {
    memcpy(moved->address, opening->address, sizeof opening->address);
    memcpy(moved->title, opening->title, sizeof opening->title);
    strcpy(moved->description, opening->description);
    moved->lat = opening->lat;
    moved->lon = opening->lon;
}

/* ---- a command --------------------------------------------------------------------------------------------------- */

int case_command(const struct case_step *step, const struct command *command, struct reason *why) {
    const struct case_file *file = step->file;
    const struct move_spec *move = case_move(command->move, file->state);
    if (move == NULL || move->by != BY_STAFF)
        return refuse(why, "move", "a case that is %s cannot %s", case_state_spec(file->state)->name, command->move);
    if (command->version != 0 && command->version != file->version)
        return refuse(why, "version", "the case has moved meanwhile: its version is %u", file->version);
    if (make_move(step, move, why) != 0)
        return -1;
    without_facts(step->moved);
    memcpy(step->moved->actor, command->actor, sizeof command->actor);
    memcpy(step->moved->note, command->note, sizeof command->note);
    return 0;
}
