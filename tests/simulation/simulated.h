/* What the linker puts in front of the product's functions and of libpq's (cmake/Simulation.cmake): __wrap_x is called in place of x, and
 * __real_x is x. */
#ifndef ZHITONG_SIMULATION_SIMULATED_H
#define ZHITONG_SIMULATION_SIMULATED_H

#include "common/db.h"
#include "common/http.h"
#include "common/journal.h"

#define SIMULATED(type, name, ...) \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__)

/* database.c */
SIMULATED(int, db_open, struct db **out, const char *url, const char *schema, const struct db_query *const *queries,
          struct reason *why);
SIMULATED(void, db_close, struct db **db);
SIMULATED(int, db_sync, struct db *db);
SIMULATED(PGresult *, db_ask, struct db *db, const char *query, const struct params *params);
SIMULATED(ConnStatusType, PQstatus, const PGconn *connection);
SIMULATED(int, PQsocket, const PGconn *connection);
SIMULATED(PGresult *, PQgetResult, PGconn *connection);
SIMULATED(int, PQsendFlushRequest, PGconn *connection);
SIMULATED(int, PQsendPrepare, PGconn *connection, const char *name, const char *sql, int types, const Oid *oids);
SIMULATED(int, PQpipelineSync, PGconn *connection);
SIMULATED(int, PQconsumeInput, PGconn *connection);

/* nodes.c */
SIMULATED(int, http_open, struct http **out, const struct http_options *options, struct reason *why);
SIMULATED(void, http_close, struct http **open);
SIMULATED(uint16_t, http_port, const struct http *http);
SIMULATED(int, http_fd, const struct http *http);
SIMULATED(int, http_timeout_ms, struct http *http);
SIMULATED(void, http_turn, struct http *http);
SIMULATED(int, getpid, void);
SIMULATED(void, journal_say, enum journal_level level, const char *event, const char *format, ...);

#endif
