/* zhitong city load FOLDER [--valid-from DATE|INSTANT] --database URL */
#ifndef ZHITONG_CITY_LOAD_H
#define ZHITONG_CITY_LOAD_H

#include <stdint.h>

#include "common/city_draft.h"
#include "common/db.h"

/* Queries of city_load.sql; the connection that city_load uses must know them. */
extern const struct db_query city_load_queries[];

struct city_load {
    const struct city_draft *draft; /* free of complaints */
    uint64_t expected;              /* version that is loaded now; 0: none */
    bool makes_policy;              /* what a case is promised changes: a new version of it is kept */
    int64_t valid_from;             /* of that version, unix ms; 0: from the beginning */
    bool changes_time;              /* hours, holidays or who works by which change */
};

/* Replaces the city in one transaction and tells every service (NOTIFY mesh). On failure, or when another version than the
 * expected one is loaded, the old city stays as it was. */
MUST_CHECK int city_load(struct db *db, const struct city_load *load, uint64_t *version, struct reason *why);

/* argv[0] is the command's own name, "load". Exit code: 0 loaded or nothing changed, 1 refused or failed, 2 wrong use. */
int city_load_command(int argc, char **argv);

#endif
