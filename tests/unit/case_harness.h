/* A case of the small city, opened and moved by hand, and what came of it. */
#ifndef ZHITONG_TESTS_CASE_HARNESS_H
#define ZHITONG_TESTS_CASE_HARNESS_H

#include <math.h>

#include "services/routing/case_clocks.h"
#include "services/routing/case_decide.h"
#include "tests/unit/small_city.h"

struct trial {
    struct city *city;
    struct case_file file, parent;
    bool has_parent;
    struct case_moved moved;
    struct reason why;
};

/* Wednesday, 4 June 2025, and the days after it, in Shanghai. Works from 9 to 18, on Mondays with a break from 12 to 14. */
static inline int64_t june(int day, int hour, int minute) {
    return date_of(2025, 6, day) * DAY_MS + ((hour - 8) * 60 + minute) * MINUTE_MS;
}

/* The clocks that the small city does not have by itself. */
static const char full_ladder[] = "tier,severity,clock,limit,limit_unit,grace,grace_unit\n"
                                  "1,yellow,accept,2,working_hours,,\n2,yellow,accept,2,working_hours,,\n"
                                  "1,yellow,sign,30,working_minutes,,\n2,yellow,sign,60,working_minutes,,\n"
                                  "3,yellow,sign,2,working_hours,,\n4,yellow,sign,4,working_hours,,\n"
                                  "1,yellow,contact,2,working_hours,,\n2,yellow,contact,4,working_hours,,\n"
                                  "1,yellow,progress,4,working_hours,,\n2,yellow,progress,1,working_days,,\n"
                                  "1,yellow,resolve,1,working_days,30,working_minutes\n"
                                  "2,yellow,resolve,3,working_days,,\n3,yellow,resolve,5,working_days,,\n"
                                  "4,yellow,resolve,15,working_days,,\n1,yellow,arrive,60,working_minutes,,\n"
                                  "4,yellow,review,1,working_days,,\n"
                                  "1,orange,resolve,24,continuous_hours,,\n2,orange,resolve,24,continuous_hours,,\n"
                                  "3,orange,resolve,24,continuous_hours,1,continuous_hours\n"
                                  "4,orange,resolve,24,continuous_hours,,\n4,orange,review,1,working_days,,\n"
                                  "1,red,resolve,2,continuous_hours,,\n2,red,resolve,2,continuous_hours,,\n"
                                  "3,red,resolve,2,continuous_hours,,\n4,red,resolve,2,continuous_hours,,\n"
                                  "2,blue,resolve,1,working_days,,\n3,blue,resolve,1,working_days,,\n"
                                  "4,blue,resolve,1,working_days,,\n4,blue,review,1,working_days,,\n";

static inline int make_full_folder(void **state) {
    if (make_folder(state) != 0)
        return -1;
    write_file("ladder.csv", full_ladder);
    return 0;
}

