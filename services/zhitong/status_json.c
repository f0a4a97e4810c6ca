#include <jansson.h>

#include "services/zhitong/options.h"
#include "services/zhitong/status.h"

static json_t *instant_json(int64_t at) {
    char text[INSTANT_TEXT_MAX];

    if (at == 0)
        return json_null();
    instant_print(at, text);
    return json_string(text);
}

/* {"count": 7} or {"count": 50000, "how": "about"} */
static json_t *counted_json(struct counted value) {
    json_t *object = json_pack("{s:I}", "count", (json_int_t)value.count);

    if (value.how != COUNTED)
        json_object_set_new(object, "how", json_string(value.how == ABOUT ? "about" : "at least"));
    return object;
}

/* Of a text of the database: never NULL, whatever the bytes. */
static json_t *text_json(const char *text) {
    json_t *string = json_string(text);

    return string != NULL ? string : json_string("?");
}

static json_t *city_json(const struct status_city *city) {
    return json_pack("{s:o, s:o, s:I, s:o, s:b, s:f, s:I}", "code", text_json(city->code), "name",
                     text_json(city->name), "version", (json_int_t)city->version, "now", instant_json(city->now),
                     "driven", city->driven, "speed", city->speed, "migrations_missing",
                     (json_int_t)city->migrations_missing);
}

static json_t *service_json(const struct status_service *service) {
    json_t *upstreams = json_array();

    for (size_t i = 0; i < service->upstream_count; i++) {
        const struct status_upstream *upstream = &service->upstreams[i];
        json_t *object = json_pack("{s:o, s:I}", "service", text_json(upstream->name), "behind_entries",
                                   (json_int_t)upstream->behind);
        if (upstream->oldest_ms >= 0)
            json_object_set_new(object, "oldest_ms", json_integer(upstream->oldest_ms));
        json_array_append_new(upstreams, object);
    }
    return json_pack("{s:o, s:i, s:i, s:I, s:I, s:I, s:o}", "service", text_json(service->name), "replicas_alive",
                     service->replicas, "replicas_dead", service->dead, "shards", (json_int_t)service->shards,
                     "log_head", (json_int_t)service->head, "parked", (json_int_t)service->parked, "upstreams",
                     upstreams);
}

static json_t *services_json(const struct status *status) {
    json_t *array = json_array();

    for (size_t i = 0; i < status->service_count; i++)
        json_array_append_new(array, service_json(&status->services[i]));
    return array;
}

static json_t *members_json(const struct status *status) {
    json_t *array = json_array();

    for (size_t i = 0; i < status->member_count; i++) {
        const struct status_member *member = &status->members[i];
        json_array_append_new(
            array, json_pack("{s:i, s:o, s:b, s:I, s:o, s:o}", "member", member->member, "service",
                             text_json(member->service), "alive", member->alive, "shards", (json_int_t)member->shards,
                             "started_at", instant_json(member->started_at), "endpoint", text_json(member->endpoint)));
    }
    return array;
}

static json_t *clocks_json(const struct status_clocks *clocks) {
    return json_pack("{s:o, s:o, s:I, s:o}", "armed", counted_json(clocks->armed), "due", counted_json(clocks->due),
                     "late_ms", (json_int_t)clocks->late_ms, "next_at", instant_json(clocks->next_at));
}

static json_t *streams_json(const struct status_streams *streams) {
    json_t *object = json_pack("{s:I, s:I, s:I}", "streams", (json_int_t)streams->streams, "entries_today",
                               (json_int_t)streams->entries_today, "groups", (json_int_t)streams->groups);

    if (streams->slowest[0] != '\0')
        json_object_set_new(object, "slowest_group",
                            json_pack("{s:o, s:I, s:o}", "name", text_json(streams->slowest), "behind_entries",
                                      (json_int_t)streams->behind, "moved_at", instant_json(streams->moved_at)));
    return object;
}

static json_t *endpoints_json(const struct status_endpoints *endpoints) {
    json_t *object = json_pack("{s:I, s:I, s:o, s:o}", "endpoints", (json_int_t)endpoints->endpoints, "disabled",
                               (json_int_t)endpoints->disabled, "waiting", counted_json(endpoints->waiting),
                               "dead_letters", counted_json(endpoints->dead));

    if (endpoints->worst[0] != '\0')
        json_object_set_new(object, "furthest_behind",
                            json_pack("{s:o, s:I}", "name", text_json(endpoints->worst), "behind_entries",
                                      (json_int_t)endpoints->behind));
    return object;
}

static json_t *cases_json(const struct status_cases *cases) {
    json_t *open = json_array();

    for (int i = 0; i < STATUS_TIERS; i++) {
        json_t *tier = counted_json(cases->open[i]);
        json_object_set_new(tier, "tier", json_integer(i + 1));
        json_array_append_new(open, tier);
    }
    return json_pack("{s:o, s:o, s:o}", "reports_today", counted_json(cases->reports_today), "open", open, "overdue",
                     counted_json(cases->overdue));
}

static json_t *disk_json(const struct status_disk *disk) {
    json_t *schemas = json_object();
    json_t *object = json_pack("{s:I, s:o, s:I, s:I}", "database_bytes", (json_int_t)disk->bytes, "schemas_bytes",
                               schemas, "day_partitions", (json_int_t)disk->partitions, "logs_without_tomorrow",
                               (json_int_t)disk->without_tomorrow);

    for (size_t i = 0; i < disk->schema_count; i++)
        json_object_set_new(schemas, disk->schemas[i].name, json_integer(disk->schemas[i].bytes));
    if (disk->total_bytes > 0) {
        json_object_set_new(object, "free_bytes", json_integer(disk->free_bytes));
        json_object_set_new(object, "total_bytes", json_integer(disk->total_bytes));
    }
    return object;
}

static json_t *keys_json(const struct status *status) {
    json_t *array = json_array();

    for (size_t i = 0; i < status->key_count; i++)
        json_array_append_new(array, json_pack("{s:o, s:s, s:o}", "name", text_json(status->keys[i].name), "kind",
                                               status->keys[i].what, "ends_at", instant_json(status->keys[i].ends_at)));
    return array;
}

static json_t *advices_json(const struct advices *advices) {
    json_t *array = json_array();

    for (size_t i = 0; i < advices->count; i++)
        json_array_append_new(array, json_pack("{s:b, s:o, s:o}", "needs_a_person", advices->at[i].urgent, "what",
                                               text_json(advices->at[i].what), "help", text_json(advices->at[i].help)));
    return array;
}

void status_json(FILE *out, const struct status_page *page) {
    const struct status *status = page->status;
    json_t *object = json_pack(
        "{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "zhitong", ZHITONG_VERSION, "good",
        !advices_urgent(page->advices), "city", city_json(&status->city), "services", services_json(status), "members",
        members_json(status), "clocks", clocks_json(&status->clocks), "streams", streams_json(&status->streams),
        "endpoints", endpoints_json(&status->endpoints), "cases", cases_json(&status->cases), "disk",
        disk_json(&status->disk), "keys", keys_json(status), "advice", advices_json(page->advices));

    json_dumpf(object, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(object);
}
