/* What a replay knows of each case, and whose turn is next. */
#ifndef ZHITONG_STORIES_H
#define ZHITONG_STORIES_H

#include "services/zhitong/courses.h"
#include "services/zhitong/records.h"

struct story { /* what is known of one record's case */
    const struct record *record;
    const struct course *course; /* NULL: nobody does anything */
    const struct story *twin;    /* the same was reported before, in this one */
    uint64_t case_id;
    size_t step;     /* what its people do next */
    int64_t next_at; /* unix ms in the city's time */
    int tries;
};

struct stories {
    struct story *rows;
    size_t count, room;
    size_t *heap; /* rows with a next step, the earliest first */
    size_t heap_count;
};

void stories_open(struct stories *stories, size_t room);
void stories_close(struct stories *stories);
/* Waits for its next_at. */
void stories_push(struct stories *stories, const struct story *story);
int64_t stories_next_at(const struct stories *stories); /* INT64_MAX: nobody waits */
size_t stories_pop(struct stories *stories);            /* number of the earliest row; there must be one */

#endif
