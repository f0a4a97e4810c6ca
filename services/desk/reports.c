#include "services/desk/reports.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/db.h"

struct waiter {
    struct waiter *next;
    report_done *done;
    void *context;
};

struct job { /* one report; the loop has it, except that the thread fills in json and why */
    struct call call;
    struct job *next;
    struct reports *reports;
    struct report_question question;
    struct waiter *waiters;
    json_t *json; /* NULL: why */
    struct reason why;
    int64_t made_at; /* monotonic ms */
};

struct reports {
    struct mailbox *in, *out;
    pthread_t thread;
    char *database_url;
    size_t waiting, waiting_max;
    struct job *asked;              /* not answered yet */
    struct job *kept[REPORTS_KEPT]; /* answered */
    pthread_mutex_t lock;           /* of the two below */
    struct db *db;                  /* of the report that is being made */
    bool stopping;
};

static void job_free(struct job *job) {
    if (job == NULL)
        return;
    json_decref(job->json);
    free(job->question.units);
    free(job);
}

/* ---- the thread ----------------------------------------------------------------------------------------------------- */

static size_t split(char *list, const char **units) {
    size_t count = 0;
    char *rest = NULL;
    for (char *code = strtok_r(list, ",", &rest); code != NULL; code = strtok_r(NULL, ",", &rest))
        units[count++] = code;
    return count;
}

static json_t *make(struct db *db, const struct report_question *question, struct reason *why) {
    struct report report = {0};
    json_t *json = NULL;
    char *list = strdup(question->units);
    const char **units = calloc(strlen(question->units) + 1, sizeof *units);
    assert(list != NULL && units != NULL);
    const struct report_ask ask = {.by = question->by,
                                   .from = question->from,
                                   .to = question->to,
                                   .units = units,
                                   .unit_count = split(list, units),
                                   .kept = true};
    if (report_make(&report, db, &ask, why) == 0)
        json = report_json(&report);
    report_close(&report);
    free(units);
    free(list);
    return json;
}

/* Whoever stops cuts the connection that is told here. */
static bool tell_connection(struct reports *reports, struct db *db) {
    pthread_mutex_lock(&reports->lock);
    bool going_on = !reports->stopping;
    reports->db = db;
    pthread_mutex_unlock(&reports->lock);
    return going_on;
}

/* A connection for each: reports are rare, and one that was lost since the last need not be noticed. */
static void answer(struct reports *reports, struct job *job) {
    const struct db_query *const tables[] = {measures_queries, NULL};
    struct db *db = NULL;
    (void)refuse(&job->why, "", "this replica stops; try again");
    if (!tell_connection(reports, NULL) || db_open(&db, reports->database_url, NULL, tables, &job->why) != 0)
        return;
    if (tell_connection(reports, db))
        job->json = make(db, &job->question, &job->why);
    (void)tell_connection(reports, NULL);
    db_close(&db);
}

static void *reports_main(void *context) {
    struct reports *reports = context;
    for (;;) {
        struct letter *letter = mailbox_wait(reports->in, -1);
        if (letter == NULL)
            continue;
        if (letter->kind == LETTER_STOP) {
            free(letter);
            return NULL;
        }
        answer(reports, (struct job *)letter);
        mailbox_put(reports->out, letter);
    }
}

/* ---- the loop ------------------------------------------------------------------------------------------------------- */

static bool same(const struct report_question *one, const struct report_question *other) {
    return one->by == other->by && strcmp(one->from, other->from) == 0 && strcmp(one->to, other->to) == 0 &&
           strcmp(one->units, other->units) == 0;
}

static void keep(struct reports *reports, struct job *take_job) {
    struct job **oldest = &reports->kept[0];
    for (size_t i = 0; i < REPORTS_KEPT && *oldest != NULL; i++)
        if (reports->kept[i] == NULL || reports->kept[i]->made_at < (*oldest)->made_at)
            oldest = &reports->kept[i];
    job_free(*oldest);
    *oldest = take_job;
}

static const struct job *find_kept(struct reports *reports, const struct report_question *question) {
    int64_t now = clock_monotonic_ms();
    const struct job *found = NULL;
    for (size_t i = 0; i < REPORTS_KEPT; i++) {
        struct job **at = &reports->kept[i];
        if (*at != NULL && now - (*at)->made_at >= REPORT_KEPT_MS) {
            job_free(*at);
            *at = NULL;
        }
        if (*at != NULL && same(&(*at)->question, question))
            found = *at;
    }
    return found;
}

static void back(struct call *call) {
    struct job *job = (struct job *)call, **at = &job->reports->asked;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->reports->waiting--;
    for (struct waiter *waiter = job->waiters, *next; waiter != NULL; waiter = next) {
        next = waiter->next;
        waiter->done(waiter->context, job->json, &job->why);
        free(waiter);
    }
    job->made_at = clock_monotonic_ms();
    if (job->json != NULL)
        keep(job->reports, job);
    else
        job_free(job);
}

static struct job *job_open(struct reports *reports, const struct report_question *question) {
    struct job *job = calloc(1, sizeof *job);
    assert(job != NULL);
    job->call = (struct call){.letter.kind = LETTER_CALL, .back = back};
    job->reports = reports;
    job->question = *question;
    job->question.units = strdup(question->units);
    assert(job->question.units != NULL);
    job->next = reports->asked;
    reports->asked = job;
    reports->waiting++;
    return job;
}

bool reports_ask(struct reports *reports, const struct report_question *question, report_done *done, void *context) {
    const struct job *kept = find_kept(reports, question);
    if (kept != NULL) {
        done(context, kept->json, NULL);
        return true;
    }
    struct job *job = reports->asked;
    while (job != NULL && !same(&job->question, question))
        job = job->next;
    bool fresh = job == NULL;
    if (fresh && reports->waiting >= reports->waiting_max)
        return false;
    if (fresh)
        job = job_open(reports, question);
    struct waiter *waiter = calloc(1, sizeof *waiter);
    assert(waiter != NULL);
    *waiter = (struct waiter){job->waiters, done, context};
    job->waiters = waiter;
    if (fresh)
        mailbox_put(reports->in, &job->call.letter);
    return true;
}

struct reports *reports_open(struct mailbox *out, const char *database_url, size_t waiting_max) {
    struct reports *reports = calloc(1, sizeof *reports);
    assert(reports != NULL);
    reports->out = out;
    reports->waiting_max = waiting_max;
    reports->database_url = strdup(database_url);
    reports->in = mailbox_open();
    pthread_mutex_init(&reports->lock, NULL);
    int status = pthread_create(&reports->thread, NULL, reports_main, reports);
    assert(status == 0 && reports->database_url != NULL);
    (void)status;
    return reports;
}

void reports_stop(struct reports *reports) {
    pthread_mutex_lock(&reports->lock);
    reports->stopping = true;
    if (reports->db != NULL)
        (void)shutdown(PQsocket(db_raw(reports->db)), SHUT_RDWR);
    pthread_mutex_unlock(&reports->lock);
    mailbox_put_stop(reports->in);
    pthread_join(reports->thread, NULL);
}

void reports_close(struct reports **open) {
    struct reports *reports = *open;
    if (reports == NULL)
        return;
    for (size_t i = 0; i < REPORTS_KEPT; i++)
        job_free(reports->kept[i]);
    mailbox_close(&reports->in);
    pthread_mutex_destroy(&reports->lock);
    free(reports->database_url);
    free(reports);
    *open = NULL;
}
