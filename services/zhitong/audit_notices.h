/* The part of the audit that asks, of every endpoint, whether each entry of its stream that it wants was told: by an attempt that ended
 * it, or a row that still waits or was given up. Entries before it was added, or before what it wants last changed, are not looked at. */
#ifndef ZHITONG_AUDIT_NOTICES_H
#define ZHITONG_AUDIT_NOTICES_H

#include "common/db.h"
#include "services/zhitong/findings.h"

enum notices_finding { NOTICES_TOLD, NOTICES_ONCE, NOTICES_COUNT };

/* `city` may be NULL: then people are not looked at, since what they are told depends on it. -1: the database failed. */
struct city;
MUST_CHECK int audit_notices(struct db *db, const struct city *city, struct findings findings[NOTICES_COUNT]);

#endif
