/* Which endpoints are served here: those of streams whose shard is ours, as their rows say. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/journal.h"
#include "common/metrics.h"
#include "services/notification/courier_inner.h"
#include "services/notification/endpoint_series.h"

#define LOADS_MAX 200 /* endpoints read in one sweep; deliveries go on before the next */
#define NEWS_MAX 256

static struct served **number_bucket(struct courier *courier, int64_t endpoint) {
    return &courier->by_number[(uint64_t)endpoint % SERVED_BUCKETS];
}

static struct fed_stream **stream_place(struct courier *courier, const char *unit) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = unit; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    struct fed_stream **at = &courier->streams[hash % SERVED_BUCKETS];
    while (*at != NULL && strcmp((*at)->unit, unit) != 0)
        at = &(*at)->next;
    return at;
}

static void stream_join(struct courier *courier, struct served *served) {
    struct fed_stream **at = stream_place(courier, served->endpoint.unit);
    if (*at == NULL) {
        *at = calloc(1, sizeof **at);
        assert(*at != NULL);
        strcpy((*at)->unit, served->endpoint.unit);
        TAILQ_INIT(&(*at)->idle);
    }
    (*at)->endpoints++;
    served->stream = *at;
}

static void stream_leave(struct courier *courier, struct served *served) {
    struct fed_stream *stream = served->stream;
    if (--stream->endpoints > 0)
        return;
    struct fed_stream **at = stream_place(courier, stream->unit);
    *at = stream->next;
    free(stream);
}

static struct served *served_numbered(struct courier *courier, int64_t endpoint) {
    struct served *served = *number_bucket(courier, endpoint);
    while (served != NULL && served->endpoint.endpoint != endpoint)
        served = served->next_by_number;
    return served;
}

struct served *courier_next_served(struct courier *courier, size_t *bucket, const struct served *after) {
    if (after != NULL && after->next_by_number != NULL)
        return after->next_by_number;
    for (size_t i = after != NULL ? *bucket + 1 : *bucket; i < SERVED_BUCKETS; i++) {
        *bucket = i;
        if (courier->by_number[i] != NULL)
            return courier->by_number[i];
    }
    return NULL;
}

/* ---- leaving ------------------------------------------------------------------------------------------------------------ */

static bool is_quiet(const struct served *served) {
    return served->flying == 0 && served->unwritten == 0 && !served->moved && !served->count_again;
}

static void served_free(struct courier *courier, struct served *served) {
    pieces_free(courier, &served->window);
    pieces_free(courier, &served->rows);
    bytes_close(&served->sealed);
    free(served->filter);
    free(served->dealt);
    free(served);
}

void served_forget(struct courier *courier, struct served *served) {
    struct served **at = number_bucket(courier, served->endpoint.endpoint);
    while (*at != served)
        at = &(*at)->next_by_number;
    *at = served->next_by_number;
    served_unlist(courier, served);
    served->lost = true;
    courier->served_count--;
    TAILQ_INSERT_TAIL(&courier->lost, served, link);
}

void courier_settle(struct courier *courier) {
    size_t bucket = 0;
    for (struct served *served = courier_next_served(courier, &bucket, NULL), *next; served != NULL; served = next) {
        next = courier_next_served(courier, &bucket, served);
        if (!served->stale || !is_quiet(served))
            continue;
        served_forget(courier, served);
        courier->sweep_soon = true;
    }
    for (struct served *served = TAILQ_FIRST(&courier->lost), *next; served != NULL; served = next) {
        next = TAILQ_NEXT(served, link);
        if (!is_quiet(served))
            continue;
        TAILQ_REMOVE(&courier->lost, served, link);
        stream_leave(courier, served);
        served_free(courier, served);
    }
}

void courier_own(struct courier *courier, const int64_t epochs[SHARD_COUNT]) {
    size_t bucket = 0;
    for (struct served *served = courier_next_served(courier, &bucket, NULL), *next; served != NULL; served = next) {
        next = courier_next_served(courier, &bucket, served);
        if (courier->epochs[served->shard] != epochs[served->shard])
            served_forget(courier, served);
    }
    memcpy(courier->epochs, epochs, sizeof courier->epochs);
    courier->sweep_soon = true;
}

/* ---- coming ------------------------------------------------------------------------------------------------------------- */

static int minute_of(const PGresult *rows, int row, int column) {
    return db_null(rows, row, column) ? MINUTE_NONE : db_int4(rows, row, column);
}

#define COPY(to, rows, row, column) snprintf(to, sizeof(to), "%s", db_text(rows, row, column))

