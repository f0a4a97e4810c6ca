#include "services/notification/delivery_plan.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define PROBE_PAUSE_MS 5000
#define AVERAGE_SHARE 8 /* the newest attempt counts an eighth */
#define SLOW_WINDOW 2
#define NEW_WINDOW 4

/* After the first attempt, after the second … */
static const int64_t schedule_ms[ATTEMPTS_MAX - 1] = {5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR,
                                                      10 * HOUR,  14 * HOUR,  20 * HOUR,   24 * HOUR};

static int64_t scaled(int64_t ms, int percent) {
    return ms * percent / 100;
}

/* splitmix64's last step: near numbers become far ones. */
static uint64_t mixed(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static int64_t asked_for(const struct verdict *verdict) {
    return verdict->wait_ms < RETRY_AFTER_MS_MAX ? verdict->wait_ms : RETRY_AFTER_MS_MAX;
}

int64_t delivery_wait_ms(const struct delivery_facts *facts) {
    if (facts->attempts >= ATTEMPTS_MAX)
        return -1;
    int64_t wait = scaled(schedule_ms[facts->attempts - 1], facts->scale_percent);
    uint64_t drawn = mixed(mixed((uint64_t)facts->endpoint) + facts->seq * ATTEMPTS_MAX + (uint64_t)facts->attempts);
    wait += (int64_t)(drawn % 1000) * wait * JITTER_PERCENT_MAX / 100000;
    int64_t asked = asked_for(facts->verdict);
    return asked > wait ? asked : wait;
}

static void again(const struct delivery_facts *facts, struct delivery_after *after) {
    int64_t wait = delivery_wait_ms(facts);
    after->pause_ms = asked_for(facts->verdict);
    if (wait < 0) {
        after->state = DELIVERY_DEAD;
        after->disable = facts->succeeded_at < facts->since;
        return;
    }
    after->state = DELIVERY_RETRY;
    after->next_at = facts->now + wait;
}

void delivery_decide(const struct delivery_facts *facts, struct delivery_after *after) {
    *after = (struct delivery_after){.state = DELIVERY_SENT};
    switch (facts->verdict->kind) {
    case VERDICT_SENT:
        return;
    case VERDICT_AGAIN:
        again(facts, after);
        return;
    case VERDICT_DEAD:
        after->state = DELIVERY_DEAD;
        return;
    case VERDICT_DISABLE:
        after->state = DELIVERY_RETRY;
        after->next_at = facts->now;
        after->disable = true;
        return;
    }
}

enum delivery_pool endpoint_pool(const struct endpoint_health *health) {
    if (health->failures >= CIRCUIT_FAILURES || health->average_ms > SLOW_MS || health->oldest_ms > SLOW_MS)
        return POOL_SLOW;
    if (health->succeeded_at != 0)
        return POOL_PROVEN;
    return health->failures > 0 ? POOL_SLOW : POOL_NEW;
}

uint32_t endpoint_window(const struct endpoint_health *health, uint32_t most) {
    uint32_t window = most;
    if (health->failures >= CIRCUIT_FAILURES)
        return 1;
    if (health->average_ms > SLOW_MS || health->oldest_ms > SLOW_MS)
        window = SLOW_WINDOW;
    else if (health->succeeded_at == 0)
        window = health->failures > 0 ? 1 : NEW_WINDOW;
    return window < most ? window : most;
}

int64_t circuit_pause_ms(uint32_t failures, int scale_percent) {
    if (failures < CIRCUIT_FAILURES)
        return 0;
    int64_t pause = PROBE_PAUSE_MS;
    for (uint32_t more = failures - CIRCUIT_FAILURES; more > 0 && pause < PROBE_PAUSE_MS_MAX; more--)
        pause *= 2;
    return scaled(pause < PROBE_PAUSE_MS_MAX ? pause : PROBE_PAUSE_MS_MAX, scale_percent);
}

int64_t average_after(int64_t average_ms, int64_t took_ms) {
    if (average_ms == 0)
        return took_ms > 0 ? took_ms : 1;
    int64_t average = average_ms + (took_ms - average_ms) / AVERAGE_SHARE;
    return average > 0 ? average : 1;
}
