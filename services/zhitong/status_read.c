#include "services/zhitong/status_read.h"

#include <string.h>
#include <sys/statvfs.h>

#include "common/clock.h"
#include "services/zhitong/migrations.h"

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

struct reading { /* one status that is being filled */
    struct status *status;
    char *zone;
    int32_t today; /* of the database, in days since 2000-01-01: a date of PostgreSQL in binary form */
};

static struct counted counted_at(const PGresult *result, int row, int column) {
    return (struct counted){db_int8(result, row, column), (enum counted_how)db_int4(result, row, column + 1)};
}

static struct status_service *service_named(struct status *status, const char *name) {
    for (size_t i = 0; i < status->service_count; i++)
        if (strcmp(status->services[i].name, name) == 0)
            return &status->services[i];
    return NULL;
}

/* Real time that passes while the city's clock goes on by so many ms. */
static int64_t real_ms(const struct status *status, int64_t shown_ms) {
    return status->city.speed > 0 ? (int64_t)((double)shown_ms / status->city.speed) : shown_ms;
}

/* ---- what each query brings ------------------------------------------------------------------------------------------ */

static void take_free_space(struct status_disk *disk, const char *folder) {
    struct statvfs room;
    disk->free_bytes = disk->total_bytes = -1;
    if (*folder == '\0' || statvfs(folder, &room) != 0)
        return;
    disk->free_bytes = (int64_t)room.f_bavail * (int64_t)room.f_frsize;
    disk->total_bytes = (int64_t)room.f_blocks * (int64_t)room.f_frsize;
}

static void take_city(struct reading *reading, const PGresult *result) {
    struct status_city *city = &reading->status->city;
    int64_t known = 0;
    city->now = db_time(result, 0, 0);
    city->driven = db_bool(result, 0, 1);
    city->speed = db_float8(result, 0, 2);
    COPY(city->code, db_text(result, 0, 3));
    COPY(city->name, db_text(result, 0, 4));
    if (!db_null(result, 0, 5))
        city->version = db_int8(result, 0, 5);
    snprintf(reading->zone, STATUS_NAME_MAX + 1, "%s", db_text(result, 0, 6));
    take_free_space(&reading->status->disk, db_text(result, 0, 7));
    for (const struct migration *migration = migrations; migration->name != NULL; migration++)
        known++;
    city->migrations_missing = known - db_int8(result, 0, 8);
    reading->today = db_int4(result, 0, 9);
}

static void take_services(struct reading *reading, const PGresult *result) {
    struct status *status = reading->status;
    for (int row = 0; row < PQntuples(result) && status->service_count < STATUS_SERVICES_MAX; row++)
        COPY(status->services[status->service_count++].name, db_text(result, row, 0));
}

static void take_members(struct reading *reading, const PGresult *result) {
    struct status *status = reading->status;
    for (int row = 0; row < PQntuples(result); row++) {
        struct status_service *service = service_named(status, db_text(result, row, 1));
        const bool alive = db_bool(result, row, 4);
        if (service != NULL && alive)
            service->replicas++;
        else if (service != NULL)
            service->dead++;
        if (status->member_count == STATUS_MEMBERS_MAX) {
            status->members_left_out++;
            continue;
        }
        struct status_member *member = &status->members[status->member_count++];
        member->member = db_int4(result, row, 0);
        member->alive = alive;
        member->started_at = db_time(result, row, 3);
        COPY(member->service, db_text(result, row, 1));
        COPY(member->endpoint, db_text(result, row, 2));
    }
}

/* Shards of a member who is left out of the list count as owned by a living one: only few are left out. */
static bool owner_lives(struct status *status, int32_t owner, int64_t shards) {
    for (size_t i = 0; i < status->member_count; i++) {
        if (status->members[i].member == owner) {
            status->members[i].shards = shards;
            return status->members[i].alive;
        }
    }
    return owner != 0 && status->members_left_out > 0;
}

static void take_owners(struct reading *reading, const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        struct status_service *service = service_named(reading->status, db_text(result, row, 0));
        const int64_t shards = db_int8(result, row, 2);
        if (service == NULL)
            continue;
        service->head += db_int8(result, row, 3);
        service->ever |= db_int8(result, row, 4) > 0;
        if (owner_lives(reading->status, db_int4(result, row, 1), shards))
            service->shards += shards;
    }
}

static void take_behind(struct reading *reading, const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        struct status_service *service = service_named(reading->status, db_text(result, row, 0));
        if (service == NULL || service->upstream_count == STATUS_UPSTREAMS_MAX)
            continue;
        struct status_upstream *upstream = &service->upstreams[service->upstream_count++];
        COPY(upstream->name, db_text(result, row, 1));
        upstream->behind = db_int8(result, row, 2);
        upstream->oldest_ms = db_null(result, row, 3) ? -1 : real_ms(reading->status, db_int8(result, row, 3));
    }
}

static void take_parked(struct reading *reading, const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        struct status_service *service = service_named(reading->status, db_text(result, row, 0));
        if (service != NULL)
            service->parked = db_int8(result, row, 1);
    }
}

static void take_clocks(struct reading *reading, const PGresult *result) {
    struct status_clocks *clocks = &reading->status->clocks;
    const int64_t oldest = db_time(result, 0, 4);
    clocks->armed = counted_at(result, 0, 0);
    clocks->due = counted_at(result, 0, 2);
    clocks->late_ms = oldest == 0 ? 0 : real_ms(reading->status, reading->status->city.now - oldest);
    clocks->next_at = db_time(result, 0, 5);
}

