#include "services/zhitong/audit_notices.h"

#include "common/filter.h"
#include "services/notification/carrier.h"
#include "services/notification/notice_words.h"

#define PAGE_ENTRIES 5000

struct audited_endpoint {
    struct db *db;
    const struct city *city;
    struct findings *findings;
    int64_t number, from, cursor; /* entries after `from` */
    const char *name, *unit, *events;
    const struct carrier *carrier;
    struct filter filter;
    bool filtered;
};

static bool is_wanted(const struct audited_endpoint *endpoint, const struct case_moved *moved, int64_t loaded_at) {
    if (endpoint->filtered && !filter_match(&endpoint->filter, endpoint->city, moved))
        return false;
    if (!endpoint->carrier->for_people)
        return true;
    /* The words may have been others before the city was loaded. */
    if (endpoint->city == NULL || moved->at <= loaded_at)
        return false;
    enum notice_event event = notice_of_stream(endpoint->unit, moved);
    return notice_is_listed(endpoint->events, event) && notice_has_words(endpoint->city, endpoint->unit, event);
}

/* Columns of audit_notices_page: seq, body, how often it was sent, whether it is settled, when the city was loaded. */
static void look_at(const struct audited_endpoint *endpoint, const PGresult *rows, int row) {
    struct case_moved moved;
    struct reason why;
    size_t size;
    const uint8_t *body = db_bytea(rows, row, 1, &size);
    long long seq = (long long)db_int8(rows, row, 0), sent = (long long)db_int8(rows, row, 2);
    if (sent > 1 && endpoint->carrier->for_people)
        findings_add(&endpoint->findings[NOTICES_ONCE], "endpoint %s, seq %lld: sent %lld times", endpoint->name, seq,
                     sent);
    if (db_bool(rows, row, 3) || message_decode(MESSAGE_case_moved, body, size, &moved, &why) != 0)
        return;
    if (is_wanted(endpoint, &moved, db_time(rows, row, 4)))
        findings_add(&endpoint->findings[NOTICES_TOLD],
                     "endpoint %s, seq %lld (case %llu, %s): not told, and nothing waits", endpoint->name, seq,
                     (unsigned long long)moved.case_id, moved.move);
}

static int audit_endpoint(struct audited_endpoint *endpoint) {
    for (int64_t after = endpoint->from; after < endpoint->cursor;) {
        struct params params = {0};
        params_int8(&params, endpoint->number);
        params_text(&params, endpoint->unit);
        params_int8(&params, after + 1);
        params_int4(&params, PAGE_ENTRIES);
        SCOPED_RESULT
        *rows = db_ask(endpoint->db, "audit_notices_page", &params);
        if (rows == NULL)
            return -1;
        if (PQntuples(rows) == 0)
            return 0;
        for (int row = 0; row < PQntuples(rows); row++)
            if (db_int8(rows, row, 0) <= endpoint->cursor)
                look_at(endpoint, rows, row);
        after = db_int8(rows, PQntuples(rows) - 1, 0);
    }
    return 0;
}

int audit_notices(struct db *db, const struct city *city, struct findings findings[NOTICES_COUNT]) {
    SCOPED_RESULT
    *rows = db_ask(db, "audit_notices_endpoints", NULL);
    if (rows == NULL)
        return -1;
    for (int row = 0; row < PQntuples(rows); row++) {
        struct reason why;
        struct audited_endpoint endpoint = {.db = db,
                                            .city = city,
                                            .findings = findings,
                                            .number = db_int8(rows, row, 0),
                                            .name = db_text(rows, row, 1),
                                            .unit = db_text(rows, row, 2),
                                            .carrier = carrier_named(db_text(rows, row, 3)),
                                            .events = db_text(rows, row, 5),
                                            .from = db_int8(rows, row, 6),
                                            .cursor = db_int8(rows, row, 7)};
        const char *filter = db_text(rows, row, 4);
        endpoint.filtered = filter[0] != '\0';
        if (endpoint.carrier == NULL || (endpoint.filtered && filter_parse(&endpoint.filter, filter, NULL, &why) != 0))
            continue;
        if (audit_endpoint(&endpoint) != 0)
            return -1;
    }
    return 0;
}
