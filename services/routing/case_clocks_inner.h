/* Inside of case_clocks.c and case_clocks_say.c. */
#ifndef ZHITONG_ROUTING_CASE_CLOCKS_INNER_H
#define ZHITONG_ROUTING_CASE_CLOCKS_INNER_H

#include "common/calendar.h"
#include "services/routing/case_file.h"

#define MINUTE 60000
#define DAY (1440LL * MINUTE)
#define BIT(clock) (1u << RUNNING_##clock)
#define UNIT_CLOCKS (BIT(sign) | BIT(contact) | BIT(progress) | BIT(resolve))

/* Clocks that count in the file's state, a bit each. */
uint32_t clocks_counting(const struct case_file *file);
/* The one that says by when the case is due: where a case has just left its unit, or never had one, the desk's. */
enum running clocks_due(const struct case_file *file);

static inline bool clock_runs(const struct running_clock *clock) {
    return clock->from != 0;
}

static inline bool counts_working_time(enum time_unit unit) {
    return unit == WORKING_MINUTES || unit == WORKING_DAYS || unit == OFFICE_DAYS;
}

static inline const struct calendar *step_calendar(const struct case_step *step) {
    return city_calendar(step->city, city_unit(step->city, step->file->unit));
}

#endif
