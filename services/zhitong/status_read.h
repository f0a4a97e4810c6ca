/* What `zhitong status` reads from the database. */
#ifndef ZHITONG_STATUS_READ_H
#define ZHITONG_STATUS_READ_H

#include "common/db.h"
#include "services/zhitong/status.h"

extern const struct db_query status_queries[];

/* Once a connection: plans by index, none longer than some seconds. -1: db_reason says why. */
MUST_CHECK int status_prepare(struct db *db);
/* Fills all of it, and the name of the city's time zone ("": no city). -1: db_reason says why. */
MUST_CHECK int status_read(struct db *db, struct status *status, char zone[STATUS_NAME_MAX + 1]);

#endif
