#include "services/zhitong/deliveries.h"

#include <stdio.h>
#include <string.h>

#include "common/city.h"
#include "common/filter.h"
#include "common/ids.h"
#include "common/queries.h"
#include "services/notification/carrier.h"
#include "services/notification/delivery_plan.h"
#include "services/notification/endpoint.h"
#include "services/notification/notice.h"
#include "services/zhitong/options.h"

#define ROWS_SHOWN_MAX "1000"
#define ENTRIES_READ_MAX 1000

extern const struct db_query deliveries_queries[];

static int no_such(const char *name) {
    fprintf(stderr, "ENDPOINT: there is no endpoint %s; zhitong endpoints list shows them\n", name);
    return EXIT_REFUSED;
}

static const char *instant_of(const PGresult *rows, int row, int column, char text[INSTANT_TEXT_MAX]) {
    if (PQgetisnull(rows, row, column))
        return "-";
    instant_print(db_time(rows, row, column), text);
    return text;
}

/* ---- list --------------------------------------------------------------------------------------------------------------- */

struct list_asked {
    const char *endpoint, *case_id;
    bool dead;
};

static int list_waiting(struct db *db, const struct list_asked *asked) {
    struct params params = {0};
    char at[INSTANT_TEXT_MAX];
    params_text(&params, asked->endpoint);
    params_text(&params, asked->dead ? "dead" : NULL);
    params_text(&params, asked->case_id);
    params_text(&params, ROWS_SHOWN_MAX);
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_list", &params);
    if (rows == NULL)
        return database_failed(db);
    printf("%-24s %10s %14s %-7s %8s %-24s %s\n", "endpoint", "seq", "case", "state", "attempts", "next", "why");
    for (int row = 0; row < PQntuples(rows); row++)
        printf("%-24s %10lld %14lld %-7s %8d %-24s %s\n", db_text(rows, row, 0), (long long)db_int8(rows, row, 1),
               (long long)db_int8(rows, row, 2), db_text(rows, row, 3), (int)db_int2(rows, row, 4),
               instant_of(rows, row, 5, at), db_text(rows, row, 6));
    return EXIT_GOOD;
}

static int list_attempts(struct db *db, const struct list_asked *asked) {
    struct params params = {0};
    char at[INSTANT_TEXT_MAX];
    params_text(&params, asked->case_id);
    params_text(&params, asked->endpoint);
    params_text(&params, ROWS_SHOWN_MAX);
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_attempts_of_case", &params);
    if (rows == NULL)
        return database_failed(db);
    printf("\n%-24s %10s %-24s %7s %-8s %6s %8s  %s: %s\n", "endpoint", "seq", "at", "attempt", "outcome", "status",
           "ms", "told", "answer");
    for (int row = 0; row < PQntuples(rows); row++)
        printf("%-24s %10lld %-24s %7d %-8s %6d %8d  %s: %s\n", db_text(rows, row, 0), (long long)db_int8(rows, row, 1),
               instant_of(rows, row, 2, at), (int)db_int2(rows, row, 3), db_text(rows, row, 4),
               (int)db_int4(rows, row, 5), (int)db_int4(rows, row, 6), db_text(rows, row, 7), db_text(rows, row, 8));
    return EXIT_GOOD;
}

