#include "services/intake/receipt_visit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_address.h"
#include "common/http_json.h"
#include "common/ids.h"
#include "common/receipt.h"
#include "common/try_limit.h"

#define SCHEME "Receipt "

struct receipt_tries {
    struct try_limit *cases, *addresses;
    bool behind_proxy;
};

struct receipt_tries *receipt_tries_open(const struct settings *settings) {
    int64_t span_ms = settings_number(settings, "ZHITONG_RECEIPT_SPAN_SECONDS") * 1000;
    struct receipt_tries *tries = calloc(1, sizeof *tries);
    assert(tries != NULL);
    tries->cases = try_limit_open((uint32_t)settings_number(settings, "ZHITONG_RECEIPT_FAILURES"), span_ms);
    tries->addresses = try_limit_open((uint32_t)settings_number(settings, "ZHITONG_ADDRESS_FAILURES"), span_ms);
    tries->behind_proxy = settings_flag(settings, "ZHITONG_BEHIND_PROXY");
    return tries;
}

void receipt_tries_close(struct receipt_tries **tries) {
    if (*tries == NULL)
        return;
    try_limit_close(&(*tries)->cases);
    try_limit_close(&(*tries)->addresses);
    free(*tries);
    *tries = NULL;
}

/* ---- the answer ---------------------------------------------------------------------------------------------------------- */

void receipt_json(struct receipt_visit *visit, int status, json_t *take_json) {
    http_add_header(visit->request, "Cache-Control", "no-store");
    http_answer_json(visit->request, status, take_json);
    free(visit);
}

void receipt_refuse_why(struct receipt_visit *visit, int status, const struct reason *why) {
    http_refuse(visit->request, status, why);
    free(visit);
}

void receipt_refuse(struct receipt_visit *visit, int status, const char *field, const char *format, ...) {
    struct reason why;
    va_list arguments;
    va_start(arguments, format);
    (void)refuse_list(&why, field, format, arguments);
    va_end(arguments);
    receipt_refuse_why(visit, status, &why);
}

/* ---- whether the code is right --------------------------------------------------------------------------------------------- */

struct trier {
    char case_text[24], address[HTTP_PEER_BYTES_MAX + 1];
};

static bool may_try(struct receipt_visit *visit, const struct trier *trier) {
    struct receipt_tries *tries = visit->intake->tries;
    int64_t now = clock_monotonic_ms();
    const char *field = "address";
    int64_t wait_ms = try_limit_try(tries->addresses, trier->address, now);
    if (wait_ms == 0) {
        field = "case";
        wait_ms = try_limit_try(tries->cases, trier->case_text, now);
        if (wait_ms == 0)
            return true;
        try_limit_take_back(tries->addresses, trier->address);
    }
    http_add_retry_after(visit->request, wait_ms);
    receipt_refuse(visit, 429, field, "too many wrong codes from or for this %s; try again in %" PRId64 " seconds",
                   field, (wait_ms + 999) / 1000);
    return false;
}

/* The first star of the path as a case's id. What is no number is no case: as a wrong code. */
static uint64_t case_of(const struct http_request *request) {
    const char *id = http_path_part(request, 0);
    return is_id(id) ? strtoull(id, NULL, 10) : 0;
}

static bool code_is_right(struct receipt_visit *visit, const char code[RECEIPT_CHARACTERS + 1]) {
    struct receipt_tries *tries = visit->intake->tries;
    struct trier trier;
    snprintf(trier.case_text, sizeof trier.case_text, "%" PRIu64, visit->case_id);
    http_address(visit->request, tries->behind_proxy, trier.address);
    if (!may_try(visit, &trier))
        return false;
    if (visit->case_id != 0 && receipt_fits(visit->intake->keys, visit->case_id, code)) {
        try_limit_take_back(tries->addresses, trier.address);
        try_limit_take_back(tries->cases, trier.case_text);
        return true;
    }
    receipt_refuse(visit, 403, "receipt", "is not the code of this case");
    return false;
}

void receipt_begin(void *context, struct http_request *request, receipt_handler *handle) {
    const char *given = http_header(request, "Authorization");
    char code[RECEIPT_CHARACTERS + 1];
    struct reason why;
    struct receipt_visit *visit = calloc(1, sizeof *visit);
    assert(visit != NULL);
    *visit = (struct receipt_visit){.intake = intake_of(context), .request = request, .case_id = case_of(request)};
    if (visit->intake->keys == NULL) {
        receipt_refuse(visit, 404, "receipt", "no receipts are given here: the operator must set ZHITONG_SECRET_KEYS");
        return;
    }
    intake_refresh_keys(visit->intake);
    if (given == NULL || strncmp(given, SCHEME, strlen(SCHEME)) != 0) {
        http_add_header(request, "WWW-Authenticate", "Receipt");
        receipt_refuse(visit, 401, "Authorization", "must be `Receipt` and the code that the report was answered with");
        return;
    }
    if (receipt_read(given + strlen(SCHEME), code, &why) != 0)
        receipt_refuse_why(visit, 400, &why);
    else if (code_is_right(visit, code))
        handle(visit);
}

/* ---- the database --------------------------------------------------------------------------------------------------------- */

struct ask *receipt_ask(struct receipt_visit *visit, ask_done *done) {
    return ask_make(done, visit);
}

void receipt_step(struct ask *ask, const struct receipt_visit *visit, const char *query, const char *second) {
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    ask_step(ask, query, (const char *[]){id, second}, second != NULL ? 2 : 1);
}

void receipt_put(struct receipt_visit *visit, enum ask_lane lane, struct ask *take_ask) {
    if (!asks_put(visit->intake->asks, lane, take_ask))
        receipt_refuse(visit, 503, "", "too many requests are under way; try again");
}

const PGresult *receipt_result(struct receipt_visit *visit, const struct ask *ask, int step) {
    const PGresult *result = ask_result(ask, step);
    if (result == NULL)
        receipt_refuse(visit, 503, "", "the database does not answer; try again");
    return result;
}
