/* What comes of an attempt: rows, cursor, health, metrics. Nothing is written here; courier_write.c does that for many at once. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "services/notification/courier_inner.h"
#include "services/notification/text_shown.h"

static struct effect *outcome_add(struct courier *courier, struct served *served, const struct piece *piece) {
    if (courier->outcome_count == courier->outcome_room) {
        courier->outcome_room = courier->outcome_room != 0 ? courier->outcome_room * 2 : 256;
        courier->outcomes = realloc(courier->outcomes, courier->outcome_room * sizeof *courier->outcomes);
        assert(courier->outcomes != NULL);
    }
    struct effect *outcome = &courier->outcomes[courier->outcome_count++];
    memset(outcome, 0, offsetof(struct effect, told));
    outcome->told[0] = outcome->answer[0] = '\0';
    outcome->served = served;
    outcome->endpoint = served->endpoint.endpoint;
    outcome->seq = piece->seq;
    outcome->case_id = piece->case_id;
    outcome->version = piece->version;
    outcome->at = clock_real();
    served->unwritten++;
    return outcome;
}

static void outcome_row(struct courier *courier, struct effect *outcome, enum row_change change, const char *state) {
    outcome->change = change;
    outcome->state = state;
    outcome->served->unwritten_rows++;
    if (change == ROW_KEEP)
        outcome->served->waiting++;
    served_recount(courier, outcome->served);
}

/* Done with here: out of its list, or left for window_pop. */
static void piece_done(struct courier *courier, struct served *served, struct piece *piece) {
    piece->flying = false;
    if (piece->is_row) {
        served->rows_count--;
        piece_free(courier, &served->rows, piece);
        return;
    }
    piece->done = true;
}

void courier_put_off(struct courier *courier, struct served *served, struct piece *piece, int64_t next_at) {
    struct effect *outcome = outcome_add(courier, served, piece);
    outcome->next_at = next_at != 0 ? next_at : outcome->at;
    outcome->attempts = piece->attempts;
    outcome->since = piece->since;
    outcome_row(courier, outcome, ROW_KEEP, next_at != 0 ? "held" : "behind");
    if (piece->is_row)
        served->waiting--; /* it was counted before */
    piece_done(courier, served, piece);
}

void courier_put_behind(struct courier *courier, struct served *served, uint64_t case_id) {
    for (struct piece *piece = TAILQ_FIRST(&served->window), *next; piece != NULL; piece = next) {
        next = TAILQ_NEXT(piece, link);
        if (piece->case_id == case_id && !piece->flying && !piece->done)
            courier_put_off(courier, served, piece, 0);
    }
}

void courier_let_go(struct courier *courier, struct served *served, struct piece *piece, const char *why) {
    struct effect *outcome = outcome_add(courier, served, piece);
    outcome->attempts = piece->attempts + 1;
    outcome->name = "nobody";
    text_shown(outcome->answer, sizeof outcome->answer, why);
    if (piece->is_row) {
        outcome_row(courier, outcome, ROW_DROP, "");
        outcome->promote = piece->case_id != 0;
    }
    piece_done(courier, served, piece);
    window_pop(courier, served);
}

static void end_endpoint(struct courier *courier, struct served *served, const char *why) {
    if (courier->ending_count == courier->ending_room) {
        courier->ending_room = courier->ending_room != 0 ? courier->ending_room * 2 : 16;
        courier->endings = realloc(courier->endings, courier->ending_room * sizeof *courier->endings);
        assert(courier->endings != NULL);
    }
    struct ending *ending = &courier->endings[courier->ending_count++];
    ending->served = served;
    snprintf(ending->why, sizeof ending->why, "%s", why);
    served->disabled = true;
    served->unwritten++;
    window_shed(courier, served);
}

/* One line of printable UTF-8, cut at a character: it goes into a text column and to terminals. */
static void show_answer(char shown[ANSWER_SHOWN_BYTES_MAX + 1], const struct answer *answer) {
    const char *from = answer->body[0] != '\0' && answer->status != 0 ? answer->body : answer->trouble;
    text_shown(shown, ANSWER_SHOWN_BYTES_MAX + 1, from);
}

static const char *name_of(const struct delivery_after *after, const struct landing *landing) {
    if (landing->verdict->kind == VERDICT_DISABLE)
        return "disabled";
    const char *const names[] = {[DELIVERY_SENT] = "sent", [DELIVERY_RETRY] = "again", [DELIVERY_DEAD] = "dead"};
    return names[after->state];
}

static void count(const struct delivery_after *after) {
    const enum metric metrics[] = {[DELIVERY_SENT] = METRIC_deliveries_sent_total,
                                   [DELIVERY_RETRY] = METRIC_deliveries_again_total,
                                   [DELIVERY_DEAD] = METRIC_deliveries_dead_total};
    metric_add(metrics[after->state], 1);
}

static bool is_test(const struct piece *piece) {
    return piece->announced != NULL && strcmp(piece->announced->kind, "test") == 0;
}

/* With whatever else is held: of those who reported each is told by himself. */
static bool goes_together(const struct served *served, const struct piece *piece) {
    return piece->held && !served->endpoint.found_per_entry;
}

