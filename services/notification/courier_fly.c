/* Transfers under way: libcurl's multi interface over epoll. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "services/notification/courier_inner.h"

/* ---- libcurl's sockets and timer ------------------------------------------------------------------------------------------ */

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known) {
    struct courier *courier = context;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(courier->epoll, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(courier->multi, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(courier->epoll, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
        (void)epoll_ctl(courier->epoll, known != NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(courier->multi, fd, courier);
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *context) {
    struct courier *courier = context;
    (void)multi;
    courier->curl_at = ms < 0 ? -1 : clock_monotonic_ms() + ms;
    return 0;
}

int courier_curl_open(struct courier *courier, struct reason *why) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return refuse(why, "libcurl", "does not start");
    courier->multi = curl_multi_init();
    courier->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (courier->multi == NULL || courier->epoll < 0)
        return refuse(why, "libcurl", "does not start");
    for (int pool = 0; pool < POOL_COUNT; pool++)
        courier->flight_count += courier->slots[pool];
    courier->flights = calloc(courier->flight_count, sizeof *courier->flights);
    assert(courier->flights != NULL);
    for (size_t i = courier->flight_count; i-- > 0;) {
        courier->flights[i].courier = courier;
        courier->flights[i].next_free = courier->free_flights;
        courier->free_flights = &courier->flights[i];
    }
    courier->curl_at = -1;
    curl_multi_setopt(courier->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(courier->multi, CURLMOPT_SOCKETDATA, courier);
    curl_multi_setopt(courier->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(courier->multi, CURLMOPT_TIMERDATA, courier);
    curl_multi_setopt(courier->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(courier->multi, CURLMOPT_MAXCONNECTS, (long)courier->flight_count);
    return 0;
}

/* ---- one transfer ----------------------------------------------------------------------------------------------------------- */

static struct flight *flight_take(struct courier *courier, struct served *served) {
    struct flight *flight = courier->free_flights;
    assert(flight != NULL); /* there is one for each slot */
    courier->free_flights = flight->next_free;
    flight->served = served;
    flight->pool = served->pool;
    flight->count = 0;
    flight->body_sent = flight->header_bytes = flight->answer_size = 0;
    flight->cut = flight->headers_long = false;
    flight->closed = NULL;
    flight->traceparent[0] = '\0';
    memset(&flight->transfer, 0, sizeof flight->transfer);
    return flight;
}

static void flight_give(struct courier *courier, struct flight *flight) {
    transfer_close(&flight->transfer);
    curl_slist_free_all(flight->headers);
    curl_slist_free_all(flight->recipients);
    flight->headers = flight->recipients = NULL;
    memset(flight->transfer.password, 0, sizeof flight->transfer.password);
    flight->next_free = courier->free_flights;
    courier->free_flights = flight;
}

static void load_pieces(struct flight *flight, struct piece *piece) {
    bool bundles = piece->held && !flight->served->endpoint.found_per_entry; /* else each goes to somebody else */
    struct piece *other = bundles ? TAILQ_FIRST(&flight->served->rows) : NULL;
    flight->pieces[flight->count++] = piece;
    for (; other != NULL && flight->count < PEOPLE_BUNDLE_MAX; other = TAILQ_NEXT(other, link))
        if (other != piece && other->held && !other->flying)
            flight->pieces[flight->count++] = other;
    for (int i = 0; i < flight->count; i++)
        flight->pieces[i]->flying = true;
}

static void land(struct courier *courier, struct flight *flight, CURLcode code);

static void bring_mail(struct errand *errand) {
    struct flight *flight = (struct flight *)errand;
    flight->mailed = curl_easy_perform(flight->easy);
}

static void mail_brought(struct errand *errand) {
    struct flight *flight = (struct flight *)errand;
    land(flight->courier, flight, flight->mailed);
}

static void give_to_mailer(struct courier *courier, struct flight *flight) {
    struct errands *least = courier->mailers[0];
    for (int i = 1; i < MAILERS; i++)
        if (errands_waiting(courier->mailers[i]) < errands_waiting(least))
            least = courier->mailers[i];
    flight->errand.run = bring_mail;
    flight->errand.done = mail_brought;
    bool taken = errands_put(least, &flight->errand);
    assert(taken); /* each has room for all flights */
    (void)taken;
}

static void take_off(struct courier *courier, struct flight *flight) {
    struct served *served = flight->served;
    if (flight->easy == NULL)
        flight->easy = curl_easy_init();
    assert(flight->easy != NULL);
    flight_configure(flight);
    flight->began_at = clock_monotonic_ms();
    flight->under_way = true;
    served->flying++;
    courier->taken[flight->pool]++;
    courier->flying++;
    if (flight->transfer.kind == TRANSFER_MAIL) {
        give_to_mailer(courier, flight);
        return;
    }
    CURLMcode code = curl_multi_add_handle(courier->multi, flight->easy);
    assert(code == CURLM_OK);
    (void)code;
}

/* What can never be told: a dead letter, without a transfer. */
static void refuse_flight(struct courier *courier, struct flight *flight, const struct reason *why) {
    char trouble[REASON_FIELD_MAX + REASON_TEXT_MAX + 3];
    snprintf(trouble, sizeof trouble, "%s: %s", why->field, why->text);
    const struct answer answer = {.trouble = trouble, .body = "", .retry_after_ms = -1};
    const struct verdict verdict = {.kind = VERDICT_DEAD};
    courier_landed(courier, flight, &(struct landing){&verdict, &answer, 0, 0});
}

static int begin(struct courier *courier, struct flight *flight, struct saying *saying) {
    struct reason why;
    enum said said = say(courier, saying, &why);
    if (said == SAID_READY &&
        flight->carrier->prepare(&saying->parcel, &courier->carriers, &flight->transfer, &why) != 0)
        said = SAID_REFUSED;
    switch (said) {
    case SAID_READY:
        take_off(courier, flight);
        return 0;
    case SAID_REFUSED:
        refuse_flight(courier, flight, &why);
        break;
    case SAID_NOBODY:
        courier_let_go(courier, flight->served, flight->pieces[0], why.text);
        break;
    case SAID_LATER:
        for (int i = 0; i < flight->count; i++)
            flight->pieces[i]->flying = false;
        break;
    }
    flight_give(courier, flight);
    return said == SAID_LATER ? -1 : 0;
}

/* Quiet hours may have begun since this was read, held or tried. */
static bool is_put_off(struct courier *courier, struct served *served, struct piece *piece) {
    struct reason why;
    if (!served->endpoint.carrier->for_people || piece->body.size == 0 ||
        message_decode(MESSAGE_case_moved, piece->body.data, piece->body.size, &courier->moved, &why) != 0)
        return false;
    int64_t until = people_quiet_until(&served->endpoint, &courier->moved, courier->city->city, clock_real());
    if (until == 0)
        return false;
    courier_put_off(courier, served, piece, until);
    window_pop(courier, served);
    return true;
}

int courier_fly(struct courier *courier, struct served *served, struct piece *piece) {
    if (is_put_off(courier, served, piece))
        return 0;
    struct flight *flight = flight_take(courier, served);
    struct saying saying = {.flight = flight};
    load_pieces(flight, piece);
    int status = begin(courier, flight, &saying);
    say_close(&saying);
    return status;
}

/* Where its sender follows the case: this endpoint was told, or not yet. */
static void tell_traced(const struct flight *flight, const struct answer *answer, int64_t took_ms) {
    const struct journal_about about = {flight->pieces[0]->case_id, flight->traceparent};
    struct journal_line line = journal_open_about(JOURNAL_INFO, "traced", about);
    journal_field(&line, "message", "delivery");
    journal_field(&line, "endpoint", "%s", flight->served->endpoint.name);
    journal_number(&line, "status", answer->status);
    journal_number(&line, "took_ms", took_ms);
    journal_write(&line);
}

static void land(struct courier *courier, struct flight *flight, CURLcode code) {
    struct answer answer;
    struct verdict verdict;
    char trouble[REASON_TEXT_MAX + 1];
    for (size_t i = 0; i < flight->answer_size; i++)
        if (flight->answer[i] == '\0')
            flight->answer[i] = ' '; /* what comes behind it belongs to the answer too */
    flight->answer[flight->answer_size] = '\0';
    flight_answer(flight, code, &answer, trouble);
    flight->carrier->judge(&courier->carriers, &answer, &verdict);
    curl_multi_remove_handle(courier->multi, flight->easy);
    flight->under_way = false;
    flight->served->flying--;
    courier->taken[flight->pool]--;
    courier->flying--;
    const int64_t took_ms = clock_monotonic_ms() - flight->began_at;
    metric_observe_ms(METRIC_delivery_attempt_ms, (double)took_ms);
    if (flight->traceparent[0] != '\0' && trace_is_sampled(flight->traceparent))
        tell_traced(flight, &answer, took_ms);
    courier_landed(courier, flight, &(struct landing){&verdict, &answer, took_ms, 0});
    flight_give(courier, flight);
}

void courier_curl_turn(struct courier *courier, const int *ready, int count) {
    int running, left;
    CURLMsg *message;
    for (int i = 0; i < count; i++)
        curl_multi_socket_action(courier->multi, ready[i], 0, &running);
    if (courier->curl_at >= 0 && courier->curl_at <= clock_monotonic_ms()) {
        courier->curl_at = -1;
        curl_multi_socket_action(courier->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    while ((message = curl_multi_info_read(courier->multi, &left)) != NULL) {
        struct flight *flight = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&flight);
        land(courier, flight, code);
    }
}

void courier_curl_close(struct courier *courier) {
    for (size_t i = 0; i < courier->flight_count; i++) {
        struct flight *flight = &courier->flights[i];
        if (flight->easy == NULL)
            continue;
        curl_multi_remove_handle(courier->multi, flight->easy);
        curl_easy_cleanup(flight->easy);
        transfer_close(&flight->transfer);
        curl_slist_free_all(flight->headers);
        curl_slist_free_all(flight->recipients);
    }
    free(courier->flights);
    if (courier->multi != NULL)
        curl_multi_cleanup(courier->multi);
    if (courier->epoll >= 0)
        close(courier->epoll);
}
