/* The numbered SQL files of common/schema and services/NAME/schema, built into the program by cmake/migrations.awk:
 * common first, then the services in the order in which a report meets them. */
#ifndef ZHITONG_MIGRATIONS_H
#define ZHITONG_MIGRATIONS_H

#include <stddef.h>

struct migration {
    const char *name; /* folder and file without .sql: "common/001_mesh" */
    const char *sql;  /* the file as it is */
};

/* Ends with a row whose name is NULL. */
extern const struct migration migrations[];

#endif