static inline struct city *city_of_folder(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s:%zu: %s", city_table_spec(draft->complaints[0].table)->file, draft->complaints[0].line,
                 draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static inline struct case_step step_of(struct trial *trial, int64_t now) {
    struct case_place here = {33.5, 114.25};
    return (struct case_step){.city = trial->city,
                              .now = now,
                              .file = &trial->file,
                              .moved = &trial->moved,
                              .parent = trial->has_parent ? &trial->parent : NULL,
                              .place = here,
                              .parent_place = here};
}

static inline struct report_received report_of(const char *channel, const char *item, const char *area) {
    struct report_received report = {.case_id = 1234, .at = june(4, 9, 59), .lat = NAN, .lon = NAN};
    strcpy(report.channel, channel);
    strcpy(report.item, item);
    strcpy(report.area, area);
    return report;
}

/* A city from the folder, and a case opened on Wednesday at ten. */
static inline void open_trial(struct trial *trial, const char *channel, const char *item, const char *area) {
    struct report_received report = report_of(channel, item, area);
    struct case_step step = step_of(trial, june(4, 10, 0));
    trial->city = city_of_folder();
    step.city = trial->city;
    if (case_open(&step, &report, &trial->why) != 0)
        fail_msg("%s: %s", trial->why.field, trial->why.text);
}

static inline int pass_deadline_at(struct trial *trial, int64_t now) {
    struct deadline_passed passed = {.case_id = trial->file.case_id,
                                     .at = now,
                                     .version = trial->file.version,
                                     .tier = trial->file.tier,
                                     .due_at = trial->file.next_at};
    struct case_step step = step_of(trial, now);
    return case_pass_deadline(&step, &passed, &trial->why);
}

/* The next instant at which a clock has something to say comes. */
static inline int let_next_pass(struct trial *trial) {
    return pass_deadline_at(trial, trial->file.next_at);
}

/* Instants come one after the other until a move of this name, which must come within so many. */
static inline void pass_until(struct trial *trial, const char *move) {
    for (int i = 0; i < 40; i++) {
        if (let_next_pass(trial) != 1)
            fail_msg("%s: %s", trial->why.field, trial->why.text);
        if (strcmp(trial->moved.move, move) == 0)
            return;
    }
    fail_msg("no %s within 40 instants", move);
}

/* Everything that any move needs, for somebody who may make it. */
static inline struct command command_of(struct trial *trial, const char *move) {
    static const struct {
        uint32_t hat;
        const char *role, *unit; /* NULL: the case's */
    } people[] = {
        {HAT_lead, "department_lead", NULL},    {HAT_support, "department_support", "c-water"},
        {HAT_above, "supervisor", "s-centre"},  {HAT_desk, "dispatcher", "s-centre"},
        {HAT_centre, "dispatcher", "s-centre"}, {HAT_verifier, "verifier", "s-centre"},
        {HAT_caller, "caller", "s-centre"},     {HAT_supervisor, "supervisor", "s-centre"},
        {HAT_reporter, "citizen", ""},
    };
    struct command command = {.case_id = trial->file.case_id,
                              .actor = "li.wei",
                              .note = "seen",
                              .reason = "weather",
                              .unit = "t-centre",
                              .parties = "c-water",
                              .plan = "mend it",
                              .until_at = trial->moved.at + 5 * DAY_MS,
                              .days = 3,
                              .parent = 777,
                              .reply_accepted = "Wednesday, Li",
                              .reply_spoken = "with Wang",
                              .reply_done = "mended",
                              .reply_by = "all done",
                              .evidence = "seen on site",
                              .rating = 5};
    snprintf(command.file, sizeof command.file, "%064d image/jpeg 52311 photo.jpg", 7);
    snprintf(command.move, sizeof command.move, "%s", move);
    if (strcmp(move, "dissatisfied") == 0)
        command.rating = 1;
    const struct move_spec *line = case_move(move, trial->file.state);
    for (size_t i = 0; i < LENGTH(people) && line != NULL; i++) {
        if (!(line->hats & people[i].hat))
            continue;
        strcpy(command.role, people[i].role);
        strcpy(command.actor_unit, people[i].unit != NULL ? people[i].unit : trial->file.unit);
        break;
    }
    return command;
}

static inline int command_case(struct trial *trial, const struct command *command, int64_t now) {
    struct case_step step = step_of(trial, now);
    return case_decide(&step, command, &trial->why);
}

/* A move that must succeed. */
static inline void act(struct trial *trial, const char *move, int64_t now) {
    struct command command = command_of(trial, move);
    if (command_case(trial, &command, now) != 0)
        fail_msg("%s from %s: %s: %s", move, case_state_spec(trial->file.state)->name, trial->why.field,
                 trial->why.text);
}

/* Noise in the village, accepted and dispatched to its desk on Wednesday at ten. */
static inline void open_noise(struct trial *trial) {
    open_trial(trial, "hotline", "noise", "v");
    act(trial, "accept", june(4, 10, 0));
    struct command command = command_of(trial, "dispatch");
    strcpy(command.unit, "v-desk");
    command.parties[0] = '\0';
    assert_int_equal(command_case(trial, &command, june(4, 10, 0)), 0);
}

struct word { /* what is said next, and when */
    const char *move, *clock;
    uint64_t percent;
    int64_t at;
};

static inline void check_words(struct trial *trial, const struct word *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int64_t at = trial->file.next_at;
        if (at != words[i].at)
            fail_msg("%s %s comes at %lld, not %lld (%+lld min)", words[i].move, words[i].clock, (long long)at,
                     (long long)words[i].at, (long long)(at - words[i].at) / MINUTE_MS);
        if (let_next_pass(trial) != 1)
            fail_msg("%s: %s", trial->why.field, trial->why.text);
        if (strcmp(trial->moved.move, words[i].move) != 0 || strcmp(trial->moved.clock, words[i].clock) != 0)
            fail_msg("word %zu is %s %s, not %s %s", i, trial->moved.move, trial->moved.clock, words[i].move,
                     words[i].clock);
        assert_int_equal(trial->moved.percent, words[i].percent);
        assert_string_equal(trial->moved.actor, "deadline");
        assert_int_equal(trial->moved.at, at);
    }
}

/* A command that must be refused with this field, and change nothing. */
static inline void refused(struct trial *trial, const struct command *command, int64_t now, const char *field) {
    struct case_file before = trial->file;
    assert_int_equal(command_case(trial, command, now), -1);
    if (strcmp(trial->why.field, field) != 0)
        fail_msg("%s: refused with %s, not %s: %s", command->move, trial->why.field, field, trial->why.text);
    assert_memory_equal(&trial->file, &before, sizeof before);
}

static inline void give(struct trial *trial, const char *move, const char *unit, int64_t now) {
    struct command command = command_of(trial, move);
    strcpy(command.unit, unit);
    command.parties[0] = '\0';
    if (command_case(trial, &command, now) != 0)
        fail_msg("%s to %s: %s: %s", move, unit, trial->why.field, trial->why.text);
}

static inline void open_dispatched(struct trial *trial) {
    open_trial(trial, "hotline", "noise", "v");
    act(trial, "accept", june(4, 10, 0));
    give(trial, "dispatch", "v-desk", june(4, 10, 0));
}

static inline void open_claimed(struct trial *trial) {
    open_dispatched(trial);
    act(trial, "sign", june(4, 10, 1));
    act(trial, "claim_done", june(4, 10, 2));
}

static inline void verify(struct trial *trial, int64_t now) {
    struct command command = command_of(trial, "verify");
    strcpy(command.actor, "zhao");
    if (command_case(trial, &command, now) != 0)
        fail_msg("verify: %s: %s", trial->why.field, trial->why.text);
}

#endif
