#include "common/reader.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/queries.h"

struct reader {
    const struct service *service;
    const char *database_url;
    struct mailbox *in, *out;
    pthread_t thread;
    struct db *db;
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

void read_job_close(struct read_job **job) {
    if (*job == NULL)
        return;
    PQclear((*job)->result);
    free(*job);
    *job = NULL;
}

static void run_job(struct reader *reader, struct read_job *job) {
    if (reader->db != NULL && PQstatus(db_raw(reader->db)) != CONNECTION_OK)
        db_close(&reader->db);
    if (reader->db == NULL) {
        const struct db_query *tables[QUERY_TABLES_MAX];
        service_query_tables(reader->service, tables);
        struct reason why;
        if (db_open(&reader->db, reader->database_url, reader->service->name, tables, &why) != 0)
            return;
    }
    struct params params = {0};
    params_text(&params, job->key);
    if (job->more > 0)
        params_int8(&params, (int64_t)job->from);
    if (job->more > 1)
        params_int4(&params, (int32_t)job->count);
    job->result = db_ask(reader->db, job->query, &params);
}

static void *reader_main(void *context) {
    struct reader *reader = context;
    for (;;) {
        struct letter *letter = mailbox_wait(reader->in, -1);
        if (letter == NULL)
            continue;
        if (letter->kind == LETTER_STOP) {
            free(letter);
            return NULL;
        }
        if (atomic_fetch_sub(&reader->waiting, 1) <= READS_WAITING_MAX)
            run_job(reader, (struct read_job *)letter);
        mailbox_put(reader->out, letter);
    }
}

struct reader *reader_open(const struct service *service, const char *database_url, struct mailbox *out) {
    struct reader *reader = calloc(1, sizeof *reader);
    assert(reader != NULL);
    reader->service = service;
    reader->database_url = database_url;
    reader->out = out;
    reader->in = mailbox_open();
    int status = pthread_create(&reader->thread, NULL, reader_main, reader);
    assert(status == 0);
    (void)status;
    return reader;
}

void reader_put(struct reader *reader, struct read_job *take_job) {
    take_job->letter.kind = LETTER_READ;
    atomic_fetch_add(&reader->waiting, 1);
    mailbox_put(reader->in, &take_job->letter);
}

void reader_close(struct reader **reader) {
    if (*reader == NULL)
        return;
    mailbox_put_stop((*reader)->in);
    pthread_join((*reader)->thread, NULL);
    db_close(&(*reader)->db);
    mailbox_close(&(*reader)->in);
    free(*reader);
    *reader = NULL;
}