static void read_endpoint(struct endpoint *endpoint, const PGresult *rows, int row) {
    endpoint->endpoint = db_int8(rows, row, 0);
    COPY(endpoint->name, rows, row, 2);
    COPY(endpoint->unit, rows, row, 3);
    endpoint->carrier = carrier_named(db_text(rows, row, 4));
    endpoint->found_per_entry = db_null(rows, row, 5);
    COPY(endpoint->shown, rows, row, 6);
    COPY(endpoint->language, rows, row, 8);
    COPY(endpoint->events, rows, row, 9);
    endpoint->quiet_from = minute_of(rows, row, 10);
    endpoint->quiet_to = minute_of(rows, row, 11);
    endpoint->digest_at = minute_of(rows, row, 12);
    endpoint->per_hour = db_null(rows, row, 13) ? 0 : db_int4(rows, row, 13);
    endpoint->allow_private = db_bool(rows, row, 14);
    COPY(endpoint->login, rows, row, 15);
    COPY(endpoint->token, rows, row, 16);
}

/* A filter over codes that the city does not have any more lets through what matches them: nothing. */
static void read_filter(struct served *served, const char *text) {
    struct reason why;
    if (text[0] == '\0')
        return;
    served->filter = calloc(1, sizeof *served->filter);
    assert(served->filter != NULL);
    if (filter_parse(served->filter, text, NULL, &why) == 0)
        return;
    journal_say(JOURNAL_ERROR, "endpoint_unusable", "%s: filter: %s", served->endpoint.name, why.text);
    served->disabled = true;
}

static void read_dealt(struct served *served, const char *text) {
    for (char *end; *text != '\0'; text = end) {
        served->dealt = realloc(served->dealt, (served->dealt_count + 1) * sizeof *served->dealt);
        assert(served->dealt != NULL);
        served->dealt[served->dealt_count++] = strtoll(text, &end, 10);
    }
}

static struct served *served_of_row(const PGresult *rows, int row) {
    struct served *served = calloc(1, sizeof *served);
    assert(served != NULL);
    TAILQ_INIT(&served->window);
    TAILQ_INIT(&served->rows);
    read_endpoint(&served->endpoint, rows, row);
    served->changed = db_int8(rows, row, 1);
    if (!served->endpoint.found_per_entry) {
        size_t size;
        const uint8_t *sealed = db_bytea(rows, row, 5, &size);
        bytes_keep(&served->sealed, sealed, size);
    }
    served->cursor = served->read_to = (uint64_t)db_int8(rows, row, 17);
    served->health.failures = (uint32_t)db_int4(rows, row, 18);
    served->health.succeeded_at = db_time(rows, row, 19);
    served->disabled = db_bool(rows, row, 20);
    served->dead = db_int8(rows, row, 22);
    read_filter(served, db_text(rows, row, 7));
    read_dealt(served, db_text(rows, row, 23));
    return served;
}

static void take_loaded(struct courier *courier, const PGresult *rows, int row) {
    struct served *served = served_of_row(rows, row);
    if (served->endpoint.carrier == NULL) {
        journal_say(JOURNAL_ERROR, "endpoint_unusable", "%s: there is no carrier %s", served->endpoint.name,
                    db_text(rows, row, 4));
        served_free(courier, served);
        return;
    }
    struct served **by_number = number_bucket(courier, served->endpoint.endpoint);
    served->shard = loop_stream_shard(courier->loop, served->endpoint.unit);
    served->next_by_number = *by_number;
    *by_number = served;
    stream_join(courier, served);
    uint64_t head = (uint64_t)db_int8(rows, row, 21);
    if (head > served->stream->head)
        served->stream->head = head;
    courier->served_count++;
    served->pool = endpoint_pool(&served->health);
    served_recount(courier, served);
    served_list_add(courier, served);
}

static int load(struct courier *courier, struct column *numbers) {
    struct params params = {0};
    if (numbers->count == 0)
        return 0;
    params_column(&params, numbers);
    SCOPED_RESULT
    *healed = db_ask(courier->db, "courier_heal", &params);
    SCOPED_RESULT
    *rows = healed != NULL ? db_ask(courier->db, "courier_load", &params) : NULL;
    column_reset(numbers);
    for (int row = 0; rows != NULL && row < PQntuples(rows); row++)
        take_loaded(courier, rows, row);
    return rows != NULL ? 0 : -1;
}

