#include "services/zhitong/city_metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum of { THE_CITY, EACH_SERVICE, EACH_UPSTREAM, EACH_TIER, EACH_SCHEMA, EACH_KEY };
static const char *const labels[] = {
    [THE_CITY] = "",        [EACH_SERVICE] = "{of}",    [EACH_UPSTREAM] = "{of,upstream}",
    [EACH_TIER] = "{tier}", [EACH_SCHEMA] = "{schema}", [EACH_KEY] = "{name,kind}"};

enum scale { AS_IT_IS, FROM_MS };

/* Where a value lies in the struct of its kind: a bool, int or int64_t. Less than 0 is not known and left out. */
#define AT(type, field) offsetof(struct type, field), sizeof(((struct type *)NULL)->field)

static const struct row {
    const char *name, *type, *unit;
    enum of of;
    size_t offset, size;
    enum scale scale;
    const char *meaning;
} rows[] = {
    {"needs_a_person", "gauge", "findings", THE_CITY, AT(city_facts, urgent), AS_IT_IS,
     "findings of `zhitong status` that need a person"},
    {"read_seconds", "gauge", "seconds", THE_CITY, AT(city_facts, read_ms), FROM_MS,
     "how long it took to read all this from the database"},
    {"version", "gauge", "", THE_CITY, AT(city_facts, status.city.version), AS_IT_IS, "version of the loaded city"},
    {"time_driven", "gauge", "", THE_CITY, AT(city_facts, status.city.driven), AS_IT_IS,
     "1 where time is driven, as in demonstrations"},
    {"migrations_missing", "gauge", "migrations", THE_CITY, AT(city_facts, status.city.migrations_missing), AS_IT_IS,
     "migrations of this version that are not applied yet"},
    {"used", "gauge", "", EACH_SERVICE, AT(status_service, ever), AS_IT_IS,
     "1 where some replica of it has run at some time"},
    {"replicas", "gauge", "replicas", EACH_SERVICE, AT(status_service, replicas), AS_IT_IS, "living replicas"},
    {"replicas_dead", "gauge", "replicas", EACH_SERVICE, AT(status_service, dead), AS_IT_IS,
     "replicas that died and were not replaced"},
    {"shards_owned", "gauge", "shards", EACH_SERVICE, AT(status_service, shards), AS_IT_IS,
     "shards that a living replica owns, of 128"},
    {"log_entries_total", "counter", "entries", EACH_SERVICE, AT(status_service, head), AS_IT_IS,
     "entries of its log since it was installed"},
    {"parked", "gauge", "entries", EACH_SERVICE, AT(status_service, parked), AS_IT_IS, "parked entries"},
    {"behind_entries", "gauge", "entries", EACH_UPSTREAM, AT(status_upstream, behind), AS_IT_IS,
     "entries of the upstream's log that it has still to apply"},
    {"behind_seconds", "gauge", "seconds", EACH_UPSTREAM, AT(status_upstream, oldest_ms), FROM_MS,
     "how long the oldest of them waits; left out while there is none"},
    {"cases_open", "gauge", "cases", EACH_TIER, AT(counted, count), AS_IT_IS,
     "open cases by tier; past 50,000 an estimate"},
    {"cases_overdue", "gauge", "cases", THE_CITY, AT(city_facts, status.cases.overdue.count), AS_IT_IS,
     "open cases past their due instant; at most 50,001"},
    {"reports_today", "gauge", "reports", THE_CITY, AT(city_facts, status.cases.reports_today.count), AS_IT_IS,
     "reports since midnight in the city"},
    {"clocks_armed", "gauge", "clocks", THE_CITY, AT(city_facts, status.clocks.armed.count), AS_IT_IS, "armed clocks"},
    {"clocks_due", "gauge", "clocks", THE_CITY, AT(city_facts, status.clocks.due.count), AS_IT_IS,
     "clocks that are due and have not fired"},
    {"clocks_late_seconds", "gauge", "seconds", THE_CITY, AT(city_facts, status.clocks.late_ms), FROM_MS,
     "how long ago the oldest of them should have fired"},
    {"streams", "gauge", "streams", THE_CITY, AT(city_facts, status.streams.streams), AS_IT_IS, "streams of units"},
    {"stream_entries_today", "gauge", "entries", THE_CITY, AT(city_facts, status.streams.entries_today), AS_IT_IS,
     "entries that today brought to streams"},
    {"group_behind_entries", "gauge", "entries", THE_CITY, AT(city_facts, status.streams.behind), AS_IT_IS,
     "entries that the slowest group of followers has still to finish"},
    {"endpoints", "gauge", "endpoints", THE_CITY, AT(city_facts, status.endpoints.endpoints), AS_IT_IS,
     "webhooks and people that are told"},
    {"endpoints_disabled", "gauge", "endpoints", THE_CITY, AT(city_facts, status.endpoints.disabled), AS_IT_IS,
     "those that get nothing until somebody enables them"},
    {"deliveries_waiting", "gauge", "deliveries", THE_CITY, AT(city_facts, status.endpoints.waiting.count), AS_IT_IS,
     "deliveries that wait, dead letters among them"},
    {"dead_letters", "gauge", "deliveries", THE_CITY, AT(city_facts, status.endpoints.dead.count), AS_IT_IS,
     "deliveries that were given up"},
    {"key_ends_timestamp_seconds", "gauge", "seconds", EACH_KEY, AT(status_key, ends_at), FROM_MS,
     "when a key ends that does so within 14 days, seconds since 1970; at most five"},
    {"database_bytes", "gauge", "bytes", THE_CITY, AT(city_facts, status.disk.bytes), AS_IT_IS, "size of the database"},
    {"schema_bytes", "gauge", "bytes", EACH_SCHEMA, AT(status_schema, bytes), AS_IT_IS, "of it, by schema"},
    {"database_disk_free_bytes", "gauge", "bytes", THE_CITY, AT(city_facts, status.disk.free_bytes), AS_IT_IS,
     "free on the database's disk; left out where that is on another host"},
    {"database_disk_bytes", "gauge", "bytes", THE_CITY, AT(city_facts, status.disk.total_bytes), AS_IT_IS,
     "size of that disk"},
    {"logs_without_tomorrow", "gauge", "logs", THE_CITY, AT(city_facts, status.disk.without_tomorrow), AS_IT_IS,
     "logs that have no day partition for tomorrow"},
    {"database_connections", "gauge", "connections", THE_CITY, AT(city_facts, database.connections), AS_IT_IS,
     "client connections of the PostgreSQL server"},
    {"database_connections_max", "gauge", "connections", THE_CITY, AT(city_facts, database.connections_max), AS_IT_IS,
     "how many it takes (max_connections without the reserved ones)"},
    {"database_commits_total", "counter", "transactions", THE_CITY, AT(city_facts, database.commits), AS_IT_IS,
     "transactions committed"},
    {"database_rollbacks_total", "counter", "transactions", THE_CITY, AT(city_facts, database.rollbacks), AS_IT_IS,
     "transactions rolled back"},
    {"database_deadlocks_total", "counter", "deadlocks", THE_CITY, AT(city_facts, database.deadlocks), AS_IT_IS,
     "deadlocks"},
    {"database_wal_bytes_total", "counter", "bytes", THE_CITY, AT(city_facts, database.wal_bytes), AS_IT_IS,
     "WAL written by the whole server"},
    {"database_oldest_transaction_seconds", "gauge", "seconds", THE_CITY,
     AT(city_facts, database.oldest_transaction_ms), FROM_MS, "age of the oldest open transaction that may be seen"},
    {"database_transaction_ids_used", "gauge", "ids", THE_CITY, AT(city_facts, database.transaction_ids_used), AS_IT_IS,
     "age of the oldest unfrozen transaction id; at 2,147,483,648 the server stops"},
    {"database_standbys", "gauge", "standbys", THE_CITY, AT(city_facts, database.standbys), AS_IT_IS,
     "standbys that receive WAL"},
    {"database_standbys_synchronous", "gauge", "standbys", THE_CITY, AT(city_facts, database.standbys_synchronous),
     AS_IT_IS, "of them, those that a commit waits for"},
    {"database_standby_lag_bytes", "gauge", "bytes", THE_CITY, AT(city_facts, database.standby_lag_bytes), AS_IT_IS,
     "WAL that the slowest standby has still to replay"},
    {"database_archive_failures_total", "counter", "files", THE_CITY, AT(city_facts, database.archive_failures),
     AS_IT_IS, "WAL files that could not be archived, each attempt"},
    {"database_archived_timestamp_seconds", "gauge", "seconds", THE_CITY, AT(city_facts, database.archive_last_at),
     FROM_MS, "when the last WAL file was archived, seconds since 1970; 0: none was"},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

/* ---- one sample ---------------------------------------------------------------------------------------------------------- */

static int64_t number_at(const struct row *row, const void *from) {
    const char *at = (const char *)from + row->offset;
    int64_t wide;
    int narrow;

    if (row->size == sizeof(bool))
        return *(const bool *)at;
    if (row->size == sizeof narrow) {
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    }
    assert(row->size == sizeof wide);
    memcpy(&wide, at, sizeof wide);
    return wide;
}

/* A label's value: backslash, quote and line feed are escaped. */
static void put_label(FILE *out, const char *name, const char *value) {
    fprintf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else
            fprintf(out, *value == '\\' || *value == '"' ? "\\%c" : "%c", *value);
    }
    fputc('"', out);
}

