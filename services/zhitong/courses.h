/* What people do with the cases of a replay: courses.csv beside the records. A course is a row of steps; each record follows one of
 * them, in turn by their shares.
 *
 *   course   its name; share: how many of the records take it, against the other courses (in its first row)
 *   after    minutes after the step before (or after the report), in the city's time; `close` or `close-30`: when the record was
 *            closed, or so many minutes before or after. A course with `close` is not taken by a record that stayed open
 *   move     of case_life.def; a step that is not legal when its time comes is left out. `twin`: the same is reported once more by
 *            somebody else, whose case follows the course named in fields
 *   actor, role, unit   who; unit is a code, or lead, above, top, called (units as they stand to the case at that moment)
 *   fields   what the command brings: name=value; … ; values of units as above; parent=twin: the case of the first report;
 *            days N: an instant so many days from then */
#ifndef ZHITONG_COURSES_H
#define ZHITONG_COURSES_H

#include "proto/codec.h"

#define COURSES_MAX 64
#define COURSE_STEPS_MAX 40
#define FIELDS_TEXT_MAX 480

struct course_step {
    bool from_close; /* minutes count from the record's closing */
    int64_t minutes;
    char move[25], actor[65], role[25], unit[49];
    char fields[FIELDS_TEXT_MAX + 1];
};

struct course {
    char name[49];
    unsigned share;
    bool needs_close;
    struct course_step steps[COURSE_STEPS_MAX];
    size_t count;
};

struct courses {
    struct course *rows;
    size_t count;
    unsigned shares; /* sum */
};

/* Refuses with column as field and line in the text. The caller closes. */
MUST_CHECK int courses_open(struct courses *out, const char *path, struct reason *why);
void courses_close(struct courses *courses);

/* The course of the nth record, NULL when it takes none: all shares come round once in as many records as they sum up to. */
const struct course *courses_of(const struct courses *courses, size_t nth, bool is_closed);
const struct course *courses_named(const struct courses *courses, const char *name);

/* One field of a step's text: copies `name`'s value; "" where the step has none. */
void course_field(const struct course_step *step, const char *name, char *value, size_t room);

/* Fills the command's fields from the step's; `word` turns words for units into codes. Refuses with the field. */
typedef const char *course_word(void *context, const char *word);
MUST_CHECK int course_fill(const struct course_step *step, struct command *command, course_word *word, void *context,
                           struct reason *why);

#endif
