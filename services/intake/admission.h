/* Whether a caller of intake's HTTP API may hand something in now: not blocked (blocks.h), and not more often than it may. What has
 * a source's key is counted by the source (per_minute in sources.csv, or ZHITONG_SOURCE_PER_MINUTE), everything else by the address
 * that it comes from (ZHITONG_ADDRESS_PER_MINUTE). Each replica counts by itself: behind a proxy that spreads callers over n replicas
 * a caller has n times as much. One thread, the loop. */
#ifndef ZHITONG_INTAKE_ADMISSION_H
#define ZHITONG_INTAKE_ADMISSION_H

#include "services/intake/blocks.h"

struct intake;
struct admission;

#define ADMISSION_NAMES_MAX 65536 /* sources and addresses that are counted at once, 48 bytes each */

#define SETTINGS_OF_ADMISSION \
    {"ZHITONG_SOURCE_PER_MINUTE", \
     SETTING_NUMBER, \
     "reports", \
     "60000", \
     0, \
     1000000, \
     "that a source may hand in over HTTP in a minute, at each replica, where sources.csv does not say; more get 429. 0: no limit"}, \
    { \
        "ZHITONG_ADDRESS_PER_MINUTE", SETTING_NUMBER, "requests", "600", 0, 1000000, \
            "without a source's key that one address may send in a minute, at each replica; more get 429. 0: no limit" \
    }

struct admission *admission_open(const struct settings *settings); /* the caller closes it */
void admission_close(struct admission **admission);
void admission_turn(const struct intake *intake); /* once a turn */
int admission_wait_ms(const struct admission *admission);

/* 0: go on. -1: answered, with 503 (no report would be taken now: the queue is full or the chain lags; Retry-After), 403 (blocked,
 * until when and how to appeal) or 429 (Retry-After). source: the code that the request's key belongs to; NULL: it has none. Call it
 * once a request, before the body is looked at. */
MUST_CHECK int admission_check(struct intake *intake, struct http_request *request, const char *source);
/* The same for who reports, once the body is read: 403 when the telephone number or e-mail is blocked. */
struct submit;
MUST_CHECK int admission_check_reporter(struct intake *intake, struct http_request *request,
                                        const struct submit *submit);
/* The same two for an adapter that answers in a form of its own: the status to refuse with and why, Retry-After is added; or 0. */
MUST_CHECK int admission_judge(struct intake *intake, struct http_request *request, const char *source,
                               struct reason *why);
MUST_CHECK int admission_judge_reporter(struct intake *intake, const struct submit *submit, struct reason *why);
/* Before a file is stored, whatever becomes of the request that it came with: as admission_judge, but counted for itself, by the
 * address. Whoever shows a source's key in the head or the query is not counted; a key in a form comes too late for this. */
MUST_CHECK int admission_judge_file(struct intake *intake, struct http_request *request, struct reason *why);
/* For whoever may be blocked and says so: counts by address only, ADMISSION_APPEALS_PER_MINUTE. 0, or -1: answered. */
#define ADMISSION_APPEALS_PER_MINUTE 6
MUST_CHECK int admission_appeal(struct intake *intake, struct http_request *request);
/* Where the caller is: of ZHITONG_BEHIND_PROXY=yes the last address of X-Forwarded-For, else who is connected. */
void admission_address(const struct intake *intake, const struct http_request *request,
                       char address[HTTP_PEER_BYTES_MAX + 1]);

/* POST /blocks/BLOCK/appeals and GET /blocks/BLOCK */
http_handler intake_post_appeal, intake_get_block;

#endif