/* Whether it must be read: it is ours and not here yet. One that changed is forgotten at once, or when nothing is under way. */
static bool must_load(struct courier *courier, int64_t endpoint, int64_t changed) {
    struct served *served = served_numbered(courier, endpoint);
    if (served == NULL)
        return courier->served_count < ENDPOINTS_MAX;
    if (served->changed == changed)
        return false;
    if (!is_quiet(served)) {
        served->stale = true;
        served_unlist(courier, served);
        return false;
    }
    served_forget(courier, served);
    return true;
}

/* Those whose row is gone. */
static void forget_removed(struct courier *courier, const PGresult *rows) {
    size_t bucket = 0;
    for (int row = 0; row < PQntuples(rows); row++) {
        struct served *served = served_numbered(courier, db_int8(rows, row, 0));
        if (served != NULL)
            served->seen = true;
    }
    for (struct served *served = courier_next_served(courier, &bucket, NULL), *next; served != NULL; served = next) {
        next = courier_next_served(courier, &bucket, served);
        if (!served->seen)
            served_forget(courier, served);
        else
            served->seen = false;
    }
}

int courier_sweep(struct courier *courier) {
    struct column numbers = {0};
    SCOPED_RESULT
    *rows = db_ask(courier->db, "courier_sweep", NULL);
    if (rows == NULL)
        return -1;
    PQclear(db_ask(courier->db, "courier_replan", NULL));
    forget_removed(courier, rows);
    for (int row = 0; row < PQntuples(rows) && numbers.count < LOADS_MAX; row++) {
        uint16_t shard = loop_stream_shard(courier->loop, db_text(rows, row, 2));
        if (courier->epochs[shard] == 0 || !must_load(courier, db_int8(rows, row, 0), db_int8(rows, row, 1)))
            continue;
        board_watch(courier->board, db_text(rows, row, 2)); /* before its head is read */
        column_int8(&numbers, db_int8(rows, row, 0));
    }
    if (numbers.count == LOADS_MAX)
        courier->sweep_soon = true;
    int status = load(courier, &numbers);
    column_close(&numbers);
    metric_set(METRIC_endpoints, (long long)courier->served_count);
    return status;
}

/* ---- news of streams -------------------------------------------------------------------------------------------------------- */

static void advance(struct courier *courier, const char *unit, uint64_t head) {
    struct fed_stream *stream = *stream_place(courier, unit);
    struct served *served;
    if (stream == NULL || head <= stream->head)
        return;
    stream->head = head;
    while ((served = TAILQ_FIRST(&stream->idle)) != NULL)
        served_list_add(courier, served);
}

void courier_news(struct courier *courier) {
    struct board_news news[NEWS_MAX];
    size_t count;
    while ((count = board_take(courier->board, news, NEWS_MAX)) > 0)
        for (size_t i = 0; i < count; i++)
            advance(courier, news[i].stream, news[i].seq);
}

/* Some news never come: a peer may die between its commit and telling us. */
int courier_heads(struct courier *courier) {
    struct column units = {0};
    struct params params = {0};
    for (size_t i = 0; i < SERVED_BUCKETS; i++)
        for (const struct fed_stream *stream = courier->streams[i]; stream != NULL; stream = stream->next)
            column_text(&units, stream->unit);
    if (units.count == 0)
        return 0;
    params_column(&params, &units);
    SCOPED_RESULT
    *heads = db_ask(courier->db, "courier_heads", &params);
    column_close(&units);
    for (int row = 0; heads != NULL && row < PQntuples(heads); row++)
        advance(courier, db_text(heads, row, 0), (uint64_t)db_int8(heads, row, 1));
    return heads != NULL ? 0 : -1;
}

void courier_tell_metrics(struct courier *courier) {
    size_t bucket = 0;
    long long waiting = 0, dead = 0;
    struct series_sheet *sheet = endpoint_series_open();
    for (const struct served *served = courier_next_served(courier, &bucket, NULL); served != NULL;
         served = courier_next_served(courier, &bucket, served)) {
        waiting += served->waiting;
        dead += served->dead;
        const struct endpoint_standing standing = {.lag = !served->disabled && served->stream->head > served->cursor
                                                              ? (int64_t)(served->stream->head - served->cursor)
                                                              : 0,
                                                   .waiting = served->waiting,
                                                   .dead = served->dead,
                                                   .retries = served->retries};
        endpoint_series_add(sheet, served->endpoint.name, &standing);
    }
    endpoint_series_show(sheet);
    metric_set(METRIC_deliveries_waiting, waiting);
    metric_set(METRIC_deliveries_dead, dead);
    metric_set(METRIC_deliveries_under_way, (long long)courier->flying);
    metric_set(METRIC_delivery_first_ms, courier->first_worst_ms);
    courier->first_worst_ms = 0;
}
