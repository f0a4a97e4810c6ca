#include "common/mesh.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/hung.h"
#include "common/journal.h"
#include "common/mesh_read.h"
#include "common/metrics.h"
#include "common/process_metrics.h"
#include "common/service_connect.h"
#include "common/worker.h"

#define TURN_MS 250     /* how soon a dead replica is noticed */
#define CLOCK_MS 1000   /* how often the time is read */
#define VIEW_MS 4000    /* the view is read again though nobody announced a change: a key ends within 5 s */
#define TEND_MS 3600000 /* how often day partitions are looked after */
#define RECONNECT_MS 500
#define OTHERS_MS 40 /* other services change in crowds while they scale: the view is read once for all of these */

struct mesh_release {
    struct letter letter;
    size_t count;
    struct owned_shard shards[SHARD_COUNT];
};

struct mesh {
    struct mesh_options options;
    struct worker *worker;
    struct db *db;
    int32_t member;
    uint64_t city_version;
    struct city *city;                           /* read before we joined, for the first view */
    int64_t clock_at, view_at, tend_at, hung_at; /* monotonic ms of the last time */
    bool announced;                              /* somebody notified, or we changed something */
    bool others_announced;                       /* the same of another service: soon is enough */
    int64_t sent_at;                             /* monotonic ms of the last view */
    bool reported_down;
    bool seen; /* the loop has a view since we joined: keys, city. What is claimed earlier would wait for these */
    atomic_bool ending; /* set by the loop */
    bool left;          /* no member any more: claims nothing, looks on until it ends */
    struct hung hung;   /* peers that seemed to hang at the last look */
    struct reason last_reason;
};

static int join(struct mesh *mesh, struct reason *why) {
    if (service_connect(&mesh->db, mesh->options.service, mesh->options.database_url, why) != 0)
        return -1;
    PQclear(db_ask(mesh->db, "mesh_listen", NULL));
    /* What takes long is done before anybody counts on us: whoever has our share of the shards gives it away as soon as we join. */
    if (mesh->city == NULL && mesh_read_city(&mesh->city, mesh->db, &mesh->city_version, why) != 0) {
        *why = *db_reason(mesh->db);
        db_close(&mesh->db);
        return -1;
    }
    struct params params = {0};
    params_text(&params, mesh->options.service->name);
    params_text(&params, mesh->options.endpoint);
    params_text(&params, mesh->options.public_endpoint);
    params_text(&params, mesh->options.curve_key);
    params_text(&params, process_version());
    params_text(&params, mesh->options.ring);
    SCOPED_RESULT
    *result = db_ask(mesh->db, "mesh_register", &params);
    if (result == NULL || PQntuples(result) != 1) {
        *why = *db_reason(mesh->db);
        db_close(&mesh->db);
        return -1;
    }
    mesh->member = db_int4(result, 0, 0);
    mesh->announced = true;
    mesh->seen = false;
    mesh->clock_at = mesh->view_at = mesh->tend_at = mesh->hung_at = 0;
    journal_say(JOURNAL_INFO, "joined", "member %d at %s", (int)mesh->member, mesh->options.endpoint);
    (void)FAULT_POINT(mesh_joined);
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
    return FAULT_POINT(mesh_claimed) ? -1 : 0;
}

