/* When somebody is told: at once, after the quiet hours, with the digest, or with the next hour. */
#include "common/zone.h"
#include "services/notification/notice_words.h"
#include "services/notification/people.h"

#define HOUR_MS INT64_C(3600000)
#define URGENT_RANK 2 /* orange and red */
#define NO_CITY_MS 60000

static int minute_of(const struct zone *zone, int64_t at) {
    return (int)(zone_local(zone, at) % DAY_MS / MINUTE_MS);
}

/* The next instant after `now` at which the city's clock shows this minute of the day. */
static int64_t next_at(const struct zone *zone, int64_t now, int minute) {
    int64_t local = zone_local(zone, now), day = local - local % DAY_MS, at;
    for (int i = 0; i < 3; i++)
        if ((at = zone_instant(zone, day + i * DAY_MS + minute * MINUTE_MS)) > now)
            return at;
    return now + DAY_MS;
}

static bool is_quiet(const struct endpoint *endpoint, int minute) {
    int from = endpoint->quiet_from, to = endpoint->quiet_to;
    if (from == MINUTE_NONE || to == MINUTE_NONE || from == to)
        return false;
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/* Danger, or a limit that passes while nobody reads. Somebody who reported is never woken. */
static bool is_urgent(const struct endpoint *endpoint, const struct case_moved *moved, int64_t now, int64_t until) {
    if (notice_audience_of(endpoint->unit) == AUDIENCE_reporter)
        return false;
    return severity_rank(moved->severity) >= URGENT_RANK || (moved->due_at > now && moved->due_at <= until);
}

static void hold(struct people_plan *plan, int64_t until) {
    plan->when = PEOPLE_HELD;
    plan->until = until > plan->until ? until : plan->until;
}

int64_t people_quiet_until(const struct endpoint *endpoint, const struct case_moved *moved, const struct city *city,
                           int64_t now) {
    if (city == NULL || !is_quiet(endpoint, minute_of(city_zone(city), now)))
        return 0;
    int64_t opens = next_at(city_zone(city), now, endpoint->quiet_to);
    return is_urgent(endpoint, moved, now, opens) ? 0 : opens;
}

int people_plan(const struct endpoint *endpoint, const struct case_moved *moved, const struct city *city, int64_t now,
                struct people_plan *plan) {
    *plan = (struct people_plan){.when = PEOPLE_NOW};
    if (city == NULL) {
        hold(plan, now + NO_CITY_MS);
        return 0;
    }
    enum notice_event event = notice_of_stream(endpoint->unit, moved);
    if (!notice_is_listed(endpoint->events, event) || !notice_has_words(city, endpoint->unit, event)) {
        plan->when = PEOPLE_SKIP;
        return 0;
    }
    const struct zone *zone = city_zone(city);
    bool quiet = is_quiet(endpoint, minute_of(zone, now)), digest = endpoint->digest_at != MINUTE_NONE;
    int64_t opens = digest  ? next_at(zone, now, endpoint->digest_at)
                    : quiet ? next_at(zone, now, endpoint->quiet_to)
                            : now;
    plan->urgent = is_urgent(endpoint, moved, now, opens);
    if (opens > now && !plan->urgent)
        hold(plan, opens);
    else if (endpoint->per_hour > 0 && endpoint->told_this_hour >= endpoint->per_hour)
        hold(plan, (now / HOUR_MS + 1) * HOUR_MS);
    return 0;
}
