/* When something is tried, and what comes of an attempt. Pure: no clock, no socket, no database.
 *
 * An entry is tried at once and then by the schedule of Standard Webhooks, ten times in all, over three days. An endpoint where the
 * last attempts failed gets one probe at a time, at growing intervals; what it would get waits in its stream. */
#ifndef ZHITONG_NOTIFICATION_DELIVERY_PLAN_H
#define ZHITONG_NOTIFICATION_DELIVERY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "services/notification/carrier.h"

#define ATTEMPTS_MAX 10             /* of one entry; then it is a dead letter */
#define JITTER_PERCENT_MAX 20       /* that a wait is longer */
#define RETRY_AFTER_MS_MAX 86400000 /* an answer cannot ask for more */
#define CIRCUIT_FAILURES 3          /* attempts that failed in a row: from then on one probe at a time */
#define PROBE_PAUSE_MS_MAX 300000   /* between two probes */
#define SLOW_MS 2000                /* an endpoint that takes longer on average is slow */
#define ROWS_PER_ENDPOINT_MAX 10000 /* deliveries of one endpoint that wait; then its cursor stops */
#define RETRY_SCALE_PERCENT_DEFAULT 100

struct delivery_facts { /* of an attempt that has ended; instants are real time in unix ms, 0: never */
    const struct verdict *verdict;
    int64_t now;
    int64_t since;        /* when the first attempt of this entry ended; `now` where this was the first */
    int64_t succeeded_at; /* when the endpoint last took something, this attempt left out */
    int64_t endpoint;
    uint64_t seq;
    int attempts; /* of this entry, this one counted */
    int scale_percent;
};

enum delivery_state { DELIVERY_SENT, DELIVERY_RETRY, DELIVERY_DEAD };
struct delivery_after {
    enum delivery_state state;
    int64_t next_at;  /* of DELIVERY_RETRY */
    int64_t pause_ms; /* the answer asked for it: nothing goes to this endpoint for so long */
    bool disable;     /* the endpoint gets nothing any more until somebody enables it */
};
/* 410 keeps the entry for whoever enables the endpoint again. A last attempt that fails disables the endpoint where nothing
 * succeeded since the entry's first one. */
void delivery_decide(const struct delivery_facts *facts, struct delivery_after *after);

/* How long to wait after so many attempts, with jitter that is the same for the same entry and attempt; -1: that was the last. */
int64_t delivery_wait_ms(const struct delivery_facts *facts);

struct endpoint_health {
    uint32_t failures;    /* attempts that failed since the last that succeeded */
    int64_t succeeded_at; /* 0: never */
    int64_t average_ms;   /* an attempt takes, the newest count more; 0: not known */
    int64_t oldest_ms;    /* how long the oldest attempt under way has taken so far */
};

/* Endpoints share slots by how they do, so that those that fail take none from those that work. */
enum delivery_pool { POOL_PROVEN, POOL_NEW, POOL_SLOW, POOL_COUNT };
enum delivery_pool endpoint_pool(const struct endpoint_health *health);
/* How many attempts may be under way to it at once, at most `most`, at least 1. */
uint32_t endpoint_window(const struct endpoint_health *health, uint32_t most);
/* How long an endpoint rests after so many failures in a row. */
int64_t circuit_pause_ms(uint32_t failures, int scale_percent);
int64_t average_after(int64_t average_ms, int64_t took_ms);

#endif
