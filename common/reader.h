/* The reader: a thread with a database connection for what must not hold up a lane: replay for followers, GETs. */
#ifndef ZHITONG_READER_H
#define ZHITONG_READER_H

#include "common/mailbox.h"
#include "common/service.h"

#define READ_KEY_MAX 100
#define READS_WAITING_MAX 4096 /* more are answered as failed */

struct read_job;
typedef void read_done(void *context, struct read_job *job);

struct read_job { /* one named query; the loop frees it with read_job_close */
    struct letter letter;
    const char *query;
    char key[READ_KEY_MAX + 1]; /* $1 text */
    int more;                   /* parameters beside it: 1: from, 2: from and count */
    uint64_t from;              /* $2 bigint */
    uint32_t count;             /* $3 integer */
    uint64_t token;             /* of whoever asked; not a parameter */
    PGresult *result;           /* NULL: it failed */
    read_done *done;            /* called from the loop */
    void *context, *context_2;
};
void read_job_close(struct read_job **job);

struct reader;
struct reader *reader_open(const struct service *service, const char *database_url, struct mailbox *out);
void reader_put(struct reader *reader, struct read_job *take_job);
void reader_close(struct reader **reader);

#endif
