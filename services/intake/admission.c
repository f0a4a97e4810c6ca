#include "services/intake/admission.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_sources.h"
#include "common/clock.h"
#include "common/contact.h"
#include "common/http_address.h"
#include "common/metrics.h"
#include "common/rate_limit.h"
#include "services/intake/intake.h"

#define PER_MINUTE_MAX 1000000 /* as many as rate_limit_take counts */

struct admission {
    struct rate_limit *rates;
    struct blocks *blocks;
    uint32_t source_per_minute, address_per_minute; /* 0: no limit */
    bool behind_proxy;
};

int admission_open(struct admission **out, const struct settings *settings, struct reason *why) {
    struct admission *admission = calloc(1, sizeof *admission);
    assert(admission != NULL);
    if (blocks_open(&admission->blocks, settings, why) != 0) {
        free(admission);
        return -1;
    }
    admission->rates = rate_limit_open(ADMISSION_NAMES_MAX);
    admission->source_per_minute = (uint32_t)settings_number(settings, "ZHITONG_SOURCE_PER_MINUTE");
    admission->address_per_minute = (uint32_t)settings_number(settings, "ZHITONG_ADDRESS_PER_MINUTE");
    admission->behind_proxy = settings_flag(settings, "ZHITONG_BEHIND_PROXY");
    *out = admission;
    return 0;
}

void admission_close(struct admission **admission) {
    if (*admission == NULL)
        return;
    rate_limit_close(&(*admission)->rates);
    blocks_close(&(*admission)->blocks);
    free(*admission);
    *admission = NULL;
}

void admission_turn(const struct intake *intake) {
    blocks_turn(intake->admission->blocks, intake->loop, intake->asks);
}

int admission_wait_ms(const struct admission *admission) {
    return blocks_wait_ms(admission->blocks);
}

/* ---- who calls ------------------------------------------------------------------------------------------------------------ */

void admission_address(const struct intake *intake, const struct http_request *request,
                       char address[HTTP_PEER_BYTES_MAX + 1]) {
    char normal[CONTACT_BYTES_MAX + 1];
    http_address(request, intake->admission->behind_proxy, address);
    contact_normal("address", address, normal);
    snprintf(address, HTTP_PEER_BYTES_MAX + 1, "%.*s", HTTP_PEER_BYTES_MAX, normal);
}

/* A number in the city's sources; the setting where that has none. */
static uint32_t limit_of(const struct intake *intake, const char *source) {
    const struct city *city = intake_city(intake);
    const struct source *row = source != NULL && city != NULL ? city_source(city, source) : NULL;
    if (row != NULL && row->per_minute > 0)
        return row->per_minute < PER_MINUTE_MAX ? row->per_minute : PER_MINUTE_MAX;
    return source != NULL ? intake->admission->source_per_minute : intake->admission->address_per_minute;
}

/* ---- refusals --------------------------------------------------------------------------------------------------------------- */

static int refuse_blocked(struct http_request *request, const struct block *block) {
    struct reason why;
    (void)refuse(
        &why, block->kind,
        "blocked until %s (%s); if that is wrong, POST {\"text\": …} to /blocks/%lld/appeals, and GET /blocks/%lld says "
        "what came of it",
        block->until, block->reason, (long long)block->block, (long long)block->block);
    metric_add(METRIC_http_blocked_total, 1);
    http_refuse(request, 403, &why);
    return -1;
}

static int refuse_often(struct http_request *request, bool has_source, uint32_t per_minute, int64_t wait_ms) {
    char seconds[24];
    struct reason why;
    snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + 999) / 1000);
    (void)refuse(&why, has_source ? "source" : "address",
                 "%u a minute are taken from one %s; nothing was kept, try again in %s s", (unsigned)per_minute,
                 has_source ? "source" : "address without a source's key", seconds);
    metric_add(METRIC_http_limited_total, 1);
    http_add_header(request, "Retry-After", seconds);
    http_refuse(request, 429, &why);
    return -1;
}

static int refuse_busy(struct http_request *request, uint64_t wait_ms) {
    char seconds[24];
    struct reason why;
    snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)(wait_ms + 999) / 1000);
    (void)refuse(&why, "", "too busy now; nothing was kept, send the same report again");
    metric_add(METRIC_busy_total, 1);
    http_add_header(request, "Retry-After", seconds);
    http_refuse(request, 503, &why);
    return -1;
}

int admission_check(struct intake *intake, struct http_request *request, const char *source) {
    struct admission *admission = intake->admission;
    uint64_t busy_ms = service_busy_ms(intake->loop);
    if (busy_ms > 0)
        return refuse_busy(request, busy_ms);
    char address[HTTP_PEER_BYTES_MAX + 1], name[CODE_MAX + HTTP_PEER_BYTES_MAX + 2];
    admission_address(intake, request, address);
    const struct block *block = source != NULL ? blocks_of_source(admission->blocks, source) : NULL;
    if (block == NULL)
        block = blocks_of_secret(admission->blocks, "address", address);
    if (block != NULL)
        return refuse_blocked(request, block);
    uint32_t per_minute = limit_of(intake, source);
    if (per_minute == 0)
        return 0;
    snprintf(name, sizeof name, "%c%s", source != NULL ? 's' : 'a', source != NULL ? source : address);
    int64_t wait_ms = rate_limit_take(admission->rates, name, per_minute, clock_monotonic_ms());
    return wait_ms == 0 ? 0 : refuse_often(request, source != NULL, per_minute, wait_ms);
}

int admission_appeal(struct intake *intake, struct http_request *request) {
    char address[HTTP_PEER_BYTES_MAX + 1], name[HTTP_PEER_BYTES_MAX + 2];
    admission_address(intake, request, address);
    snprintf(name, sizeof name, "b%s", address);
    int64_t wait_ms = rate_limit_take(intake->admission->rates, name, ADMISSION_APPEALS_PER_MINUTE,
                                      clock_monotonic_ms());
    return wait_ms == 0 ? 0 : refuse_often(request, false, ADMISSION_APPEALS_PER_MINUTE, wait_ms);
}

int admission_check_reporter(struct intake *intake, struct http_request *request, const struct submit *submit) {
    const struct blocks *blocks = intake->admission->blocks;
    const struct block *block = blocks_of_secret(blocks, "phone", submit->reporter_phone);
    if (block == NULL)
        block = blocks_of_secret(blocks, "email", submit->reporter_email);
    return block == NULL ? 0 : refuse_blocked(request, block);
}
