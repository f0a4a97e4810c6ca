/* Who gets a slot. Endpoints with something to do stand in the line of their pool; whoever is served goes to its end. */
#include "common/clock.h"
#include "services/notification/courier_inner.h"

void served_list_add(struct courier *courier, struct served *served) {
    if (served->place == IN_POOL || served->stale || served->lost)
        return;
    served_unlist(courier, served);
    served->place = IN_POOL;
    TAILQ_INSERT_TAIL(&courier->pools[served->pool], served, link);
}

void served_unlist(struct courier *courier, struct served *served) {
    if (served->place == IN_POOL)
        TAILQ_REMOVE(&courier->pools[served->pool], served, link);
    if (served->place == IDLE)
        TAILQ_REMOVE(&served->stream->idle, served, link);
    served->place = NOWHERE;
}

void served_rest(struct courier *courier, struct served *served) {
    served_unlist(courier, served);
    if (served->disabled || served->read_to < served->stream->head)
        return;
    served->place = IDLE;
    TAILQ_INSERT_TAIL(&served->stream->idle, served, link);
}

/* Not while a row is still to be written: the table would tell what is not true any more. */
static bool rows_due(const struct served *served, int64_t now) {
    return served->due_at != 0 && served->due_at <= now && served->unwritten_rows == 0;
}

static bool stream_goes_on(const struct served *served, int64_t now) {
    return !served->disabled && served->stream->head > served->read_to && served->read_at <= now &&
           served->waiting < ROWS_PER_ENDPOINT_MAX &&
           served->unwritten_rows == 0; /* which cases wait is looked up in the table */
}

static void look_at_oldest(struct courier *courier, int64_t now) {
    size_t bucket = 0;
    for (struct served *served = courier_next_served(courier, &bucket, NULL); served != NULL;
         served = courier_next_served(courier, &bucket, served))
        served->health.oldest_ms = 0;
    for (size_t i = 0; i < courier->flight_count; i++) {
        const struct flight *flight = &courier->flights[i];
        if (flight->under_way && now - flight->began_at > flight->served->health.oldest_ms)
            flight->served->health.oldest_ms = now - flight->began_at;
    }
}

/* Those whose pause is over, or whose row has become due; news and ended transfers list the others. */
void courier_scan(struct courier *courier) {
    int64_t now = clock_monotonic_ms(), real = clock_real();
    size_t bucket = 0;
    look_at_oldest(courier, now);
    for (struct served *served = courier_next_served(courier, &bucket, NULL); served != NULL;
         served = courier_next_served(courier, &bucket, served)) {
        if (served->place == IN_POOL || served->pause_until > now)
            continue;
        if (rows_due(served, real) || stream_goes_on(served, now) || served->window_count + served->rows_count > 0)
            served_list_add(courier, served);
    }
}

/* In the line of the pool that it belongs to by now? */
static bool is_in_its_pool(struct courier *courier, struct served *served) {
    enum delivery_pool pool = endpoint_pool(&served->health);
    if (pool == served->pool)
        return true;
    served_unlist(courier, served);
    if (pool == POOL_SLOW)
        window_shed(courier, served);
    served->pool = pool;
    served_list_add(courier, served);
    return false;
}

struct reads {
    struct wanted rows, streams;
    size_t others; /* of endpoints that are not known to work */
    bool full;     /* the pool at hand goes on in the next turn */
};

static bool want(struct courier *courier, struct reads *reads, struct wanted *wanted, struct served *served) {
    bool is_other = served->pool != POOL_PROVEN;
    if (wanted->count == READ_ENDPOINTS_MAX || (is_other && reads->others == READ_OTHERS_MAX)) {
        reads->full = true;
        return false;
    }
    reads->others += is_other;
    served_unlist(courier, served); /* listed again when it has been read */
    wanted->served[wanted->count++] = served;
    return true;
}

/* One step of one endpoint. */
static void visit(struct courier *courier, struct served *served, struct reads *reads) {
    uint32_t window = endpoint_window(&served->health, courier->per_endpoint);
    if (served->pause_until > clock_monotonic_ms() || served->flying >= window) {
        served_rest(courier, served);
        return;
    }
    if (rows_due(served, clock_real()) && served->rows_count <= served->flying) {
        (void)want(courier, reads, &reads->rows, served);
        return;
    }
    uint32_t low = served->pool == POOL_PROVEN ? WINDOW_ENTRIES_MAX / 2 : 0;
    bool reads_on = stream_goes_on(served, clock_monotonic_ms()) && served->window_count <= low;
    if (reads_on && (want(courier, reads, &reads->streams, served) || reads->full))
        return;
    struct piece *piece = piece_next(served);
    if (piece == NULL || courier_fly(courier, served, piece) != 0)
        served_rest(courier, served);
}

static void work_pool(struct courier *courier, enum delivery_pool pool, struct reads *reads) {
    struct served_list *line = &courier->pools[pool];
    struct served *served;
    reads->full = false;
    for (int visits = 0; visits < VISITS_MAX && (served = TAILQ_FIRST(line)) != NULL; visits++) {
        if (courier->taken[pool] >= courier->slots[pool] || courier->outcome_count >= OUTCOMES_MAX)
            return;
        if (!is_in_its_pool(courier, served))
            continue;
        TAILQ_REMOVE(line, served, link);
        TAILQ_INSERT_TAIL(line, served, link);
        visit(courier, served, reads);
        if (reads->full)
            break;
        courier->again |= visits + 1 == VISITS_MAX;
    }
}

static void list_all(struct courier *courier, const struct wanted *wanted) {
    for (size_t i = 0; i < wanted->count; i++)
        served_list_add(courier, wanted->served[i]);
    courier->again |= wanted->count > 0;
}

int courier_work(struct courier *courier) {
    struct reads reads = {0};
    for (enum delivery_pool pool = 0; pool < POOL_COUNT; pool++)
        work_pool(courier, pool, &reads);
    int status = reads.rows.count > 0 ? courier_read_rows(courier, &reads.rows) : 0;
    if (status == 0 && reads.streams.count > 0)
        status = courier_read_streams(courier, &reads.streams);
    list_all(courier, &reads.rows);
    list_all(courier, &reads.streams);
    return status;
}
