#include "services/notification/courier.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/service_connect.h"
#include "services/notification/courier_inner.h"

#define EVENTS_MAX 256
#define SWEEP_MS 10000    /* all endpoints are looked at even when nobody said that one changed */
#define SWEEP_SOON_MS 100 /* at least between two looks */
#define HEADS_AGAIN_MS 5000
#define TEND_MS 3600000
#define KEYS_MS 1000
#define SCAN_MS 200
#define RECONNECT_MS 500
#define WAIT_MS_MAX 100

/* ---- what the loop tells ------------------------------------------------------------------------------------------------ */

struct returned { /* a reference that the loop gets back */
    struct call call;
    struct service_loop *loop;
    struct city_hold *city;
};

static void take_back(struct call *call) {
    struct returned *returned = (struct returned *)call;
    if (--returned->city->refs == 0) {
        city_close(&returned->city->city);
        free(returned->city);
    }
    free(returned);
}

static void give_back(struct courier *courier, struct city_hold *city) {
    if (city == NULL)
        return;
    struct returned *returned = calloc(1, sizeof *returned);
    assert(returned != NULL);
    *returned = (struct returned){{.letter.kind = LETTER_CALL, .back = take_back}, courier->loop, city};
    mailbox_put(courier->loop->in, &returned->call.letter);
}

static void take_letters(struct courier *courier) {
    struct letter *letter;
    while ((letter = mailbox_take(courier->in)) != NULL) {
        struct tidings *tidings = (struct tidings *)letter;
        if (letter->kind == LETTER_STOP) {
            courier->stopping = true;
            courier->stop_by = clock_monotonic_ms() + STOP_MS_MAX;
            free(letter);
            continue;
        }
        if (letter->kind == LETTER_CALL) {
            ((struct call *)letter)->back((struct call *)letter);
            continue;
        }
        courier_own(courier, tidings->epochs);
        if (tidings->city != NULL) {
            give_back(courier, courier->city);
            courier->city = tidings->city;
        }
        free(tidings);
    }
}

/* ---- the thread ------------------------------------------------------------------------------------------------------------- */

static bool passed(int64_t *at, int64_t every_ms) {
    int64_t now = clock_monotonic_ms();
    if (now < *at)
        return false;
    *at = now + every_ms;
    return true;
}

/* Whatever was known is read anew: the last writes before a crash of PostgreSQL may be lost (courier_start), rows of what waits among
 * them, so that what is in memory would pass over what was never told. */
static int connect_database(struct courier *courier) {
    struct reason why;
    if (service_connect(&courier->db, courier->loop->service, settings_text(courier->settings, "ZHITONG_DATABASE_URL"),
                        &why) != 0)
        return -1;
    courier_forget_all(courier);
    PQclear(db_ask(courier->db, "common_settle", NULL)); /* nothing is told that only this machine has */
    if (db_failure(courier->db) != DB_OK)
        return -1;
    PQclear(db_ask(courier->db, "courier_start", NULL));
    PQclear(db_ask(courier->db, "courier_listen", NULL));
    courier->sweep_soon = true;
    courier->heads_at = 0;
    return 0;
}

static void refresh_keys(struct courier *courier) {
    struct reason why;
    if (courier->keys == NULL || !passed(&courier->keys_at, KEYS_MS))
        return;
    bool bad = secret_keys_refresh(&courier->keys, &why) != 0;
    if (bad && !courier->keys_bad)
        journal_say(JOURNAL_WARNING, "keyring", "%s: %s", why.field, why.text);
    courier->keys_bad = bad;
}

static void tend(struct courier *courier) {
    struct params params = {0};
    params_int4(&params, (int32_t)settings_number(courier->settings, "ZHITONG_LOG_KEEP_DAYS"));
    SCOPED_RESULT
    *result = db_ask(courier->db, "courier_tend", &params);
    if (result == NULL)
        journal_say(JOURNAL_WARNING, "partitions_failed", "attempt: %s", db_reason(courier->db)->text);
    db_forget_failure(courier->db);
}