struct label {
    const char *name, *value; /* name NULL: there is none */
};

static void sample(FILE *out, const struct row *row, const struct label of[2], const void *from) {
    const int64_t value = number_at(row, from);

    if (value < 0)
        return;
    fprintf(out, "zhitong_city_%s", row->name);
    for (int i = 0; i < 2 && of[i].name != NULL; i++) {
        fputc(i == 0 ? '{' : ',', out);
        put_label(out, of[i].name, of[i].value);
    }
    fputs(of[0].name != NULL ? "} " : " ", out);
    if (row->scale == FROM_MS)
        fprintf(out, "%" PRId64 ".%03d\n", value / 1000, (int)(value % 1000));
    else
        fprintf(out, "%" PRId64 "\n", value);
}

/* ---- the samples of a row -------------------------------------------------------------------------------------------------- */

static void of_services(FILE *out, const struct row *row, const struct status *status) {
    for (size_t i = 0; i < status->service_count; i++) {
        const struct status_service *service = &status->services[i];
        const struct label of[2] = {{"of", service->name}, {NULL, NULL}};
        if (row->of == EACH_SERVICE)
            sample(out, row, of, service);
        for (size_t u = 0; row->of == EACH_UPSTREAM && u < service->upstream_count; u++)
            sample(out, row, (const struct label[2]){of[0], {"upstream", service->upstreams[u].name}},
                   &service->upstreams[u]);
    }
}