static int read_clock(struct mesh *mesh) {
    SCOPED_RESULT
    *result = db_ask(mesh->db, "mesh_clock", NULL);
    if (result == NULL)
        return -1;
    clock_sync_real(db_time(result, 0, 2));
    if (clock_sync(db_time(result, 0, 0), db_float8(result, 0, 1))) {
        metric_add(METRIC_clock_jumps_total, 1);
        journal_say(JOURNAL_ERROR, "clock_jumped",
                    "the database's clock moved by more than %d ms in a second; check NTP on its host", CLOCK_JUMP_MS);
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
    if (view->city == NULL)
        view->city = mesh->city;
    else
        city_close(&mesh->city);
    mesh->city = NULL;
    mesh->announced = mesh->others_announced = false;
    mesh->seen = true;
    mesh->sent_at = clock_monotonic_ms();
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

/* Somebody changed the keys, the city, the clock (no name) or the replicas of the service that is named. */
static int take_notices(struct mesh *mesh) {
    if (PQconsumeInput(db_raw(mesh->db)) != 1) {
        db_connection_lost(mesh->db);
        return -1;
    }
    PGnotify *notice;
    while ((notice = PQnotifies(db_raw(mesh->db))) != NULL) {
        bool ours = notice->extra[0] == '\0' || strcmp(notice->extra, mesh->options.service->name) == 0;
        mesh->others_announced = mesh->others_announced || !ours;
        mesh->announced = mesh->announced || ours;
        if (ours)
            mesh->clock_at = 0;
        PQfreemem(notice);
    }
    return 0;
}

static int turn(struct mesh *mesh) {
    if (passed(&mesh->clock_at, CLOCK_MS) && read_clock(mesh) != 0)
        return -1;
    if (passed(&mesh->tend_at, TEND_MS))
        tend(mesh);
    if (!mesh->left && passed(&mesh->hung_at, HUNG_LOOK_MS) &&
        hung_cut(&mesh->hung, mesh->db, mesh->options.service->name, mesh->options.hung_ms) != 0)
        return -1;
    if (!mesh->left && mesh->seen && (bury_the_dead(mesh) != 0 || (!atomic_load(&mesh->ending) && claim(mesh) != 0)))
        return -1;
    if (mesh->others_announced && clock_monotonic_ms() - mesh->sent_at >= OTHERS_MS)
        mesh->announced = true;
    if (!passed(&mesh->view_at, VIEW_MS) && !mesh->announced)
        return 0;
    bool first = !mesh->seen;
    if (send_view(mesh) != 0)
        return -1;
    return first ? turn(mesh) : 0;
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
    (void)FAULT_POINT(mesh_released);
    return status;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void leave(struct mesh *mesh) {
    if (mesh->db == NULL || mesh->left)
        return;
    struct params params = {0};
    params_int4(&params, mesh->member);
    params_text(&params, mesh->options.service->name);
    PQclear(db_ask(mesh->db, "mesh_leave", &params));
    mesh->left = true;
}

static void take_letter(void *context, struct letter *take_letter) {
    struct mesh *mesh = context;
    if (take_letter->kind == LETTER_LEAVE)
        leave(mesh);
    else if (mesh->db != NULL)
        (void)give_back(mesh, (struct mesh_release *)take_letter);
    free(take_letter);
}

static int mesh_turn(void *context) {
    struct mesh *mesh = context;
    struct reason why = {0};
    if (mesh->left && mesh->db == NULL)
        return RECONNECT_MS; /* lost after we left: there is nothing to come back for */
    int status = mesh->db == NULL ? join(mesh, &why) : 0;
    /* Once more at the end: what was announced while the turn asked came with its answers, and the socket is silent about it. */
    if (status == 0 && (take_notices(mesh) != 0 || turn(mesh) != 0 || take_notices(mesh) != 0)) {
        why = *db_reason(mesh->db);
        db_close(&mesh->db);
        status = -1;
    }
    if (status != 0)
        report_down(mesh, &why);
    if (mesh->db == NULL)
        return RECONNECT_MS;
    return mesh->announced ? 0 : mesh->others_announced ? OTHERS_MS : TURN_MS;
}

static int mesh_fd(void *context) {
    struct db *db = ((const struct mesh *)context)->db;
    return db != NULL ? PQsocket(db_raw(db)) : -1;
}

struct mesh *mesh_open(const struct mesh_options *options) {
    struct mesh *mesh = calloc(1, sizeof *mesh);
    assert(mesh != NULL);
    mesh->options = *options;
    mesh->worker = worker_open(&(struct worker_options){mesh, take_letter, mesh_turn, mesh_fd});
    return mesh;
}

void mesh_release(struct mesh *mesh, const struct owned_shard *shards, size_t count) {
    struct mesh_release *release = calloc(1, sizeof *release);
    assert(release != NULL && count <= SHARD_COUNT);
    release->letter.kind = LETTER_RELEASE;
    release->count = count;
    memcpy(release->shards, shards, count * sizeof *shards);
    worker_put(mesh->worker, &release->letter);
}

void mesh_claim_no_more(struct mesh *mesh) {
    atomic_store(&mesh->ending, true);
}

void mesh_leave(struct mesh *mesh) {
    struct letter *letter = calloc(1, sizeof *letter);
    assert(letter != NULL);
    letter->kind = LETTER_LEAVE;
    worker_put(mesh->worker, letter);
}

void mesh_close(struct mesh **mesh) {
    if (*mesh == NULL)
        return;
    worker_close(&(*mesh)->worker);
    leave(*mesh);
    city_close(&(*mesh)->city);
    db_close(&(*mesh)->db);
    hung_close(&(*mesh)->hung);
    free(*mesh);
    *mesh = NULL;
}
