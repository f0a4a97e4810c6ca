#include "services/zhitong/classify_reports.h"

#include <stdio.h>

#include "common/db.h"
#include "proto/codec.h"

#define PAGE_ROWS 1000
#define SHARDS 128
#define TEXT_ROOM (sizeof((struct report_received *)0)->title + sizeof((struct report_received *)0)->description)

extern const struct db_query classify_queries[];

static int add_report(struct examples *examples, const PGresult *page, int row, struct reason *why) {
    static struct report_received report;
    char text[TEXT_ROOM];
    size_t size;
    const uint8_t *body = db_bytea(page, row, 1, &size);

    if (message_decode(MESSAGE_report_received, body, size, &report, why) != 0)
        return -1;
    snprintf(text, sizeof text, "%s\n%s", report.title, report.description);
    return examples_add(examples, db_text(page, row, 2), text, why);
}

/* The next page of a shard: how many rows it had, -1 when refused. `after` moves on. */
static int add_page(struct examples *examples, struct db *db, struct params params, int64_t *after,
                    struct reason *why) {
    params_int4(&params, PAGE_ROWS);
    SCOPED_RESULT
    *page = db_ask(db, "classify_page", &params);

    if (page == NULL)
        return refuse(why, "database", "%s", db_reason(db)->text);
    for (int row = 0; row < PQntuples(page); row++) {
        *after = db_int8(page, row, 0);
        if (add_report(examples, page, row, why) != 0)
            return -1;
    }
    return PQntuples(page);
}

static int add_shard(struct examples *examples, struct db *db, int16_t shard, int64_t until, struct reason *why) {
    int64_t after = 0;
    int rows = PAGE_ROWS;

    while (rows == PAGE_ROWS) {
        struct params params = {0};
        params_int2(&params, shard);
        params_int8(&params, after);
        params_time(&params, until);
        rows = add_page(examples, db, params, &after, why);
    }
    return rows < 0 ? -1 : 0;
}

static int read_until(struct db *db, const char *text, int64_t *until, struct reason *why) {
    struct params params = {0};

    params_text(&params, text);
    SCOPED_RESULT
    *result = db_ask(db, "classify_until", &params);
    if (result == NULL)
        return refuse(why, text != NULL ? "--until" : "database", "%s", db_reason(db)->text);
    *until = db_time(result, 0, 0);
    return 0;
}

int classify_reports(struct examples *examples, const struct report_source *source, struct reason *why) {
    const struct db_query *const tables[] = {classify_queries, NULL};
    struct db *db;
    int64_t until;

    if (db_open(&db, source->url, NULL, tables, why) != 0)
        return -1;
    int status = read_until(db, source->until, &until, why);
    for (int16_t shard = 0; status == 0 && shard < SHARDS; shard++) {
        status = add_shard(examples, db, shard, until, why);
        if (!source->quiet && shard % 16 == 15)
            fprintf(stderr, "%3d of %d shards, %zu texts\n", shard + 1, SHARDS, examples->count);
    }
    db_close(&db);
    return status;
}
