#include "common/asks.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/service_connect.h"

#define TOGETHER_MAX 32 /* asks sent before the first answer is read; all of them fit into a socket's buffer */

struct ask_query {
    const char *query;
    char *text; /* the values, one after the other, each with its NUL */
    const char *values[ASK_VALUES_MAX];
    int count;
    PGresult *result;
};

struct ask {
    struct call call;
    struct asks *asks;
    ask_done *done;
    void *context;
    struct ask_query steps[ASK_STEPS_MAX];
    int count;
    bool failed;
    struct reason why;
};

struct line { /* one connection */
    struct asks *asks;
    struct mailbox *in;
    pthread_t thread;
    struct db *db;
    bool demoted; /* its server takes no writes any more */
};

struct asks {
    struct asks_options options;
    struct line lines[ASK_CONNECTIONS_MAX];
    size_t under_way;
    size_t turn; /* of the connections for lists */
    bool stopped;
};

/* ---- one ask ------------------------------------------------------------------------------------------------- */

struct ask *ask_make(ask_done *done, void *context) {
    struct ask *ask = calloc(1, sizeof *ask);
    assert(ask != NULL);
    ask->done = done;
    ask->context = context;
    return ask;
}

void ask_step(struct ask *ask, const char *query, const char *const *values, int count) {
    assert(ask->count < ASK_STEPS_MAX && count <= ASK_VALUES_MAX);
    struct ask_query *step = &ask->steps[ask->count++];
    size_t size = 1;
    for (int i = 0; i < count; i++)
        size += values[i] != NULL ? strlen(values[i]) + 1 : 0;
    step->query = query;
    step->count = count;
    step->text = malloc(size);
    assert(step->text != NULL);
    char *at = step->text;
    for (int i = 0; i < count; i++) {
        if (values[i] == NULL)
            continue;
        step->values[i] = at;
        at = stpcpy(at, values[i]) + 1;
    }
}

const PGresult *ask_result(const struct ask *ask, int step) {
    return ask->failed ? NULL : ask->steps[step].result;
}

const struct reason *ask_reason(const struct ask *ask) {
    return &ask->why;
}

static void ask_free(struct ask *ask) {
    for (int i = 0; i < ask->count; i++) {
        PQclear(ask->steps[i].result);
        free(ask->steps[i].text);
    }
    free(ask);
}

static void fail(struct ask *ask, const char *text) {
    if (ask->failed)
        return;
    ask->failed = true;
    (void)refuse(&ask->why, "database", "%.*s", (int)strcspn(text ? text : "", "\n"), text ? text : "");
}

static void back(struct call *call) {
    struct ask *ask = (struct ask *)call;
    ask->asks->under_way--;
    ask->done(ask->context, ask);
    ask_free(ask);
}

/* ---- the thread ----------------------------------------------------------------------------------------------- */

/* 0: there is a good connection. */
static int connect_line(struct line *line, struct reason *why) {
    if (line->db != NULL && (line->demoted || PQstatus(db_raw(line->db)) != CONNECTION_OK))
        db_close(&line->db);
    line->demoted = false;
    if (line->db != NULL)
        return 0;
    return service_connect(&line->db, line->asks->options.service, line->asks->options.database_url, why);
}

static bool send_ask(PGconn *connection, const struct ask *ask) {
    for (int i = 0; i < ask->count; i++) {
        const struct ask_query *step = &ask->steps[i];
        if (PQsendQueryPrepared(connection, step->query, step->count, step->values, NULL, NULL, 1) != 1)
            return false;
    }
    return PQpipelineSync(connection) == 1;
}

/* Its results, and the sync that ends its transaction. */
static void read_ask(struct line *line, struct ask *ask) {
    PGconn *connection = db_raw(line->db);
    for (int i = 0; i <= ask->count; i++) {
        PGresult *result = PQgetResult(connection);
        ExecStatusType status = PQresultStatus(result); /* PGRES_FATAL_ERROR for NULL */
        if (status == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            return;
        }
        if (result == NULL || PQstatus(connection) == CONNECTION_BAD)
            fail(ask, PQerrorMessage(connection));
        else if (status == PGRES_FATAL_ERROR)
            fail(ask, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
        line->demoted = line->demoted || db_says_read_only(result);
        if (result == NULL || i == ask->count) {
            PQclear(result);
            return;
        }
        ask->steps[i].result = result;
        PQclear(PQgetResult(connection)); /* the NULL that ends one query's results */
    }
}

static void run_together(struct line *line, struct ask *const *asks, size_t count) {
    struct reason why = {.text = "is not there"};
    size_t sent = 0;
    bool connected = connect_line(line, &why) == 0;
    while (connected && sent < count && send_ask(db_raw(line->db), asks[sent]))
        sent++;
    for (size_t i = 0; i < count; i++) {
        if (i < sent)
            read_ask(line, asks[i]);
        else
            fail(asks[i], !connected ? why.text : PQerrorMessage(db_raw(line->db)));
        mailbox_put(line->asks->options.out, &asks[i]->call.letter);
    }
}

static void *line_main(void *context) {
    struct line *line = context;
    for (bool stopping = false; !stopping;) {
        struct ask *asks[TOGETHER_MAX];
        size_t count = 0;
        struct letter *letter = mailbox_wait(line->in, -1);
        for (; letter != NULL; letter = count < TOGETHER_MAX ? mailbox_take(line->in) : NULL) {
            if (letter->kind == LETTER_STOP) {
                free(letter);
                stopping = true;
                break;
            }
            asks[count++] = (struct ask *)letter;
        }
        if (count > 0)
            run_together(line, asks, count);
    }
    db_close(&line->db);
    return NULL;
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

struct asks *asks_open(const struct asks_options *options) {
    struct asks *asks = calloc(1, sizeof *asks);
    assert(asks != NULL && options->connections > ASK_LIST && options->connections <= ASK_CONNECTIONS_MAX);
    asks->options = *options;
    for (size_t i = 0; i < options->connections; i++) {
        struct line *line = &asks->lines[i];
        line->asks = asks;
        line->in = mailbox_open();
        int status = pthread_create(&line->thread, NULL, line_main, line);
        assert(status == 0);
        (void)status;
    }
    return asks;
}

bool asks_put(struct asks *asks, enum ask_lane lane, struct ask *take_ask) {
    if (asks->stopped || asks->under_way >= ASKS_WAITING_MAX) {
        ask_free(take_ask);
        return false;
    }
    size_t lists = asks->options.connections - ASK_LIST;
    size_t line = lane == ASK_LIST ? ASK_LIST + asks->turn++ % lists : (size_t)lane;
    take_ask->asks = asks;
    take_ask->call = (struct call){.letter.kind = LETTER_CALL, .back = back};
    asks->under_way++;
    mailbox_put(asks->lines[line].in, &take_ask->call.letter);
    return true;
}

size_t asks_under_way(const struct asks *asks) {
    return asks->under_way;
}

void asks_stop(struct asks *asks) {
    asks->stopped = true;
    for (size_t i = 0; i < asks->options.connections; i++) {
        mailbox_put_stop(asks->lines[i].in);
        pthread_join(asks->lines[i].thread, NULL);
    }
}

void asks_close(struct asks **asks) {
    if (*asks == NULL)
        return;
    for (size_t i = 0; i < (*asks)->options.connections; i++)
        mailbox_close(&(*asks)->lines[i].in);
    free(*asks);
    *asks = NULL;
}
