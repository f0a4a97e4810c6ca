/* libzhitong-submit: hands reports in to Zhitong over ZeroMQ, from a C program. Needs libzmq (with CURVE) and msgpack-c only.
 *
 * A report is seen through to its answer: while intake is busy, or does not answer, the same key is sent again, to the next
 * endpoint, until `patience_ms` is over. The key makes that safe: the same key of the same client is one report, and its first
 * answer is given again. Choose it so that your program says it again after a restart: "id:" and your own number for the report.
 *
 * One thread to a client. Nothing here keeps anything on disk: what has no answer is yours to send again. */
#ifndef ZHITONG_SUBMIT_H
#define ZHITONG_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zhitong_keys.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ZHITONG_FIELDS_MAX 32

enum zhitong_type { ZHITONG_TEXT, ZHITONG_NUMBER, ZHITONG_WHOLE, ZHITONG_FLAG };

/* One field of `submit` in proto/PROTOCOL.md. Texts are UTF-8, borrowed. */
struct zhitong_field {
    const char *name;
    enum zhitong_type type;
    union {
        const char *text;
        double number; /* lat, long */
        int64_t whole; /* occurred_at in unix ms, same_as */
        bool flag;
    } value;
};

enum zhitong_outcome {
    ZHITONG_ACCEPTED,  /* durable: case_id is its number */
    ZHITONG_REFUSED,   /* field and reason say why; sending it again unchanged is of no use */
    ZHITONG_NO_ANSWER, /* whether it was taken is not known: send the same key again later */
    ZHITONG_WRONG_USE  /* no key, or too many fields */
};

struct zhitong_answer {
    enum zhitong_outcome outcome;
    uint64_t case_id, parent; /* parent: the case of the same matter to which it was linked; 0: none */
    bool repeated;            /* the key was accepted before; this is its first answer */
    char receipt[25];         /* with it the reporter sees the report; may be empty */
    char field[65], reason[512];
};

struct zhitong_options {
    const char *endpoints;                   /* intake's public endpoints, tcp://HOST:PORT, separated by commas */
    char server_key[ZHITONG_CURVE_KEY_SIZE]; /* public key of intake's public endpoint */
    char public_key[ZHITONG_CURVE_KEY_SIZE], secret_key[ZHITONG_CURVE_KEY_SIZE]; /* of the source */
    int patience_ms;                                                             /* 0: 30000 */
};

struct zhitong_client;
/* Connects in the background. NULL: no endpoint, a key that is none, or no memory. Options are copied. */
struct zhitong_client *zhitong_open(const struct zhitong_options *options);
void zhitong_close(struct zhitong_client **client);

/* Sends one report and waits for its answer, patience_ms at most. `fields` must hold the text "key". */
void zhitong_submit(struct zhitong_client *client, const struct zhitong_field *fields, size_t count,
                    struct zhitong_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
