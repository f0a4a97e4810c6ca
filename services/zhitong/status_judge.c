#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "services/zhitong/status.h"

/* Adds one; what there is no room for is left out, the first are the most urgent. */
static struct advice *advise(struct advices *advices, bool urgent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static struct advice *advise(struct advices *advices, bool urgent, const char *format, ...) {
    static struct advice left_out;
    struct advice *advice = advices->count < STATUS_ADVICE_MAX ? &advices->at[advices->count++] : &left_out;
    va_list arguments;

    *advice = (struct advice){.urgent = urgent};
    va_start(arguments, format);
    vsnprintf(advice->what, sizeof advice->what, format, arguments);
    va_end(arguments);
    return advice;
}

static void help(struct advice *advice, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void help(struct advice *advice, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(advice->help, sizeof advice->help, format, arguments);
    va_end(arguments);
}

/* ---- one thing each ---------------------------------------------------------------------------------------------------- */

static void judge_city(const struct status *status, struct advices *advices) {
    const struct status_city *city = &status->city;

    if (city->code[0] == '\0')
        help(advise(advices, true, "no city is loaded"), "zhitong city load FOLDER");
    if (city->migrations_missing > 0)
        help(advise(advices, true, "%" PRId64 " migration%s not applied yet", city->migrations_missing,
                    city->migrations_missing == 1 ? " is" : "s are"),
             "zhitong migrate");
    if (city->migrations_missing < 0)
        advise(advices, true, "the database is of a newer version than this command");
    if (city->driven)
        help(advise(advices, false, "time is driven, %g times as fast as the real one", city->speed),
             "zhitong time real");
}

static void judge_replicas(const struct status_service *service, int most, struct advices *advices) {
    if (service->replicas == 0 && !service->ever) {
        help(advise(advices, false, "%s was never started here", service->name), "systemctl start zhitong@%s",
             service->name);
        return;
    }
    if (service->replicas == 0) {
        help(advise(advices, true, "%s: no replica is alive", service->name),
             "systemctl start zhitong@%s; why it ended: journalctl -u zhitong@%s", service->name, service->name);
        return;
    }
    if (service->shards < SHARD_COUNT)
        help(advise(advices, true, "%s: %" PRId64 " of its shards have no living owner", service->name,
                    SHARD_COUNT - service->shards),
             "journalctl -u zhitong@%s; a living replica takes them within a second", service->name);
    if (service->replicas < most)
        help(advise(advices, false, "%s: %d replica%s alive, another service has %d", service->name, service->replicas,
                    service->replicas == 1 ? " is" : "s are", most),
             "systemctl start zhitong@%s on the host where one is missing", service->name);
}

static void judge_services(const struct status *status, struct advices *advices) {
    int most = 0;

    for (size_t i = 0; i < status->service_count; i++)
        if (status->services[i].replicas > most)
            most = status->services[i].replicas;
    for (size_t i = 0; i < status->service_count; i++) {
        const struct status_service *service = &status->services[i];
        judge_replicas(service, most, advices);
        for (size_t u = 0; u < service->upstream_count; u++)
            if (service->upstreams[u].oldest_ms > STATUS_LAG_MS_MAX)
                help(advise(advices, true, "%s is %" PRId64 " entr%s behind %s, the oldest waits for %" PRId64 " s",
                            service->name, service->upstreams[u].behind,
                            service->upstreams[u].behind == 1 ? "y" : "ies", service->upstreams[u].name,
                            service->upstreams[u].oldest_ms / 1000),
                     "zhitong audit --wait 20; journalctl -u zhitong@%s", service->name);
        if (service->parked > 0)
            help(advise(advices, true, "%s: %" PRId64 " entr%s parked, and what follows of the same cases waits",
                        service->name, service->parked, service->parked == 1 ? "y is" : "ies are"),
                 "zhitong parked list --service %s", service->name);
    }
}

static void judge_clocks(const struct status *status, struct advices *advices) {
    if (status->clocks.late_ms > STATUS_LATE_MS_MAX)
        help(advise(advices, true, "a clock should have fired %" PRId64 " s ago and has not",
                    status->clocks.late_ms / 1000),
             "journalctl -u zhitong@escalation");
}

/* A name as a word of the shell. */
static const char *word(const char *name, char text[4 * STATUS_NAME_MAX + 3]) {
    char *to = text;

    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0')
        return name;
    *to++ = '\'';
    for (; *name != '\0'; name++)
        to = *name == '\'' ? stpcpy(to, "'\\''") : (*to = *name, to + 1);
    strcpy(to, "'");
    return text;
}

static void judge_endpoints(const struct status *status, struct advices *advices) {
    const struct status_endpoints *endpoints = &status->endpoints;
    char quoted[4 * STATUS_NAME_MAX + 3];
    const char *disabled = word(endpoints->first_disabled, quoted);

    if (endpoints->disabled > 0)
        help(advise(advices, true, "%" PRId64 " endpoint%s disabled: %s", endpoints->disabled,
                    endpoints->disabled == 1 ? " is" : "s are", endpoints->first_disabled),
             "zhitong endpoints show %s; when it is mended: zhitong endpoints enable %s", disabled, disabled);
    const char *dead = word(endpoints->first_dead, quoted);
    if (endpoints->dead.count > 0)
        help(advise(advices, true, "%s%" PRId64 " deliver%s given up (dead letters), of %s",
                    endpoints->dead.how == COUNTED ? "" : "about ", endpoints->dead.count,
                    endpoints->dead.count == 1 ? "y was" : "ies were", endpoints->first_dead),
             "zhitong deliveries list --dead --endpoint %s; zhitong deliveries retry %s --dead", dead, dead);
}

static void judge_disk(const struct status *status, struct advices *advices) {
    const struct status_disk *disk = &status->disk;

    if (disk->total_bytes > 0 && disk->free_bytes < disk->total_bytes / 100 * STATUS_FREE_PERCENT_MIN)
        help(advise(advices, true, "the database's disk has less than %d %% free", STATUS_FREE_PERCENT_MIN),
             "make room, or keep logs for less long (ZHITONG_LOG_KEEP_DAYS)");
    if (disk->without_tomorrow > 0)
        help(advise(advices, true, "%" PRId64 " log%s no day partition for tomorrow", disk->without_tomorrow,
                    disk->without_tomorrow == 1 ? " has" : "s have"),
             "journalctl -g partitions_failed; a running service makes them once an hour");
}

static void judge_keys(const struct status *status, struct advices *advices) {
    const size_t count = status->key_count;

    if (count > 0)
        advise(advices, false, "%zu%s key%s within 14 days: whoever uses them needs new ones by then", count,
               count == STATUS_KEYS_MAX ? " or more" : "", count == 1 ? " ends" : "s end");
}

/* ---- all --------------------------------------------------------------------------------------------------------------- */

void status_judge(const struct status *status, struct advices *advices) {
    advices->count = 0;
    judge_city(status, advices);
    judge_services(status, advices);
    judge_clocks(status, advices);
    judge_endpoints(status, advices);
    judge_disk(status, advices);
    judge_keys(status, advices);
}

bool advices_urgent(const struct advices *advices) {
    for (size_t i = 0; i < advices->count; i++)
        if (advices->at[i].urgent)
            return true;
    return false;
}
