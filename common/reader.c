#include "common/reader.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/incarnation.h"
#include "common/journal.h"
#include "common/queries.h"
#include "common/worker.h"

struct reader {
    const struct service *service;
    const char *database_url;
    struct mailbox *out;
    struct worker *worker;
    struct db *db;
    bool ever_tried; /* to connect */
    atomic_int waiting;
};

void service_query_tables(const struct service *service, const struct db_query *tables[QUERY_TABLES_MAX]) {
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
    service_query_tables(service, tables);
    if (db_open(&db, url, service->name, tables, why) != 0)
        return -1;
    if (check_incarnation(db, why) != 0) {
        db_close(&db);
        return -1;
    }
    *out = db;
    return 0;
}

void read_job_close(struct read_job **job) {
    if (*job == NULL)
        return;
    PQclear((*job)->result);
    free(*job);
    *job = NULL;
}

static int connect_reader(struct reader *reader) {
    if (reader->db != NULL && PQstatus(db_raw(reader->db)) == CONNECTION_OK)
        return 0;
    db_close(&reader->db);
    struct reason why;
    return service_connect(&reader->db, reader->service, reader->database_url, &why);
}

/* Before the first job comes. */
static int connect_early(void *context) {
    struct reader *reader = context;
    if (!reader->ever_tried)
        (void)!connect_reader(reader); /* the first job tries again */
    reader->ever_tried = true;
    return -1;
}

static void run_job(struct reader *reader, struct read_job *job) {
    if (connect_reader(reader) != 0)
        return;
    struct params params = {0};
    params_text(&params, job->key);
    if (job->more > 0)
        params_int8(&params, (int64_t)job->from);
    if (job->more > 1)
        params_int4(&params, (int32_t)job->count);
    job->result = db_ask(reader->db, job->query, &params);
}

static void take_job(void *context, struct letter *take_letter) {
    struct reader *reader = context;
    if (atomic_fetch_sub(&reader->waiting, 1) <= READS_WAITING_MAX)
        run_job(reader, (struct read_job *)take_letter);
    mailbox_put(reader->out, take_letter);
}

struct reader *reader_open(const struct service *service, const char *database_url, struct mailbox *out) {
    struct reader *reader = calloc(1, sizeof *reader);
    assert(reader != NULL);
    reader->service = service;
    reader->database_url = database_url;
    reader->out = out;
    reader->worker = worker_open(&(struct worker_options){.context = reader, .take = take_job, .turn = connect_early});
    return reader;
}

void reader_put(struct reader *reader, struct read_job *take_job) {
    take_job->letter.kind = LETTER_READ;
    atomic_fetch_add(&reader->waiting, 1);
    worker_put(reader->worker, &take_job->letter);
}

void reader_close(struct reader **reader) {
    if (*reader == NULL)
        return;
    worker_close(&(*reader)->worker);
    db_close(&(*reader)->db);
    free(*reader);
    *reader = NULL;
}
