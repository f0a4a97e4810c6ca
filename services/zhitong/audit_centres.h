/* Governance centres as the audit reads them: from the city's tables, not as notification finds them. */
#ifndef ZHITONG_AUDIT_CENTRES_H
#define ZHITONG_AUDIT_CENTRES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/db.h"

struct centres {
    PGresult *rows;     /* area and centre, in the order of areas */
    PGresult *others;   /* units that are no centre, in order */
    int32_t sure_after; /* days since 2000: up to this day other centres may have been told */
};

MUST_CHECK int centres_read(struct centres *centres, struct db *db); /* -1 when the database failed */
void centres_close(struct centres *centres);

/* Whom a case in this area concerns: rows first to first + count - 1, each a code from centres_unit. */
struct centre_rows {
    int first, count;
};
struct centre_rows centres_of(const struct centres *centres, const char *area);
const char *centres_unit(const struct centres *centres, int row); /* borrowed */

/* Whether an entry of this day may have been told to other centres than today's. */
bool centres_unsure(const struct centres *centres, int32_t day);
/* Whether the unit is a centre, or none that the city knows today. */
bool centres_possible(const struct centres *centres, const char *unit);

#endif