int deliveries_list_command(int argc, char **argv) {
    struct list_asked asked = {0};
    const char *url = NULL;
    const struct option_row rows[] = {{"--endpoint", &asked.endpoint, NULL},
                                      {"--case", &asked.case_id, NULL},
                                      {"--dead", NULL, &asked.dead},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (asked.case_id != NULL && !is_id(asked.case_id))
        return wrong_use(argv[0], "--case is the number of a case");
    struct db *db = database_open(url, "notification", deliveries_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = list_waiting(db, &asked);
    if (status == EXIT_GOOD && asked.case_id != NULL && !asked.dead)
        status = list_attempts(db, &asked);
    db_close(&db);
    return status;
}

/* ---- show ---------------------------------------------------------------------------------------------------------------- */

static bool is_seq(const char *text) { /* announcements have negative ones */
    return is_id(text[0] == '-' ? text + 1 : text);
}

static int show_state(struct db *db, const struct params *params, const char *name) {
    char at[INSTANT_TEXT_MAX];
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_state", params);
    if (rows == NULL)
        return database_failed(db);
    if (PQntuples(rows) == 0)
        return no_such(name);
    const char *state = db_text(rows, 0, 0);
    if (state[0] == '\0')
        printf("nothing waits; the endpoint has dealt with entries up to %lld\n", (long long)db_int8(rows, 0, 3));
    else
        printf("%s after %d attempts, next %s: %s\n", state, (int)db_int4(rows, 0, 2), instant_of(rows, 0, 1, at),
               db_text(rows, 0, 4));
    return EXIT_GOOD;
}

static int show(struct db *db, const char *name, const char *seq) {
    struct params params = {0};
    char at[INSTANT_TEXT_MAX];
    params_text(&params, name);
    params_text(&params, seq);
    int status = show_state(db, &params, name);
    if (status != EXIT_GOOD)
        return status;
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_show", &params);
    if (rows == NULL)
        return database_failed(db);
    for (int row = 0; row < PQntuples(rows); row++)
        printf("%s attempt %d: %s, status %d after %d ms, case %lld version %d, to %s: %s\n",
               instant_of(rows, row, 0, at), (int)db_int2(rows, row, 1), db_text(rows, row, 2),
               (int)db_int4(rows, row, 3), (int)db_int4(rows, row, 4), (long long)db_int8(rows, row, 7),
               (int)db_int4(rows, row, 8), db_text(rows, row, 5), db_text(rows, row, 6));
    return EXIT_GOOD;
}

int deliveries_show_command(int argc, char **argv) {
    const char *url = NULL;
    struct words words = {.max = 2};
    if (options_read(argc, argv, NULL, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 2 || !is_seq(words.at[1]))
        return wrong_use(argv[0], "ENDPOINT and SEQ are needed");
    struct db *db = database_open(url, "notification", deliveries_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = show(db, words.at[0], words.at[1]);
    db_close(&db);
    return status;
}

/* ---- retry and replay -------------------------------------------------------------------------------------------------------- */

static int retry(struct db *db, const char *name, const char *seq) {
    struct params params = {0};
    params_text(&params, name);
    params_text(&params, seq);
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_retry", &params);
    if (rows == NULL)
        return database_failed(db);
    if (PQntuples(rows) == 0) {
        fprintf(stderr, "%s: there is no endpoint of that name with %s\n", name,
                seq != NULL ? "such a delivery that waits or is dead" : "dead letters");
        return EXIT_REFUSED;
    }
    printf("%s: %lld tried again\n", name, (long long)db_int8(rows, 0, 0));
    return EXIT_GOOD;
}

int deliveries_retry_command(int argc, char **argv) {
    const char *url = NULL;
    bool dead = false;
    const struct option_row rows[] = {{"--dead", NULL, &dead}, {NULL, NULL, NULL}};
    struct words words = {.max = 2};
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 1 || (words.count == 2) == dead || (words.count == 2 && !is_seq(words.at[1])))
        return wrong_use(argv[0], "ENDPOINT and SEQ, or ENDPOINT and --dead, are needed");
    struct db *db = database_open(url, "notification", deliveries_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    int status = retry(db, words.at[0], dead ? NULL : words.at[1]);
    db_close(&db);
    return status;
}

struct range {
    const char *name, *from, *to;
    char unit[CODE_MAX + 1];
    int64_t first, last;
    struct filter filter;
    bool for_people;
    char events[ENDPOINT_EVENTS_MAX + 1]; /* of people: what they want to hear of */
    struct city *city;
    struct column seqs, cases;
};

static int read_range(struct db *db, struct range *range, struct reason *why) {
    struct params params = {0};
    params_text(&params, range->name);
    params_text(&params, range->from);
    params_text(&params, range->to);
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_range", &params);
    if (rows == NULL)
        return refuse(why, "--from or --to", "is no seq and no instant: %s", db_reason(db)->text);
    if (PQntuples(rows) == 0)
        return refuse(why, "endpoint", "there is no endpoint %s", range->name);
    int64_t cursor = db_int8(rows, 0, 1);
    snprintf(range->unit, sizeof range->unit, "%s", db_text(rows, 0, 0));
    range->first = db_int8(rows, 0, 2) > 0 ? db_int8(rows, 0, 2) : 1;
    range->last = db_int8(rows, 0, 3) < cursor ? db_int8(rows, 0, 3)
                                               : cursor; /* what comes after is still to be told */
    if (range->last - range->first >= ROWS_PER_ENDPOINT_MAX)
        return refuse(why, "--to", "is too far: at most %d entries at a time", ROWS_PER_ENDPOINT_MAX);
    return 0;
}

static int read_filter(struct db *db, struct range *range, struct reason *why) {
    struct params params = {0};
    params_text(&params, range->name);
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_filter", &params);
    if (rows == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    const struct carrier *carrier = carrier_named(db_text(rows, 0, 1));
    range->for_people = carrier != NULL && carrier->for_people;
    snprintf(range->events, sizeof range->events, "%s", db_text(rows, 0, 2));
    if (city_read(&range->city, db, why) != 0)
        return -1;
    return filter_parse(&range->filter, db_text(rows, 0, 0), NULL, why);
}

static void take_entry(struct range *range, const PGresult *rows, int row) {
    static struct case_moved moved;
    struct reason why;
    size_t size;
    const uint8_t *body = db_bytea(rows, row, 1, &size);
    if (message_decode(MESSAGE_case_moved, body, size, &moved, &why) != 0 ||
        !filter_match(&range->filter, range->city, &moved))
        return;
    if (range->for_people && !notice_is_listed(range->events, notice_of_stream(range->unit, &moved)))
        return;
    column_int8(&range->seqs, db_int8(rows, row, 0));
    column_int8(&range->cases, (int64_t)moved.case_id);
}

static int read_entries(struct db *db, struct range *range, struct reason *why) {
    for (int64_t from = range->first; from <= range->last;) {
        struct params params = {0};
        params_text(&params, range->unit);
        params_int8(&params, from);
        params_int4(&params, ENTRIES_READ_MAX);
        SCOPED_RESULT
        *rows = db_ask(db, "delivery_entries", &params);
        if (rows == NULL) {
            *why = *db_reason(db);
            return -1;
        }
        int count = PQntuples(rows);
        for (int row = 0; row < count && db_int8(rows, row, 0) <= range->last; row++)
            take_entry(range, rows, row);
        if (count == 0)
            return 0;
        from = db_int8(rows, count - 1, 0) + 1;
    }
    return 0;
}

static int replay(struct db *db, struct range *range, struct reason *why) {
    struct params params = {0};
    if (read_range(db, range, why) != 0 || read_filter(db, range, why) != 0 || read_entries(db, range, why) != 0)
        return -1;
    if (range->seqs.count == 0)
        return refuse(why, "--from", "nothing that was told lies between these two");
    params_text(&params, range->name);
    params_column(&params, &range->seqs);
    params_column(&params, &range->cases);
    SCOPED_RESULT
    *rows = db_ask(db, "delivery_replay", &params);
    if (rows == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    printf("%s: %lld entries of %lld to %lld are told again, with the same ids\n", range->name,
           (long long)db_int8(rows, 0, 0), (long long)range->first, (long long)range->last);
    return 0;
}

int deliveries_replay_command(int argc, char **argv) {
    static struct range range;
    const char *url = NULL;
    const struct option_row rows[] = {{"--from", &range.from, NULL}, {"--to", &range.to, NULL}, {NULL, NULL, NULL}};
    const struct db_query *const tables[] = {deliveries_queries, city_queries, NULL};
    struct words words = {.max = 1};
    struct db *db = NULL;
    struct reason why;
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 1 || range.from == NULL || range.to == NULL)
        return wrong_use(argv[0], "ENDPOINT, --from and --to are needed");
    range.name = words.at[0];
    int status = db_open(&db, url, "notification", tables, &why);
    if (status == 0)
        status = replay(db, &range, &why);
    column_close(&range.seqs);
    column_close(&range.cases);
    city_close(&range.city);
    db_close(&db);
    if (status != 0)
        fprintf(stderr, "%s: %s\n", why.field, why.text);
    return status == 0 ? EXIT_GOOD : EXIT_REFUSED;
}
