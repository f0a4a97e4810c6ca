#include "common/service_connect.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/incarnation.h"
#include "common/journal.h"
#include "common/queries.h"

#define QUERY_TABLES_MAX 16

/* A NULL-ended list. */
static void query_tables(const struct service *service, const struct db_query *tables[QUERY_TABLES_MAX]) {
    size_t count = 0;
    tables[count++] = common_queries;
    tables[count++] = city_queries;
    if (service->append_query != NULL)
        tables[count++] = log_queries;
    for (const struct db_query *const *own = service->queries; own != NULL && *own != NULL; own++) {
        assert(count < QUERY_TABLES_MAX - 1);
        tables[count++] = *own;
    }
    tables[count] = NULL;
}

static int check_incarnation(struct db *db, struct reason *why) {
    static atomic_flag said = ATOMIC_FLAG_INIT;
    SCOPED_RESULT
    *result = db_ask(db, "mesh_incarnation", NULL);
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    if (incarnation_set((uint64_t)db_int8(result, 0, 0)))
        return 0;
    if (!atomic_flag_test_and_set(&said)) {
        journal_say(JOURNAL_ERROR, "city_restored",
                    "the database was restored while this replica ran: it ends, and must be started again");
        kill(getpid(), SIGTERM);
    }
    return refuse(why, "database", "was restored while this replica ran");
}

int service_connect(struct db **out, const struct service *service, const char *url, struct reason *why) {
    const struct db_query *tables[QUERY_TABLES_MAX];
    struct db *db = NULL;
    query_tables(service, tables);
    if (db_open(&db, url, service->name, tables, why) != 0)
        return -1;
    if (check_incarnation(db, why) != 0) {
        db_close(&db);
        return -1;
    }
    *out = db;
    return 0;
}
