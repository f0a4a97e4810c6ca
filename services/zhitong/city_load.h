/* zhitong city load FOLDER --database URL */
#ifndef ZHITONG_CITY_LOAD_H
#define ZHITONG_CITY_LOAD_H

#include <stdint.h>

#include "common/city_draft.h"
#include "common/db.h"

/* Queries of city_load.sql; the connection that city_load uses must know them. */
extern const struct db_query city_load_queries[];

/* Replaces the city in one transaction and tells every service (NOTIFY mesh). On failure the old city stays as it was.
 * The draft must be free of complaints. */
MUST_CHECK int city_load(struct db *db, const struct city_draft *draft, uint64_t *version, struct reason *why);

/* argv[0] is the command's own name, "load". Exit code: 0 loaded, 1 refused or failed, 2 wrong use. */
int city_load_command(int argc, char **argv);

#endif
