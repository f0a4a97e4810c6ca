/* The query tables that the build makes from common/NAME.sql (cmake/queries.awk), each ended by a row of NULLs. */
#ifndef ZHITONG_QUERIES_H
#define ZHITONG_QUERIES_H

#include "common/db.h"

extern const struct db_query common_queries[]; /* mesh and shards */
extern const struct db_query log_queries[];    /* a service's own log */
extern const struct db_query city_queries[];   /* the city's policy */

#endif
