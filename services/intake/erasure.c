#include "services/intake/erasure.h"

#include <assert.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/metrics.h"

#define ROWS_A_TURN 500
#define ROWS_A_TURN_TEXT "500"

struct erasure {
    struct asks *asks;
    int64_t every_ms, next_ms; /* monotonic */
    bool under_way;
};

struct erasure *erasure_open(struct asks *asks, int64_t every_ms) {
    struct erasure *erasure = calloc(1, sizeof *erasure);
    assert(erasure != NULL);
    *erasure = (struct erasure){.asks = asks, .every_ms = every_ms, .next_ms = clock_monotonic_ms() + every_ms};
    return erasure;
}

void erasure_close(struct erasure **erasure) {
    free(*erasure);
    *erasure = NULL;
}

/* A full turn is followed by another one at once; a failed one by the next in its time. */
static void erased(void *context, const struct ask *ask) {
    struct erasure *erasure = context;
    const PGresult *result = ask_result(ask, 0);
    int32_t rows = result != NULL && PQntuples(result) > 0 ? db_int4(result, 0, 0) : 0;
    erasure->under_way = false;
    if (rows > 0)
        metric_add(METRIC_reporters_erased_total, rows);
    if (rows == ROWS_A_TURN)
        erasure->next_ms = clock_monotonic_ms();
}

void erasure_turn(struct erasure *erasure) {
    int64_t now = clock_monotonic_ms();
    if (erasure->under_way || now < erasure->next_ms)
        return;
    erasure->next_ms = now + erasure->every_ms;
    struct ask *ask = ask_make(erased, erasure);
    ask_step(ask, "intake_erase", (const char *[]){ROWS_A_TURN_TEXT}, 1);
    erasure->under_way = asks_put(erasure->asks, ASK_WRITE, ask);
}

int erasure_wait_ms(const struct erasure *erasure) {
    int64_t wait = erasure->next_ms - clock_monotonic_ms();
    return erasure->under_way ? -1 : wait > 0 ? (int)wait : 0;
}
