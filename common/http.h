/* A small HTTP/1.1 server on libmicrohttpd, run from the service's own loop (external epoll, no threads).
 *
 * A header guard refuses what libmicrohttpd 0.9.75 lets through: Content-Length with Transfer-Encoding, repeated or
 * non-numeric Content-Length, repeated or missing Host, NUL or control bytes in a header, a space before the colon.
 * What libmicrohttpd itself finds malformed it answers itself, with a 4xx page, and closes.
 *
 * Bodies past body_bytes_max get 413 before they are read. A request has request_ms_max from its first line to its last
 * byte, and as long has the first line from the connection's start or the answer before: a slow client gets 408 and is
 * cut, a connection that was used and now rests is closed. A form's body buys time as it comes, at
 * HTTP_FORM_BYTES_PER_MS_MIN: whoever sends a file slower than that is cut too. A body for which there is no memory left gets
 * 503 with Retry-After, one with a Content-Encoding 415: nothing is unpacked, so nothing can swell. A known path answers HEAD as
 * GET without the body and other methods with 405; an unknown one gets 404. A handler may answer at once or keep the request and answer later from the
 * same thread (the connection is suspended meanwhile; how long that takes is not counted against the client). */
#ifndef ZHITONG_HTTP_H
#define ZHITONG_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

struct http;
struct http_request;

typedef void http_handler(struct http_request *request, void *context);

enum http_body_kind {                  /* how a route's body is read; see http_form.h */
                      HTTP_BODY_WHOLE, /* into memory, whatever it is */
                      HTTP_BODY_FORM,  /* a form; anything else gets 415 */
                      HTTP_BODY_ANY,   /* a form as a form, anything else into memory; see http_form_fault */
                      HTTP_BODY_FILE   /* a form as a form, anything else as a file part named "file" */
};

#define HTTP_STARS_MAX 2
#define HTTP_HEADERS_MAX 6        /* that a handler may add to an answer */
#define HTTP_HEADER_BYTES_MAX 255 /* of the value of one of them */
#define HTTP_PEER_BYTES_MAX 63
#define HTTP_FORM_BYTES_PER_MS_MIN 16 /* 16 kB/s */

struct http_route {
    const char *method; /* "GET", "POST" */
    const char *path;   /* its segments; a star stands for any one that is not empty; at most HTTP_STARS_MAX of them */
    http_handler *handle;
    const char *meaning; /* one sentence for the docs */
    const char *query;   /* the parameters that it takes, separated by blanks: another one gets 400. NULL: takes any */
    enum http_body_kind body;
    size_t body_bytes_max; /* 0: that of the options */
};

struct http_upload;

struct http_options {
    const char *address; /* "127.0.0.1" or "::" */
    uint16_t port;       /* 0: any free one, see http_port */
    size_t body_bytes_max;
    int request_ms_max;
    int connections_max;
    int connections_per_address_max; /* more are closed as they come; 0: no limit. Behind a proxy all have its address */
    bool unmeasured;         /* its requests are not in http_request_seconds: a monitor's would hide the others */
    size_t bodies_bytes_max; /* memory for the bodies of all requests that are being read; past it 503. 0: no limit */
    const struct http_route *routes; /* borrowed until close */
    size_t route_count;
    void *context;                    /* of the handlers */
    const struct http_upload *upload; /* where file parts of forms go; NULL: they are refused. Borrowed until close */
};

/* Refuses when the port is taken (field: the port). */
MUST_CHECK int http_open(struct http **out, const struct http_options *options, struct reason *why);
/* Answers 503 to whoever still waits and releases their requests: who kept one must drop it. Waits at most half a
 * second for the answers to leave. */
void http_close(struct http **open);
uint16_t http_port(const struct http *http);

/* For the loop: wait until this fd is readable or http_timeout_ms() has passed (-1: no limit), then http_turn(). Ask
 * for the timeout last before waiting: an answer to a kept request makes it 0 and the fd not readable. */
int http_fd(const struct http *http);
int http_timeout_ms(struct http *http);
void http_turn(struct http *http);

/* Of a request; borrowed until it is answered. Absent: NULL (body: size 0). What is decoded is UTF-8 without control
 * bytes; a request for which that fails never reaches a handler. */
const char *http_path(const struct http_request *request);                /* as it was sent, without the query */
const char *http_path_rest(const struct http_request *request);           /* what the first star matched, decoded */
const char *http_path_part(const struct http_request *request, int star); /* what that star matched, from 0 */
/* The numeric address of whoever is connected; a proxy's where there is one. */
void http_peer(const struct http_request *request, char peer[HTTP_PEER_BYTES_MAX + 1]);
/* The first of that name, decoded; "" for a name without a value. */
const char *http_query(const struct http_request *request, const char *name);
const char *http_header(const struct http_request *request, const char *name);
/* The last of that name: proxies add theirs at the end. */
const char *http_header_last(const struct http_request *request, const char *name);
const uint8_t *http_body(const struct http_request *request, size_t *size);

/* One more header for the answer to come; the name is borrowed until then, the value copied and cut. It must be without
 * control bytes. Of two Retry-After the first stays. */
void http_add_header(struct http_request *request, const char *name, const char *value);
/* Retry-After (RFC 9110, 10.2.3) in whole seconds, rounded up. */
void http_add_retry_after(struct http_request *request, int64_t wait_ms);
/* Answers and releases the request. Every request is answered exactly once. The body is copied. */
void http_answer(struct http_request *request, int status, const char *content_type, const char *body, size_t size);
/* Answers with `size` bytes of an open file from its start, and closes it: the answer is read from there as it leaves. */
void http_answer_file(struct http_request *request, int status, const char *content_type, int take_fd, size_t size);

/* An answer without an end, as text/event-stream wants it: whenever the client takes more, `read` is asked for up to `room` bytes;
 * 0: nothing is there now, until http_stream_wake; -1: it is over. `closed` is called once, when the client is gone or the answer is
 * over or the server closes: after it the request is not to be touched. Both are called from http_turn, or from http_close. A client
 * that takes nothing of what waits for it is cut a little after request_ms_max; one that leaves is noticed with the next bytes. What
 * the system keeps of it for a slow client is at most some hundred kilobytes. */
struct http_stream {
    void *context;
    long (*read)(void *context, char *bytes, size_t room);
    void (*closed)(void *context);
};
void http_answer_stream(struct http_request *request, const char *content_type, const struct http_stream *stream);
/* There is something to read again, or it is over. Harmless at any time between the answer and `closed`, also within `read`. */
void http_stream_wake(struct http_request *request);
/* The client has closed its end, as far as is known; costs a system call. */
bool http_stream_is_left(const struct http_request *request);
/* The answer ends after what `read` has given; neither function is called any more, and the request is not to be touched. */
void http_stream_end(struct http_request *request);

/* {"error":{"field":…,"reason":…}} with the given status; 503 carries Retry-After: 1, unless one was added. */
void http_refuse(struct http_request *request, int status, const struct reason *why);
void http_refuse_field(struct http_request *request, int status, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
