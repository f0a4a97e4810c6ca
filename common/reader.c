#include "common/reader.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/service_connect.h"
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
