/* Which of the older reports that lie near a new one are the same matter, and what follows: it is linked, or they are named to
 * whoever decides. Pure; docs/decisions/0012-duplicates-are-linked-at-the-door.md says why. */
#ifndef ZHITONG_INTAKE_LINKING_H
#define ZHITONG_INTAKE_LINKING_H

#include "common/city.h"
#include "proto/codec.h"
#include "services/intake/likeness.h"

#define LIKELY_MAX 5      /* that are named */
#define CANDIDATES_MAX 20 /* of a batch that are compared in each cell, the newest; and that are found */
#define QUESTION_HOURS 2160

struct older { /* an original that a report may be part of */
    struct older *next;
    uint64_t case_id;
    char item[CODE_MAX + 1];
    char channel[CODE_MAX + 1];
    struct likeness_report like; /* its `item` points to the one above; its text is empty until it is first compared */
    const char *title, *description; /* borrowed until then; afterwards NULL */
};

struct found { /* one that was compared and may be the same */
    const struct older *older;
    struct likeness likeness;
};

struct finds { /* by likeness, the best first; of equals the oldest */
    size_t count;
    struct found best[CANDIDATES_MAX];
};

/* What of a report is compared. Its texts are borrowed until it was compared, or older_read_texts was called. */
void older_of(const struct report_received *report, struct older *older);
/* A sketch takes longer than all the rest, and most reports lie near nobody: so texts are looked at when they are needed. */
void older_read_texts(struct older *older);

/* Where a report looks. One without a channel is only a question, which looks back QUESTION_HOURS. 0 cells: it has no place, or neither item nor channel has a window in which reports are duplicates.
 * hours: that window. */
struct look {
    uint32_t hours;
    size_t cell_count;
    struct likeness_cell cells[LIKENESS_CELLS];
};
void look_of(const struct city *city, const struct older *report, const char *area, struct look *look);

/* Adds an older report to what was found, when it counts: of the same group of items and of a channel that the same people may see,
 * within metres and hours, and as like as the item's door wants for a suggestion. */
void finds_add(struct finds *finds, const struct city *city, struct older *report, struct older *older);

struct link_wish {    /* what the reporter says */
    uint64_t same_as; /* the case that it belongs to; 0: nothing */
    bool distinct;    /* it is none of those */
};
/* Writes into the report what was found: parent, likeness and because; or likely. True: it was linked. */
bool finds_decide(const struct finds *finds, const struct city *city, const struct link_wish *wish,
                  struct report_received *received);
/* Of all that are like enough to be linked the oldest: so several that came at one moment find the same one. NULL: none is. */
const struct found *finds_oldest(const struct finds *finds, const struct city *city, const struct older *report);

#endif
