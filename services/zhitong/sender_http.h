/* Posts under way over HTTP, many at once, on one thread that never blocks (libcurl's multi interface). What is busy (429, 503) or does
 * not answer is sent again, unchanged, after a pause; the end is called once. */
#ifndef ZHITONG_SENDER_HTTP_H
#define ZHITONG_SENDER_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define SENDER_HEADERS_MAX 6
#define SENDER_HEADER_BYTES_MAX 400
#define SENDER_TRIES_MAX 200
#define SENDER_PAUSE_MS 250

struct sender_post {
    char url[400];
    char headers[SENDER_HEADERS_MAX][SENDER_HEADER_BYTES_MAX]; /* "Name: value"; the first empty one ends them */
    const char *body;                                          /* copied */
    size_t size;
    uint64_t tag;
};

struct sender_http;
/* `json` is the answer's body, NULL where it is none; borrowed. status 0: nobody answered, ever. */
typedef void sender_http_ended(void *context, uint64_t tag, long status, const json_t *json);
struct sender_http *sender_http_open(sender_http_ended *ended, void *context);
void sender_http_close(struct sender_http **http);
void sender_http_send(struct sender_http *http, const struct sender_post *post);
void sender_http_turn(struct sender_http *http);
size_t sender_http_waiting(const struct sender_http *http);

/* The secret of a Standard Webhooks key file (whsec_…) signs body and headers of the post. */
MUST_CHECK int sender_sign(struct sender_post *post, const char *secret, const char *id, struct reason *why);

#endif
