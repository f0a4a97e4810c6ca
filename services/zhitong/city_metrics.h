/* What `zhitong exporter` tells Prometheus of the whole city, each of it a row of one table: zhitong_city_<name>. Pure. */
#ifndef ZHITONG_CITY_METRICS_H
#define ZHITONG_CITY_METRICS_H

#include <stdio.h>

#include "services/zhitong/database_facts.h"
#include "services/zhitong/status.h"

struct city_facts {
    struct status status;
    struct database_facts database;
    struct advices advices;
    int64_t urgent;  /* of the advices */
    int64_t read_ms; /* how long it took to read all of it */
    bool up;         /* the database could be read; else the rest is not told */
};

/* Text format 0.0.4. */
void city_metrics_write(FILE *out, const struct city_facts *facts);
/* The table of deploy/OPERATIONS.md. */
void city_metrics_markdown(FILE *out);

#endif
