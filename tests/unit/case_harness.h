/* A case of the small city, opened and moved by hand, and what came of it. */
#ifndef ZHITONG_TESTS_CASE_HARNESS_H
#define ZHITONG_TESTS_CASE_HARNESS_H

#include <math.h>

#include "services/routing/case_file.h"
#include "tests/unit/small_city.h"

struct trial {
    struct city *city;
    struct case_file file;
    struct case_moved moved;
    struct reason why;
};

/* Wednesday, 4 June 2025, and the days after it, in Shanghai. */
static inline int64_t june(int day, int hour, int minute) {
    return date_of(2025, 6, day) * DAY_MS + ((hour - 8) * 60 + minute) * MINUTE_MS;
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
    return (struct case_step){trial->city, now, &trial->file, &trial->moved};
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

static inline int let_deadline_pass(struct trial *trial) {
    struct deadline_passed passed = {.case_id = trial->file.case_id,
                                     .at = trial->file.due_at,
                                     .version = trial->file.version,
                                     .tier = trial->file.tier,
                                     .due_at = trial->file.due_at};
    struct case_step step = step_of(trial, trial->file.due_at);
    return case_pass_deadline(&step, &passed, &trial->why);
}

static inline int command_case(struct trial *trial, const struct command *command, int64_t now) {
    struct case_step step = step_of(trial, now);
    return case_command(&step, command, &trial->why);
}

#endif
