#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/loop.h"

static struct read_job *job_of(struct service_loop *loop, const char *query, const char *key) {
    struct read_job *job = calloc(1, sizeof *job);
    assert(job != NULL);
    job->query = query;
    job->context = loop;
    snprintf(job->key, sizeof job->key, "%s", key);
    return job;
}

/* While a loop ends, what was read last may lead to another read: the reader has ended, and nobody waits for it. */
static void put_job(struct service_loop *loop, struct read_job *take_job) {
    if (loop->reader != NULL)
        reader_put(loop->reader, take_job);
    else
        read_job_close(&take_job);
}

/* ---- entries and heads for followers ------------------------------------------------------------------------------- */

/* A database that was lost and is back may show commits that no standby has, and that are nobody's to hear. When we are a member again
 * it has them: our registration has waited for it, with all that was written before. */
static bool may_be_told(const struct service_loop *loop, const struct read_job *job) {
    return job->result != NULL && loop->connected;
}

static void entries_read(void *context, struct read_job *job) {
    struct service_loop *loop = context;
    bool good = may_be_told(loop, job);
    int count = good ? PQntuples(job->result) : 0;
    const uint8_t **bodies = calloc((size_t)count + 1, sizeof *bodies);
    size_t *sizes = calloc((size_t)count + 1, sizeof *sizes);
    assert(bodies != NULL && sizes != NULL);
    for (int row = 0; row < count; row++)
        bodies[row] = db_bytea(job->result, row, 1, &sizes[row]);
    struct read_rows rows = {.stream = job->key,
                             .from = job->from,
                             .count = (uint32_t)count,
                             .bodies = bodies,
                             .sizes = sizes,
                             .failed = !good,
                             .first = count > 0 ? (uint64_t)db_int8(job->result, 0, 0) : 0};
    publish_read_done(loop->publisher, &rows);
    free(bodies);
    free(sizes);
}

void loop_read(void *context, const char *stream, uint64_t from, uint32_t count) {
    struct service_loop *loop = context;
    struct read_job *job = job_of(loop, loop->service->read_query, stream);
    job->more = 2;
    job->from = from;
    job->count = count;
    job->done = entries_read;
    put_job(loop, job);
}

static void head_read(void *context, struct read_job *job) {
    struct service_loop *loop = context;
    if (!may_be_told(loop, job))
        return; /* asked again at the next round */
    bool any = PQntuples(job->result) > 0;
    publish_head(loop->publisher, job->key, any ? (uint64_t)db_int8(job->result, 0, 0) : 0);
}

void loop_read_head(void *context, const char *stream) {
    struct service_loop *loop = context;
    if (loop->service->heads_query == NULL)
        return;
    struct read_job *job = job_of(loop, loop->service->heads_query, stream);
    job->done = head_read;
    put_job(loop, job);
}

/* ---- where follows begin, and marks of groups --------------------------------------------------------------------------- */

/* A row for each restore; a city that was never restored has one, and no seqs in it. */
static void read_voids(const PGresult *result, struct voids *voids) {
    for (int row = 0; row < PQntuples(result) && voids->count < VOIDS_MAX; row++)
        if (!PQgetisnull(result, row, 4))
            voids->each[voids->count++] = (struct void_seqs){(uint64_t)db_int8(result, row, 3),
                                                             (uint64_t)db_int8(result, row, 4)};
}

static void start_read(void *context, struct read_job *job) {
    struct service_loop *loop = context;
    struct stream_start start = {.stream = job->key, .token = job->token, .failed = !may_be_told(loop, job)};
    if (!start.failed && PQntuples(job->result) == 0)
        start.failed = true;
    if (!start.failed) {
        start.head = (uint64_t)db_int8(job->result, 0, 0);
        start.first = (uint64_t)db_int8(job->result, 0, 1);
        start.at = (uint64_t)db_int8(job->result, 0, 2);
        read_voids(job->result, &start.voids);
    }
    publish_started(loop->publisher, &start);
}

void loop_read_start(void *context, const char *stream, int64_t from_at, uint64_t token) {
    struct service_loop *loop = context;
    struct read_job *job = job_of(loop, loop->service->start_query, stream);
    job->more = 1;
    job->from = (uint64_t)from_at;
    job->token = token;
    job->done = start_read;
    put_job(loop, job);
}

/* The key of a group's row is "UNIT GROUP"; no code holds a blank. */
static struct read_job *mark_job(struct service_loop *loop, const char *query, const char *stream, const char *group) {
    char key[READ_KEY_MAX + 1];
    snprintf(key, sizeof key, "%s %s", stream, group);
    return job_of(loop, query, key);
}

static struct group_mark mark_of(struct read_job *job) {
    char *blank = strchr(job->key, ' ');
    *blank = '\0';
    return (struct group_mark){.stream = job->key, .group = blank + 1, .failed = job->result == NULL};
}

static void mark_loaded(void *context, struct read_job *job) {
    struct service_loop *loop = context;
    struct group_mark mark = mark_of(job);
    mark.found = job->result != NULL && PQntuples(job->result) > 0;
    mark.mark = mark.found ? (uint64_t)db_int8(job->result, 0, 0) : 0;
    publish_mark_loaded(loop->publisher, &mark);
}

void loop_load_mark(void *context, const char *stream, const char *group) {
    struct service_loop *loop = context;
    struct read_job *job = mark_job(loop, loop->service->mark_query, stream, group);
    job->done = mark_loaded;
    put_job(loop, job);
}

static void mark_saved(void *context, struct read_job *job) {
    struct service_loop *loop = context;
    struct group_mark mark = mark_of(job);
    mark.mark = job->from;
    publish_mark_saved(loop->publisher, &mark);
}

void loop_save_mark(void *context, const char *stream, const char *group, uint64_t mark) {
    struct service_loop *loop = context;
    struct read_job *job = mark_job(loop, loop->service->save_mark_query, stream, group);
    job->more = 2;
    job->from = mark;
    job->done = mark_saved;
    put_job(loop, job);
}

void loop_advanced(void *context, const char *stream, uint64_t seq) {
    struct service_loop *loop = context;
    if (loop->own != NULL && loop->service->extra->advanced != NULL)
        loop->service->extra->advanced(loop->own, stream, seq);
}

void loop_hinted(void *context, const char *stream, uint64_t head) {
    struct service_loop *loop = context;
    struct moved moved = {0};
    if (loop_is_ours(loop, false, stream, &moved))
        publish_head(loop->publisher, stream, head);
}

void loop_peer_opened(void *context) {
    struct service_loop *loop = context;
    publish_forget_heads(loop->publisher);
}

/* ---- for HTTP ----------------------------------------------------------------------------------------------------------- */

struct query_asked {
    query_done *done;
    void *context;
};

static void query_read(void *context, struct read_job *job) {
    (void)context;
    struct query_asked *asked = job->context_2;
    asked->done(asked->context, job->result);
    free(asked);
}

void service_query(struct service_loop *loop, const char *query, const char *key, query_done *done, void *context) {
    if (loop->reader == NULL) { /* the loop ends: whoever asks gets an answer all the same */
        done(context, NULL);
        return;
    }
    struct query_asked *asked = malloc(sizeof *asked);
    assert(asked != NULL);
    *asked = (struct query_asked){done, context};
    struct read_job *job = job_of(loop, query, key);
    job->done = query_read;
    job->context_2 = asked;
    put_job(loop, job);
}

const struct city *service_city(struct service_loop *loop) {
    return loop->city ? loop->city->city : NULL;
}
