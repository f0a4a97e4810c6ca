#include "services/zhitong/case.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"
#include "common/message_json.h"
#include "common/traceparent.h"
#include "services/zhitong/options.h"

extern const struct db_query case_queries[];

/* What an entry says, in a few of its fields; "" for those that it lacks. */
static const char *const told[] = {"move", "state", "unit", "severity", "actor", "item", "channel", "source", "clock"};

static void print_entry(enum message type, const uint8_t *body, size_t size) {
    const struct message_spec *spec = message_spec(type);
    void *value = spec != NULL ? calloc(1, spec->size) : NULL;
    char trace[TRACEPARENT_SIZE + 1], id[TRACE_ID_SIZE + 1];
    struct reason why;

    if (value == NULL || message_decode(type, body, size, value, &why) != 0) {
        printf("entry of type %d, which this version cannot read", (int)type);
        free(value);
        return;
    }
    json_t *json = message_to_json(type, value);
    printf("%s", spec->name);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const char *text = json_string_value(json_object_get(json, told[i]));
        if (text != NULL && *text != '\0')
            printf(" %s=%s", told[i], text);
    }
    traceparent_copy(trace, json_string_value(json_object_get(json, "traceparent")));
    if (trace[0] != '\0') {
        trace_id(id, trace);
        printf(" trace=%s", id);
    }
    json_decref(json);
    free(value);
}

static void print_way(const PGresult *result) {
    int64_t before = PQntuples(result) > 0 ? db_time(result, 0, 0) : 0;

    for (int row = 0; row < PQntuples(result); row++) {
        char at[INSTANT_TEXT_MAX];
        size_t size;
        const int64_t instant = db_time(result, row, 0);
        instant_print(instant, at);
        printf("%s  %+8" PRId64 " ms  %-12s  ", at, instant - before, db_text(result, row, 1));
        before = instant;
        if (db_null(result, row, 3)) {
            printf("%s\n", db_text(result, row, 4));
            continue;
        }
        const uint8_t *body = db_bytea(result, row, 3, &size);
        print_entry((enum message)db_int2(result, row, 2), body, size);
        putchar('\n');
    }
}

static int show(struct db *db, int64_t case_id) {
    struct params params = {0};

    params_int8(&params, case_id);
    params_int2(&params, (int16_t)case_shard((uint64_t)case_id));
    SCOPED_RESULT
    *way = db_ask(db, "case_way", &params);
    if (way == NULL)
        return database_failed(db);
    if (PQntuples(way) == 0) {
        fprintf(stderr, "case: nothing is known of %" PRId64 "\n", case_id);
        return EXIT_REFUSED;
    }
    print_way(way);
    return EXIT_GOOD;
}

int case_command(int argc, char **argv) {
    static const struct number_range range = {"CASE", 1, INT64_MAX};
    const char *url = NULL;
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    struct words words = {.max = 1};
    long long case_id;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != 1)
        return wrong_use("case", "say which one: zhitong case 4711");
    if (number_read(words.at[0], &range, &case_id) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "mesh", case_queries);
    const int code = db != NULL ? show(db, case_id) : EXIT_REFUSED;
    db_close(&db);
    return code;
}
