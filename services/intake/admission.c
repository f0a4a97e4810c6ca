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
#include "services/intake/credential.h"
#include "services/intake/intake.h"

#define STARTING_WAIT_MS 1000
#define PER_MINUTE_MAX 1000000 /* as many as rate_limit_take counts */

struct admission {
    struct rate_limit *rates;
    struct blocks *blocks;
    uint32_t source_per_minute, address_per_minute; /* 0: no limit */
    bool behind_proxy;
};

struct admission *admission_open(const struct settings *settings) {
    struct admission *admission = calloc(1, sizeof *admission);
    assert(admission != NULL);
    admission->blocks = blocks_open();
    admission->rates = rate_limit_open(ADMISSION_NAMES_MAX);
    admission->source_per_minute = (uint32_t)settings_number(settings, "ZHITONG_SOURCE_PER_MINUTE");
    admission->address_per_minute = (uint32_t)settings_number(settings, "ZHITONG_ADDRESS_PER_MINUTE");
    admission->behind_proxy = settings_flag(settings, "ZHITONG_BEHIND_PROXY");
    return admission;
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
    (void)contact_normal("address", address, normal); /* a proxy may call it by a name */
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

static int say_blocked(const struct block *block, struct reason *why) {
    (void)refuse(
        why, block->kind,
        "blocked until %s (%s); if that is wrong, POST {\"text\": …} to /blocks/%lld/appeals, and GET /blocks/%lld says "
        "what came of it",
        block->until, block->reason, (long long)block->block, (long long)block->block);
    metric_add(METRIC_http_blocked_total, 1);
    return 403;
}

static int say_busy(struct http_request *request, uint64_t wait_ms, struct reason *why) {
    (void)refuse(why, "", "too busy now; nothing was kept, send the same report again");
    metric_add(METRIC_busy_total, 1);
    http_add_retry_after(request, (int64_t)wait_ms);
    return 503;
}

/* A replica that has just started knows nobody yet; who calls it, or a proxy, goes to another one or comes again. */
static int say_starting(struct http_request *request, struct reason *why) {
    (void)refuse(why, "", "has just started and knows no sources yet; nothing was kept, send the same again");
    http_add_retry_after(request, STARTING_WAIT_MS);
    return 503;
}

/* Takes one from the bucket of this name; else says that there is none. */
static int count_one(struct intake *intake, struct http_request *request, const char *name, uint32_t per_minute,
                     struct reason *why) {
    int64_t wait_ms = per_minute == 0
                          ? 0
                          : rate_limit_take(intake->admission->rates, name, per_minute, clock_monotonic_ms());
    if (wait_ms == 0)
        return 0;
    bool has_source = name[0] == 's';
    (void)refuse(why, has_source ? "source" : "address",
                 "%u a minute are taken from one %s; nothing was kept, try again in %lld s", (unsigned)per_minute,
                 has_source ? "source" : "address without a source's key", (long long)(wait_ms + 999) / 1000);
    metric_add(METRIC_http_limited_total, 1);
    http_add_retry_after(request, wait_ms);
    return 429;
}

/* Takes from no bucket. */
static int judge_caller(struct intake *intake, struct http_request *request, const char *source, struct reason *why) {
    const struct blocks *blocks = intake->admission->blocks;
    char address[HTTP_PEER_BYTES_MAX + 1];
    uint64_t busy_ms = service_busy_ms(intake->loop);
    if (intake_city(intake) == NULL || !credentials_known(intake))
        return say_starting(request, why);
    if (busy_ms > 0)
        return say_busy(request, busy_ms, why);
    admission_address(intake, request, address);
    const struct block *block = source != NULL ? blocks_of_source(blocks, source) : NULL;
    if (block == NULL)
        block = blocks_of_contact(blocks, intake->keys, "address", address);
    return block != NULL ? say_blocked(block, why) : 0;
}

int admission_judge(struct intake *intake, struct http_request *request, const char *source, struct reason *why) {
    char address[HTTP_PEER_BYTES_MAX + 1], name[CODE_MAX + HTTP_PEER_BYTES_MAX + 2];
    int status = judge_caller(intake, request, source, why);
    if (status != 0)
        return status;
    admission_address(intake, request, address);
    snprintf(name, sizeof name, "%c%s", source != NULL ? 's' : 'a', source != NULL ? source : address);
    return count_one(intake, request, name, limit_of(intake, source), why);
}

int admission_judge_file(struct intake *intake, struct http_request *request, struct reason *why) {
    const char *key = api_key_of(request),
               *source = source_of_key(intake, key != NULL ? key : http_query(request, "api_key"));
    char address[HTTP_PEER_BYTES_MAX + 1], name[HTTP_PEER_BYTES_MAX + 2];
    int status = judge_caller(intake, request, source, why);
    if (status != 0 || source != NULL)
        return status;
    admission_address(intake, request, address);
    snprintf(name, sizeof name, "f%s", address);
    return count_one(intake, request, name, limit_of(intake, NULL), why);
}

int admission_judge_reporter(struct intake *intake, const struct submit *submit, struct reason *why) {
    const struct blocks *blocks = intake->admission->blocks;
    const struct block *block = blocks_of_contact(blocks, intake->keys, "phone", submit->reporter_phone);
    if (block == NULL)
        block = blocks_of_contact(blocks, intake->keys, "email", submit->reporter_email);
    return block == NULL ? 0 : say_blocked(block, why);
}

/* ---- in a line of an adapter that answers in JSON ---------------------------------------------------------------------------- */

static int answer(struct http_request *request, int status, const struct reason *why) {
    if (status == 0)
        return 0;
    http_refuse(request, status, why);
    return -1;
}

int admission_check(struct intake *intake, struct http_request *request, const char *source) {
    struct reason why;
    int status = admission_judge(intake, request, source, &why);
    return answer(request, status, &why);
}

int admission_check_reporter(struct intake *intake, struct http_request *request, const struct submit *submit) {
    struct reason why;
    int status = admission_judge_reporter(intake, submit, &why);
    return answer(request, status, &why);
}

int admission_appeal(struct intake *intake, struct http_request *request) {
    char address[HTTP_PEER_BYTES_MAX + 1], name[HTTP_PEER_BYTES_MAX + 2];
    struct reason why;
    admission_address(intake, request, address);
    snprintf(name, sizeof name, "b%s", address);
    int status = count_one(intake, request, name, ADMISSION_APPEALS_PER_MINUTE, &why);
    return answer(request, status, &why);
}
