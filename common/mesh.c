#include "common/mesh.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/incarnation.h"
#include "common/journal.h"
#include "common/mesh_read.h"
#include "common/metrics.h"
#include "common/reader.h"

#define TURN_MS 250   /* how soon a dead replica is noticed */
#define CLOCK_MS 1000 /* how often the time is read */
#define VIEW_MS \
    4000 /* the view is read again even when nobody announced a change: a key whose end comes is out within 5 s */
#define TEND_MS 3600000 /* how often day partitions are looked after */
#define RECONNECT_MS 500

struct mesh_release {
    struct letter letter;
    size_t count;
    struct owned_shard shards[SHARD_COUNT];
};

struct mesh {
    struct mesh_options options;
    struct mailbox *in;
    pthread_t thread;
    struct db *db;
    int32_t member;
    uint64_t city_version;
    int64_t clock_at, view_at, tend_at; /* monotonic ms of the last time */
    bool announced;                     /* somebody notified, or we changed something */
    bool reported_down;
    struct reason last_reason;
};

/* ---- joining ------------------------------------------------------------------------------------------------ */

static int join(struct mesh *mesh, struct reason *why) {
    const struct db_query *tables[QUERY_TABLES_MAX];
    service_query_tables(mesh->options.service, tables);
    if (db_open(&mesh->db, mesh->options.database_url, mesh->options.service->name, tables, why) != 0)
        return -1;
    PQclear(db_ask(mesh->db, "mesh_listen", NULL));
    struct params params = {0};
    params_text(&params, mesh->options.service->name);
    params_text(&params, mesh->options.endpoint);
    params_text(&params, mesh->options.public_endpoint);
    params_text(&params, mesh->options.curve_key);
    SCOPED_RESULT
    *result = db_ask(mesh->db, "mesh_register", &params);
    if (result == NULL || PQntuples(result) != 1) {
        *why = *db_reason(mesh->db);
        db_close(&mesh->db);
        return -1;
    }
    mesh->member = db_int4(result, 0, 0);
    mesh->announced = true;
    mesh->clock_at = mesh->view_at = mesh->tend_at = 0;
    journal_say(JOURNAL_INFO, "joined", "member %d at %s", (int)mesh->member, mesh->options.endpoint);
    return 0;
}

/* Tells the loop once that the database is gone, and the journal once per reason. */
static void report_down(struct mesh *mesh, const struct reason *why) {
    if (strcmp(mesh->last_reason.text, why->text) != 0 || !mesh->reported_down)
        journal_say(JOURNAL_ERROR, "database_lost", "%s: %s; trying again every %d ms", why->field, why->text,
                    RECONNECT_MS);
    mesh->last_reason = *why;
    metric_set(METRIC_database_up, 0);
    if (mesh->reported_down)
        return;
    mesh->reported_down = true;
    struct mesh_view *view = calloc(1, sizeof *view);
    assert(view != NULL);
    view->letter.kind = LETTER_VIEW;
    mailbox_put(mesh->options.out, &view->letter);
}

/* ---- one turn ------------------------------------------------------------------------------------------------- */

static int bury_the_dead(struct mesh *mesh) {
    struct params params = {0};
    params_text(&params, mesh->options.service->name);
    params_int4(&params, mesh->member);
    SCOPED_RESULT
    *result = db_ask(mesh->db, "mesh_bury", &params);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++)
        journal_say(JOURNAL_WARNING, "replica_dead", "member %d lost its lock", (int)db_int4(result, row, 0));
    return 0;
}

static int claim(struct mesh *mesh) {
    struct params params = {0};
    params_text(&params, mesh->options.service->name);
    params_int4(&params, mesh->member);
    SCOPED_RESULT
    *result = db_ask(mesh->db, "mesh_claim", &params);
    if (result == NULL)
        return -1;
    int64_t gained = db_int8(result, 0, 0);
    if (gained == 0)
        return 0;
    mesh->announced = true;
    metric_add(METRIC_takeovers_total, gained);
    journal_say(JOURNAL_INFO, "shards_gained", "%lld shards", (long long)gained);
    return 0;
}

static int read_clock(struct mesh *mesh) {
    SCOPED_RESULT
    *result = db_ask(mesh->db, "mesh_clock", NULL);
    if (result == NULL)
        return -1;
    if (clock_sync(db_time(result, 0, 0), db_float8(result, 0, 1))) {
        metric_add(METRIC_clock_jumps_total, 1);
        journal_say(JOURNAL_ERROR, "clock_jumped",
                    "the database's clock moved by more than %d ms in a second; check NTP on its host", CLOCK_JUMP_MS);
    }
    if (!incarnation_set((uint64_t)db_int8(result, 0, 2))) {
        journal_say(JOURNAL_ERROR, "city_restored",
                    "the database was restored while this replica ran: it ends, and must be started again");
        kill(getpid(), SIGTERM);
    }
    return 0;
}

/* Day partitions; a failure is told and tried again at the next hour: the default partition loses nothing. */
static void tend(struct mesh *mesh) {
    const char *query = mesh->options.service->tend_query;
    if (query == NULL)
        return;
    struct params params = {0};
    params_int4(&params, mesh->options.keep_days);
    SCOPED_RESULT
    *result = db_ask(mesh->db, query, &params);
    if (result == NULL)
        journal_say(JOURNAL_ERROR, "partitions_failed", "%s", db_reason(mesh->db)->text);
}