static void take_streams(struct reading *reading, const PGresult *result) {
    reading->status->streams.streams = db_int8(result, 0, 0);
    reading->status->streams.entries_today = db_int8(result, 0, 1);
}

static void take_groups(struct reading *reading, const PGresult *result) {
    struct status_streams *streams = &reading->status->streams;
    if (PQntuples(result) == 0)
        return;
    streams->groups = db_int8(result, 0, 3);
    streams->behind = db_int8(result, 0, 1);
    streams->moved_at = db_time(result, 0, 2);
    if (streams->behind > 0)
        COPY(streams->slowest, db_text(result, 0, 0));
}

static void take_endpoints(struct reading *reading, const PGresult *result) {
    struct status_endpoints *endpoints = &reading->status->endpoints;
    if (PQntuples(result) == 0)
        return;
    endpoints->endpoints = db_int8(result, 0, 0);
    endpoints->disabled = db_int8(result, 0, 1);
    COPY(endpoints->first_disabled, db_text(result, 0, 2));
    COPY(endpoints->worst, db_text(result, 0, 3));
    endpoints->behind = db_int8(result, 0, 4);
}

static void take_deliveries(struct reading *reading, const PGresult *result) {
    struct status_endpoints *endpoints = &reading->status->endpoints;
    endpoints->waiting = counted_at(result, 0, 0); /* with the dead ones */
    endpoints->dead = counted_at(result, 0, 2);
    endpoints->waiting.count -= endpoints->dead.count;
    if (endpoints->waiting.count < 0)
        endpoints->waiting.count = 0;
    COPY(endpoints->first_dead, db_text(result, 0, 4));
}

static void take_reports(struct reading *reading, const PGresult *result) {
    reading->status->cases.reports_today = counted_at(result, 0, 0);
}

static void take_open(struct reading *reading, const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        const int tier = db_int2(result, row, 0);
        if (tier >= 1 && tier <= STATUS_TIERS)
            reading->status->cases.open[tier - 1] = counted_at(result, row, 1);
    }
}

static void take_overdue(struct reading *reading, const PGresult *result) {
    reading->status->cases.overdue = counted_at(result, 0, 0);
}

static void take_schemas(struct reading *reading, const PGresult *result) {
    struct status_disk *disk = &reading->status->disk;
    for (int row = 0; row < PQntuples(result); row++) {
        disk->bytes = db_int8(result, row, 2);
        if (disk->schema_count == STATUS_SCHEMAS_MAX)
            continue;
        struct status_schema *schema = &disk->schemas[disk->schema_count++];
        COPY(schema->name, db_text(result, row, 0));
        schema->bytes = db_int8(result, row, 1);
    }
}

static void take_partitions(struct reading *reading, const PGresult *result) {
    reading->status->disk.partitions = db_int8(result, 0, 0);
    reading->status->disk.without_tomorrow = db_int8(result, 0, 1);
}

static void take_keys(struct reading *reading, const PGresult *result) {
    struct status *status = reading->status;
    for (int row = 0; row < PQntuples(result) && status->key_count < STATUS_KEYS_MAX; row++) {
        struct status_key *key = &status->keys[status->key_count++];
        COPY(key->name, db_text(result, row, 0));
        COPY(key->what, db_text(result, row, 1));
        key->ends_at = db_time(result, row, 2);
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------------------- */

/* In this order: what comes later looks up services, members and the clock. */
static const struct {
    const char *query;
    const char *takes; /* its parameters: n now, z time zone, d today, w a week ago */
    void (*take)(struct reading *reading, const PGresult *result);
} readings[] = {
    {"status_city", "", take_city},
    {"status_services", "", take_services},
    {"status_members", "", take_members},
    {"status_owners", "", take_owners},
    {"status_behind", "nw", take_behind},
    {"status_parked", "", take_parked},
    {"status_clocks", "n", take_clocks},
    {"status_streams", "d", take_streams},
    {"status_groups", "", take_groups},
    {"status_endpoints", "", take_endpoints},
    {"status_deliveries", "", take_deliveries},
    {"status_reports", "nzd", take_reports},
    {"status_open", "", take_open},
    {"status_overdue", "n", take_overdue},
    {"status_schemas", "", take_schemas},
    {"status_partitions", "", take_partitions},
    {"status_keys", "", take_keys},
};

int status_prepare(struct db *db) {
    SCOPED_RESULT
    *result = db_ask(db, "status_prepare", NULL);

    return result != NULL ? 0 : -1;
}

static void add_params(const struct reading *reading, const char *takes, struct params *params) {
    for (; *takes != '\0'; takes++) {
        if (*takes == 'n')
            params_time(params, reading->status->city.now);
        else if (*takes == 'z')
            params_text(params, *reading->zone != '\0' ? reading->zone : "UTC");
        else
            params_int4(params, *takes == 'd' ? reading->today : reading->today - 7);
    }
}

int status_read(struct db *db, struct status *status, char zone[STATUS_NAME_MAX + 1]) {
    *status = (struct status){.city.speed = 1};
    struct reading reading = {.status = status, .zone = zone};

    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        struct params params = {0};
        add_params(&reading, readings[i].takes, &params);
        SCOPED_RESULT
        *result = db_ask(db, readings[i].query, &params);
        if (result == NULL)
            return -1;
        readings[i].take(&reading, result);
    }
    return 0;
}
