#include "common/mesh_read.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *rows_of(size_t count, size_t size) {
    void *rows = calloc(count + 1, size);
    assert(rows != NULL);
    return rows;
}

static void copy_text(char *to, size_t room, const PGresult *result, int row, int column) {
    snprintf(to, room, "%s", db_text(result, row, column));
}
#define COPY_TEXT(to, result, row, column) copy_text((to), sizeof(to), (result), (row), (column))

static int read_members(struct mesh_view *view, struct db *db) {
    SCOPED_RESULT
    *result = db_ask(db, "mesh_members", NULL);
    if (result == NULL)
        return -1;
    view->member_count = (size_t)PQntuples(result);
    view->members = rows_of(view->member_count, sizeof *view->members);
    for (int row = 0; row < PQntuples(result); row++) {
        struct member *member = &view->members[row];
        member->member = db_int4(result, row, 0);
        COPY_TEXT(member->service, result, row, 1);
        COPY_TEXT(member->endpoint, result, row, 2);
        COPY_TEXT(member->public_endpoint, result, row, 3);
        COPY_TEXT(member->curve_key, result, row, 4);
    }
    return 0;
}

static struct placement *placement_of(struct mesh_view *view, const char *service) {
    for (size_t i = 0; i < view->placement_count; i++)
        if (strcmp(view->placements[i].service, service) == 0)
            return &view->placements[i];
    view->placements = realloc(view->placements, (view->placement_count + 1) * sizeof *view->placements);
    assert(view->placements != NULL);
    struct placement *added = &view->placements[view->placement_count++];
    memset(added, 0, sizeof *added);
    snprintf(added->service, sizeof added->service, "%s", service);
    return added;
}

static int read_placement(struct mesh_view *view, struct db *db) {
    SCOPED_RESULT
    *result = db_ask(db, "mesh_placement", NULL);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++)
        placement_of(view, db_text(result, row, 0))->owner[db_int2(result, row, 1)] = db_int4(result, row, 2);
    return 0;
}

int mesh_read_owners(struct mesh_view *view, struct db *db) {
    return read_placement(view, db) != 0 || read_members(view, db) != 0 ? -1 : 0;
}

static int read_access(struct mesh_view *view, struct db *db) {
    SCOPED_RESULT
    *result = db_ask(db, "mesh_access", NULL);
    if (result == NULL)
        return -1;
    view->access_count = (size_t)PQntuples(result);
    view->access = rows_of(view->access_count, sizeof *view->access);
    for (int row = 0; row < PQntuples(result); row++) {
        struct access *access = &view->access[row];
        COPY_TEXT(access->name, result, row, 0);
        COPY_TEXT(access->kind, result, row, 1);
        COPY_TEXT(access->curve_key, result, row, 2);
        COPY_TEXT(access->unit, result, row, 3);
    }
    return 0;
}

static int read_owned(struct mesh_view *view, struct db *db) {
    struct params params = {0};
    params_int4(&params, view->self);
    SCOPED_RESULT
    *result = db_ask(db, "mesh_shards", &params);
    if (result == NULL)
        return -1;
    view->owned_count = (size_t)PQntuples(result);
    for (int row = 0; row < PQntuples(result); row++)
        view->owned[row] = (struct owned_shard){
            .shard = (uint16_t)db_int2(result, row, 0),
            .epoch = db_int8(result, row, 1),
            .cursors = {{(uint64_t)db_int8(result, row, 2), (uint64_t)db_int8(result, row, 3)},
                        (uint64_t)db_int8(result, row, 4)},
            .parked = db_bool(result, row, 5)};
    return 0;
}

static void count_excess(struct mesh_view *view, const char *service) {
    size_t replicas = 0;
    for (size_t i = 0; i < view->member_count; i++)
        replicas += strcmp(view->members[i].service, service) == 0;
    if (replicas == 0)
        return;
    size_t fair = (SHARD_COUNT + replicas - 1) / replicas;
    view->excess = view->owned_count > fair ? view->owned_count - fair : 0;
}

/* A placement stays until somebody else claims the shard. */
static void count_unclaimed(struct mesh_view *view, const char *service) {
    size_t placed = 0;
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++)
        placed += placement_of(view, service)->owner[shard] == view->self;
    view->unclaimed = placed > view->owned_count ? placed - view->owned_count : 0;
}

int mesh_read_city(struct city **city, struct db *db, uint64_t *known, struct reason *why) {
    SCOPED_RESULT
    *result = db_ask(db, "mesh_city_version", NULL);
    if (result == NULL)
        return -1;
    uint64_t version = (uint64_t)db_int8(result, 0, 0);
    if (version == 0) {
        (void)refuse(why, "city", "no city is loaded; run `zhitong city load FOLDER`");
        return 0;
    }
    if (version == *known)
        return 0;
    if (city_read(city, db, why) != 0)
        return 0;
    *known = city_version(*city);
    return 0;
}

/* Each read sees what was committed when it began, so their order counts: whoever does not own a shard any more finds its new owner,
 * and whom a placement names is found among the members. A replica that ends looks no second time. */
int mesh_read_view(struct mesh_view *view, struct db *db, const char *service, uint64_t *known_city,
                   struct reason *why) {
    if (read_owned(view, db) != 0 || mesh_read_owners(view, db) != 0 || read_access(view, db) != 0)
        return -1;
    count_excess(view, service);
    count_unclaimed(view, service);
    return mesh_read_city(&view->city, db, known_city, why);
}

const struct member *mesh_member(const struct mesh_view *view, int32_t member) {
    for (size_t i = 0; i < view->member_count; i++)
        if (view->members[i].member == member)
            return &view->members[i];
    return NULL;
}

const struct member *mesh_owner(const struct mesh_view *view, const char *service, uint16_t shard) {
    for (size_t i = 0; i < view->placement_count; i++)
        if (strcmp(view->placements[i].service, service) == 0)
            return mesh_member(view, view->placements[i].owner[shard]);
    return NULL;
}

void mesh_view_close(struct mesh_view **view) {
    if (*view == NULL)
        return;
    free((*view)->members);
    free((*view)->placements);
    free((*view)->access);
    city_close(&(*view)->city);
    free(*view);
    *view = NULL;
}