static void of_tiers(FILE *out, const struct row *row, const struct status *status) {
    for (int i = 0; i < STATUS_TIERS; i++) {
        const char tier[2] = {(char)('1' + i), '\0'};
        sample(out, row, (const struct label[2]){{"tier", tier}, {NULL, NULL}}, &status->cases.open[i]);
    }
}

static void samples(FILE *out, const struct row *row, const struct city_facts *facts) {
    const struct status *status = &facts->status;

    switch (row->of) {
    case THE_CITY:
        sample(out, row, (const struct label[2]){{NULL, NULL}, {NULL, NULL}}, facts);
        break;
    case EACH_SERVICE:
    case EACH_UPSTREAM:
        of_services(out, row, status);
        break;
    case EACH_TIER:
        of_tiers(out, row, status);
        break;
    case EACH_SCHEMA:
        for (size_t i = 0; i < status->disk.schema_count; i++)
            sample(out, row, (const struct label[2]){{"schema", status->disk.schemas[i].name}, {NULL, NULL}},
                   &status->disk.schemas[i]);
        break;
    case EACH_KEY:
        for (size_t i = 0; i < status->key_count; i++)
            sample(out, row, (const struct label[2]){{"name", status->keys[i].name}, {"kind", status->keys[i].what}},
                   &status->keys[i]);
        break;
    }
}

#define UP "zhitong_city_up"
#define UP_MEANING "1 while the exporter can read the database; the other metrics of the city are left out otherwise"

void city_metrics_write(FILE *out, const struct city_facts *facts) {
    fprintf(out, "# HELP " UP " " UP_MEANING "\n# TYPE " UP " gauge\n" UP " %d\n", facts->up);
    for (size_t i = 0; facts->up && i < ROW_COUNT; i++) {
        fprintf(out, "# HELP zhitong_city_%s %s\n# TYPE zhitong_city_%s %s\n", rows[i].name, rows[i].meaning,
                rows[i].name, rows[i].type);
        samples(out, &rows[i], facts);
    }
}

void city_metrics_markdown(FILE *out) {
    fputs("| metric | type | unit | meaning |\n|---|---|---|---|\n| `" UP "` | gauge |  | " UP_MEANING " |\n", out);
    for (size_t i = 0; i < ROW_COUNT; i++)
        fprintf(out, "| `zhitong_city_%s%s` | %s | %s | %s |\n", rows[i].name, labels[rows[i].of], rows[i].type,
                rows[i].unit, rows[i].meaning);
}
