#include "services/desk/http_live.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/loop.h"
#include "services/desk/visit.h"

#define SESSIONS_CHECK_MS 2000
#define SESSIONS_UNKNOWN_MS_MAX \
    30000 /* without a database: then all are ended, for who may see what is not known any more */

/* ---- GET /live ---------------------------------------------------------------------------------------------------------- */

static void listen_live(struct visit *visit) {
    const char *text = http_query(visit->request, "filter");
    struct filter filter = {.count = 0};
    struct reason why;
    if (text != NULL && filter_parse(&filter, text, desk_city(visit->desk), &why) != 0) {
        visit_refuse_why(visit, 400, &why);
        return;
    }
    const struct live_wish wish = {.person = &visit->person,
                                   .digest = visit->digest,
                                   .filter = &filter,
                                   .last_id = http_header(visit->request, "Last-Event-ID")};
    http_add_header(visit->request, "Cache-Control", "no-store");
    http_add_header(visit->request, "X-Accel-Buffering", "no"); /* nginx passes each event on as it comes */
    if (live_hub_add(visit->desk->live, visit->request, &wish, &why) != 0) {
        http_add_retry_after(visit->request, SESSIONS_CHECK_MS);
        visit_refuse_why(visit, 503, &why);
        return;
    }
    visit_end(visit);
}

void desk_get_live(struct http_request *request, void *context) {
    visit_begin(context, request, listen_live);
}

/* ---- sessions ------------------------------------------------------------------------------------------------------------- */

struct asked {
    size_t place;
    uint64_t mark;
};

struct live_watch {
    struct desk *desk;
    struct asked *asked; /* in the order of the digests that were asked about */
    size_t asked_count, room;
    bool under_way;
    int64_t ask_at, answered_at; /* monotonic ms */
};

static void took_answer(void *context, const struct ask *ask) {
    struct live_watch *watch = context;
    const PGresult *result = ask_result(ask, 0);
    watch->under_way = false;
    if (result == NULL || (size_t)PQntuples(result) != watch->asked_count)
        return;
    watch->answered_at = clock_monotonic_ms();
    for (size_t i = 0; i < watch->asked_count; i++) {
        struct person person = {.privacy = privacy_read(db_text(result, (int)i, 1))};
        bool holds = !db_null(result, (int)i, 0);
        snprintf(person.unit, sizeof person.unit, "%s", db_text(result, (int)i, 0));
        live_hub_believe(watch->desk->live, watch->asked[i].place, watch->asked[i].mark, holds ? &person : NULL);
    }
}

/* The digests as an array of PostgreSQL; the caller frees it. */
static char *digests_of(struct live_watch *watch) {
    char *text = malloc(watch->room * DIGEST_TEXT_SIZE + 3), *at = text;
    assert(text != NULL);
    *at++ = '{';
    watch->asked_count = 0;
    for (size_t place = 0; place < watch->room; place++) {
        struct asked asked = {.place = place};
        const char *digest = live_hub_session(watch->desk->live, place, &asked.mark);
        if (digest == NULL)
            continue;
        if (watch->asked_count > 0)
            *at++ = ',';
        watch->asked[watch->asked_count++] = asked;
        memcpy(at, digest, DIGEST_TEXT_SIZE - 1);
        at += DIGEST_TEXT_SIZE - 1;
    }
    memcpy(at, "}", 2);
    return text;
}

void live_watch_turn(struct live_watch *watch) {
    struct live_hub *hub = watch->desk->live;
    int64_t now = clock_monotonic_ms();
    if (live_hub_clients(hub) == 0) {
        watch->answered_at = now;
        return;
    }
    if (now - watch->answered_at > SESSIONS_UNKNOWN_MS_MAX) {
        journal_say(JOURNAL_WARNING, "live_ended", "the database does not tell whose sessions hold: all pages are cut");
        live_hub_end_all(hub);
        return;
    }
    if (watch->under_way || now < watch->ask_at)
        return;
    watch->ask_at = now + SESSIONS_CHECK_MS;
    char *digests = digests_of(watch);
    struct ask *ask = ask_make(took_answer, watch);
    ask_step(ask, "desk_live_sessions", (const char *[]){digests, watch->desk->idle_seconds}, 2);
    free(digests);
    watch->under_way = asks_put(watch->desk->asks, ASK_QUICK, ask);
}

struct live_watch *live_watch_open(struct desk *desk) {
    struct live_watch *watch = calloc(1, sizeof *watch);
    assert(watch != NULL);
    watch->desk = desk;
    watch->room = (size_t)settings_number(desk->loop->settings, "ZHITONG_LIVE_CLIENTS");
    watch->asked = calloc(watch->room, sizeof *watch->asked);
    assert(watch->asked != NULL);
    return watch;
}

void live_watch_close(struct live_watch **watch) {
    if (*watch == NULL)
        return;
    free((*watch)->asked);
    free(*watch);
    *watch = NULL;
}
