/* Who acts on a case in a replay: turns the words of courses.csv (lead, above, top, called) into units as the case stands. */
#ifndef ZHITONG_PEOPLE_H
#define ZHITONG_PEOPLE_H

#include "common/city.h"
#include "common/db.h"
#include "proto/case_life.h"
#include "services/zhitong/courses.h"

extern const struct db_query people_queries[];

struct people {
    const struct city *city; /* borrowed */
    int64_t now;             /* unix ms in the city's time */
    uint64_t twin;           /* the case of the first report */
    enum case_state state;
    uint8_t tier;
    char unit[CODE_MAX + 1], called[CODE_MAX + 1], area[CODE_MAX + 1];
    char number[24]; /* what a word became */
};

/* Reads how the case stands. 1: it does; 0: routing has not heard of it yet; -1: the database failed. */
MUST_CHECK int people_look(struct people *people, struct db *db, uint64_t case_id, struct reason *why);

/* The step as a command of the person who takes it. Refuses with the field. */
MUST_CHECK int people_command(struct people *people, const struct course_step *step, struct command *command,
                              struct reason *why);

#endif
