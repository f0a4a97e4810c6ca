/* A carrier: how something that is told leaves the house. Each is a row of carriers.def and one small file with two pure functions:
 * what libcurl shall do, and what the answer means. The courier (courier.h) does the rest: when, how often, in which order. */
#ifndef ZHITONG_NOTIFICATION_CARRIER_H
#define ZHITONG_NOTIFICATION_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/codec.h"
#include "proto/reason.h"

#define CARRIER_ADDRESS_MAX 1000
#define CARRIER_SECRETS_MAX 4
#define CARRIER_SECRET_MAX 120
#define TRANSFER_HEADERS_MAX 10
#define TRANSFER_HEADER_MAX 600
#define ANSWER_BYTES_MAX 4096 /* of an answer that are read; a longer one is cut off there */

struct destination {                                           /* what an endpoint's sealed text holds, opened */
    char address[CARRIER_ADDRESS_MAX + 1];                     /* URL, e-mail address or telephone number */
    char secrets[CARRIER_SECRETS_MAX][CARRIER_SECRET_MAX + 1]; /* as text, the newest first */
    int secret_count;
};

struct parcel {     /* one thing to be told; everything is borrowed */
    const char *id; /* stable: the same whenever it is tried again */
    int64_t at;     /* real time, unix ms */
    const struct destination *to;
    const char *language;
    const char *subject, *text, *html; /* of people: UTF-8 */
    const char *end_url;               /* of people: with it they hear no more; "": there is none */
    const char *json;                  /* of a webhook: the CloudEvent */
    const char *traceparent;           /* of a webhook: also as a header; NULL or "": none */
    bool urgent;
};

enum transfer_kind { TRANSFER_HTTP, TRANSFER_MAIL };
struct transfer { /* what libcurl shall do; HTTP is always POST */
    enum transfer_kind kind;
    char url[CARRIER_ADDRESS_MAX + 200];
    char headers[TRANSFER_HEADERS_MAX][TRANSFER_HEADER_MAX + 1]; /* "Name: value" */
    int header_count;
    struct bytes body; /* of mail: the whole message, RFC 5322 */
    char mail_from[256], mail_to[256];
    char user[128], password[128]; /* of mail, "" without */
    bool plain;                    /* of mail: it may go without TLS */
    bool guarded;                  /* its address comes from outside: the private ranges are closed to it */
};
void transfer_close(struct transfer *transfer); /* frees the body */

struct answer {
    int status;             /* of HTTP or SMTP; 0: none came */
    const char *trouble;    /* what went wrong where none came, else "" */
    const char *body;       /* NUL-terminated, cut at ANSWER_BYTES_MAX */
    int64_t retry_after_ms; /* what the answer asks for; -1: nothing */
};

enum verdict_kind {
    VERDICT_SENT,
    VERDICT_AGAIN,  /* by the schedule, or after wait_ms where that is longer */
    VERDICT_DEAD,   /* this one can never be told: it is put with the dead letters */
    VERDICT_DISABLE /* nothing can be told there any more */
};
struct verdict {
    enum verdict_kind kind;
    int64_t wait_ms; /* of VERDICT_AGAIN: at least; 0: as the schedule has it */
};

struct carrier_settings; /* of the service: the mail server, the SMS gateway; see carrier_settings.h */

struct carrier {
    const char *name;
    bool for_people; /* gets text in their language, at hours that suit them; else the event itself */
    /* Refuses (field "address", "secret" …) what can never be sent. `transfer` is zeroed before. */
    int (*prepare)(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why);
    void (*judge)(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict);
};

const struct carrier *carrier_named(const char *name); /* NULL: there is none */

#endif