static int send_view(struct mesh *mesh) {
    struct mesh_view *view = calloc(1, sizeof *view);
    assert(view != NULL);
    view->letter.kind = LETTER_VIEW;
    view->connected = true;
    view->self = mesh->member;
    struct reason why = {0};
    int status = mesh_read_view(view, mesh->db, mesh->options.service->name, &mesh->city_version, &why);
    if (why.text[0] != '\0' && strcmp(why.text, mesh->last_reason.text) != 0) {
        journal_say(JOURNAL_WARNING, "city_not_ready", "%s: %s", why.field, why.text);
        mesh->last_reason = why;
    }
    if (status != 0) {
        mesh_view_close(&view);
        return -1;
    }
    mesh->announced = false;
    mesh->reported_down = false;
    metric_set(METRIC_database_up, 1);
    mailbox_put(mesh->options.out, &view->letter);
    return 0;
}

static bool passed(int64_t *last, int64_t every_ms) {
    int64_t now = clock_monotonic_ms();
    if (*last != 0 && now - *last < every_ms)
        return false;
    *last = now;
    return true;
}

/* Somebody changed the mesh, the keys, the city or the clock: look at all of it at once. */
static int take_notices(struct mesh *mesh) {
    if (PQconsumeInput(db_raw(mesh->db)) != 1)
        return -1;
    PGnotify *notice;
    while ((notice = PQnotifies(db_raw(mesh->db))) != NULL) {
        mesh->announced = true;
        mesh->clock_at = 0;
        PQfreemem(notice);
    }
    return 0;
}

static int turn(struct mesh *mesh) {
    if (take_notices(mesh) != 0)
        return -1;
    if (passed(&mesh->clock_at, CLOCK_MS) && read_clock(mesh) != 0)
        return -1;
    if (passed(&mesh->tend_at, TEND_MS))
        tend(mesh);
    if (bury_the_dead(mesh) != 0 || claim(mesh) != 0)
        return -1;
    if (!passed(&mesh->view_at, VIEW_MS) && !mesh->announced)
        return 0;
    return send_view(mesh);
}

static int give_back(struct mesh *mesh, const struct mesh_release *release) {
    struct column shards = {0}, epochs = {0};
    for (size_t i = 0; i < release->count; i++) {
        column_int2(&shards, (int16_t)release->shards[i].shard);
        column_int8(&epochs, release->shards[i].epoch);
    }
    struct params params = {0};
    params_column(&params, &shards);
    params_column(&params, &epochs);
    params_int4(&params, mesh->member);
    params_text(&params, mesh->options.service->name);
    PGresult *result = db_ask(mesh->db, "mesh_release", &params);
    int status = result == NULL ? -1 : 0;
    PQclear(result);
    column_close(&shards);
    column_close(&epochs);
    mesh->announced = true;
    return status;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void leave(struct mesh *mesh) {
    if (mesh->db == NULL)
        return;
    struct params params = {0};
    params_int4(&params, mesh->member);
    PQclear(db_ask(mesh->db, "mesh_leave", &params)); /* the lock falls with the connection: others claim at once */
    db_close(&mesh->db);
}

static void wait_for_something(struct mesh *mesh) {
    struct pollfd waits[2] = {{.fd = mailbox_fd(mesh->in), .events = POLLIN},
                              {.fd = mesh->db ? PQsocket(db_raw(mesh->db)) : -1, .events = POLLIN}};
    (void)poll(waits, mesh->db ? 2 : 1, mesh->db ? TURN_MS : RECONNECT_MS);
}

static void *mesh_main(void *context) {
    struct mesh *mesh = context;
    for (;;) {
        struct letter *letter;
        while ((letter = mailbox_take(mesh->in)) != NULL) {
            bool stop = letter->kind == LETTER_STOP;
            if (!stop && mesh->db != NULL)
                (void)give_back(mesh, (struct mesh_release *)letter);
            free(letter);
            if (!stop)
                continue;
            leave(mesh);
            return NULL;
        }
        struct reason why = {0};
        int status = mesh->db == NULL ? join(mesh, &why) : 0;
        if (status == 0 && turn(mesh) != 0) {
            why = *db_reason(mesh->db);
            db_close(&mesh->db);
            status = -1;
        }
        if (status != 0)
            report_down(mesh, &why);
        wait_for_something(mesh);
    }
}

struct mesh *mesh_open(const struct mesh_options *options) {
    struct mesh *mesh = calloc(1, sizeof *mesh);
    assert(mesh != NULL);
    mesh->options = *options;
    mesh->in = mailbox_open();
    int status = pthread_create(&mesh->thread, NULL, mesh_main, mesh);
    assert(status == 0);
    (void)status;
    return mesh;
}

void mesh_release(struct mesh *mesh, const struct owned_shard *shards, size_t count) {
    struct mesh_release *release = calloc(1, sizeof *release);
    assert(release != NULL && count <= SHARD_COUNT);
    release->letter.kind = LETTER_RELEASE;
    release->count = count;
    memcpy(release->shards, shards, count * sizeof *shards);
    mailbox_put(mesh->in, &release->letter);
}

void mesh_close(struct mesh **mesh) {
    if (*mesh == NULL)
        return;
    mailbox_put_stop((*mesh)->in);
    pthread_join((*mesh)->thread, NULL);
    mailbox_close(&(*mesh)->in);
    free(*mesh);
    *mesh = NULL;
}
