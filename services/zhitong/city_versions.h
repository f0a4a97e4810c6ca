/* zhitong city versions --database URL: what cases are promised, since when and from when on. */
#ifndef ZHITONG_CITY_VERSIONS_H
#define ZHITONG_CITY_VERSIONS_H

struct db;

/* Says on stdout from when on what is to come holds, and on stderr what is no longer held; nothing when there is neither. The connection
 * must know city_load_queries. An exit code. */
int city_versions_say_next(struct db *db);

int city_versions_command(int argc, char **argv);

#endif