static int take_notices(struct courier *courier) {
    PGnotify *notice;
    if (PQconsumeInput(db_raw(courier->db)) != 1) {
        db_connection_lost(courier->db);
        return -1;
    }
    while ((notice = PQnotifies(db_raw(courier->db))) != NULL) {
        courier->sweep_soon = true;
        PQfreemem(notice);
    }
    return 0;
}

static int upkeep(struct courier *courier) {
    if (take_notices(courier) != 0)
        return -1;
    refresh_keys(courier);
    if (passed(&courier->tend_at, TEND_MS))
        tend(courier);
    if (courier->sweep_soon && courier->sweep_at - clock_monotonic_ms() < SWEEP_MS - SWEEP_SOON_MS)
        courier->sweep_at = 0;
    if (passed(&courier->sweep_at, SWEEP_MS)) {
        courier->sweep_soon = false;
        if (courier_sweep(courier) != 0)
            return -1;
    }
    if (passed(&courier->heads_at, HEADS_AGAIN_MS) && courier_heads(courier) != 0)
        return -1;
    if (passed(&courier->scan_at, SCAN_MS)) {
        courier_scan(courier);
        courier_settle(courier);
    }
    if (passed(&courier->tell_at, KEYS_MS))
        courier_tell_metrics(courier);
    return 0;
}

/* With the database. -1: it is lost. */
static int turn(struct courier *courier) {
    if (!courier->stopping) {
        if (upkeep(courier) != 0)
            return -1;
        courier_news(courier);
        if (courier->city != NULL && courier_work(courier) != 0)
            return -1;
    }
    bool many = courier->outcome_count >= OUTCOMES_MAX / 4;
    return many || courier->stopping || clock_monotonic_ms() >= courier->write_at ? courier_write(courier) : 0;
}

static void lose_database(struct courier *courier) {
    if (!courier->down)
        journal_say(JOURNAL_ERROR, "courier_database_lost", "%s; trying again every %d ms",
                    courier->db != NULL ? db_reason(courier->db)->text : "cannot connect", RECONNECT_MS);
    courier->down = true;
    db_close(&courier->db);
    courier->connect_at = clock_monotonic_ms() + RECONNECT_MS;
}

static void turn_database(struct courier *courier) {
    if (courier->db == NULL && clock_monotonic_ms() < courier->connect_at)
        return;
    if ((courier->db == NULL && connect_database(courier) != 0) || turn(courier) != 0)
        lose_database(courier);
    else
        courier->down = false;
}

static int wait_ms(const struct courier *courier) {
    int64_t now = clock_monotonic_ms(), until = now + WAIT_MS_MAX;
    if (courier->again)
        return 0;
    if (courier->curl_at >= 0 && courier->curl_at < until)
        until = courier->curl_at;
    bool writes = courier->outcome_count + courier->moved_count + courier->recount_count > 0;
    if (writes && courier->write_at < until)
        until = courier->write_at;
    return until > now ? (int)(until - now) : 0;
}

static void wait_for_something(struct courier *courier) {
    struct epoll_event events[EVENTS_MAX];
    int ready[EVENTS_MAX], curl = 0;
    int count = epoll_wait(courier->epoll, events, EVENTS_MAX, wait_ms(courier));
    courier->again = false;
    for (int i = 0; i < count; i++)
        if (events[i].data.fd != mailbox_fd(courier->in) && events[i].data.fd != board_fd(courier->board))
            ready[curl++] = events[i].data.fd;
    courier_curl_turn(courier, ready, curl);
}

void *courier_main(void *context) {
    struct courier *courier = context;
    for (;;) {
        wait_for_something(courier);
        take_letters(courier);
        turn_database(courier);
        if (courier->stopping && (courier->flying == 0 || clock_monotonic_ms() > courier->stop_by))
            break;
    }
    if (courier->db != NULL && courier_write(courier) != 0)
        journal_say(JOURNAL_WARNING, "deliveries_unwritten", "%s; they are told again", db_reason(courier->db)->text);
    db_close(&courier->db);
    give_back(courier, courier->city);
    courier->city = NULL;
    return NULL;
}