/* The row that the piece has from now on, if any. */
static void decide_row(struct courier *courier, struct effect *outcome, const struct piece *piece,
                       const struct delivery_after *after) {
    if (after->state == DELIVERY_SENT || is_test(piece)) {
        if (piece->is_row)
            outcome_row(courier, outcome, ROW_DROP, "");
        outcome->promote = piece->is_row && piece->case_id != 0;
        return;
    }
    outcome->next_at = after->next_at != 0 ? after->next_at : outcome->at;
    outcome_row(courier, outcome, ROW_KEEP,
                after->state == DELIVERY_DEAD           ? "dead"
                : goes_together(outcome->served, piece) ? "held"
                                                        : "retry");
    if (piece->is_row)
        outcome->served->waiting--;
    if (after->state == DELIVERY_DEAD) {
        outcome->promote = piece->case_id != 0;
        outcome->served->dead++;
    }
}

/* How long after its commit an entry was first tried, in real time. */
static void note_first(struct courier *courier, const struct piece *piece) {
    if (piece->announced != NULL || piece->moved_at == 0 || !clock_known())
        return;
    double late = (double)(clock_now() - piece->moved_at) / clock_speed();
    if (late > (double)courier->first_worst_ms)
        courier->first_worst_ms = (int64_t)late;
}

static struct delivery_facts facts_of(const struct courier *courier, const struct served *served,
                                      const struct piece *piece, const struct landing *landing) {
    return (struct delivery_facts){.verdict = landing->verdict,
                                   .now = clock_real(),
                                   .since = piece->since != 0 && piece->attempts > 0 ? piece->since : clock_real(),
                                   .succeeded_at = served->health.succeeded_at,
                                   .endpoint = served->endpoint.endpoint,
                                   .seq = (uint64_t)piece->seq,
                                   .attempts = piece->attempts + 1,
                                   .scale_percent = courier->scale_percent};
}

/* What went in one message is tried again in one, when its first entry is. */
static int64_t again_together(const struct courier *courier, const struct flight *flight,
                              const struct landing *landing) {
    const struct delivery_facts facts = facts_of(courier, flight->served, flight->pieces[0], landing);
    struct delivery_after after;
    delivery_decide(&facts, &after);
    return after.next_at;
}

static void land_piece(struct courier *courier, const struct flight *flight, struct piece *piece,
                       const struct landing *landing) {
    struct served *served = flight->served;
    const struct delivery_facts facts = facts_of(courier, served, piece, landing);
    struct delivery_after after;
    delivery_decide(&facts, &after);
    if (goes_together(served, piece) && after.state == DELIVERY_RETRY && landing->again_at != 0)
        after.next_at = landing->again_at;
    if (piece->attempts == 0)
        note_first(courier, piece);
    else
        served->retries++;
    struct effect *outcome = outcome_add(courier, served, piece);
    outcome->attempts = facts.attempts;
    outcome->since = facts.since;
    outcome->status = landing->answer->status;
    outcome->took_ms = landing->took_ms;
    outcome->name = name_of(&after, landing);
    memcpy(outcome->told, flight->told, sizeof outcome->told);
    show_answer(outcome->answer, landing->answer);
    decide_row(courier, outcome, piece, &after);
    count(&after);
    if (after.pause_ms > 0)
        served->pause_until = clock_monotonic_ms() + after.pause_ms;
    bool ends = after.disable && !is_test(piece) && !served->disabled && !served->endpoint.found_per_entry;
    bool behind = after.state == DELIVERY_RETRY && !piece->is_row;
    uint64_t case_id = piece->case_id;
    piece_done(courier, served, piece);
    if (behind)
        courier_put_behind(courier, served, case_id);
    if (ends)
        end_endpoint(courier, served,
                     landing->verdict->kind == VERDICT_DISABLE ? "it answered 410 Gone"
                                                               : "nothing was taken for as long as an entry is tried");
}

/* How the endpoint does. One whose every entry goes to somebody else is not judged by one of them. */
static void note_health(struct courier *courier, struct served *served, const struct landing *landing) {
    struct endpoint_health *health = &served->health;
    if (served->endpoint.found_per_entry) {
        if (landing->verdict->kind == VERDICT_SENT)
            health->succeeded_at = clock_real();
        return;
    }
    if (landing->verdict->kind == VERDICT_DEAD)
        return;
    health->average_ms = average_after(health->average_ms, landing->took_ms);
    served_moved(courier, served);
    if (landing->verdict->kind == VERDICT_SENT) {
        health->failures = 0;
        health->succeeded_at = clock_real();
        return;
    }
    health->failures++;
    int64_t until = clock_monotonic_ms() + circuit_pause_ms(health->failures, courier->scale_percent);
    if (until > served->pause_until)
        served->pause_until = until;
}

void courier_landed(struct courier *courier, struct flight *flight, const struct landing *landing) {
    struct served *served = flight->served;
    if (served->lost) { /* whoever serves it now tells it again */
        for (int i = 0; i < flight->count; i++)
            piece_done(courier, served, flight->pieces[i]);
        return;
    }
    if (landing->verdict->kind == VERDICT_SENT)
        note_health(courier, served, landing);
    struct landing together = *landing;
    together.again_at = again_together(courier, flight, landing);
    for (int i = 0; i < flight->count; i++)
        land_piece(courier, flight, flight->pieces[i], &together);
    if (landing->verdict->kind != VERDICT_SENT)
        note_health(courier, served, landing);
    window_pop(courier, served);
    served_list_add(courier, served);
}
