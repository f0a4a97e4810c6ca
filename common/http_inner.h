/* What http.c (server and loop), http_read.c (from bytes to handler) and http_answer.c share. Nobody else includes it. */
#ifndef ZHITONG_HTTP_INNER_H
#define ZHITONG_HTTP_INNER_H

#include <microhttpd.h>
#include <stdint.h>

#include "common/http.h"

#define HTTP_HEAD_BYTES_MAX 16384  /* request line and headers; past it libmicrohttpd answers 414 or 431 */
#define HTTP_SEGMENT_BYTES_MAX 255 /* of what a star in a route matches, decoded */
#define HTTP_LINGER_MS 1000        /* how long a cut client may go on sending, so that it can read the answer */
#define HTTP_CLOSE_MS_MAX 500      /* how long http_close waits for its last answers to leave */

/* A connection carries one request at a time, so the request's record is the connection's. */
enum http_state {
    HTTP_IDLE,     /* before a request, or between two: no request line yet */
    HTTP_HEAD,     /* request line is here, headers are not yet */
    HTTP_BODY,     /* headers passed the guard */
    HTTP_HANDLING, /* the handler is running */
    HTTP_WAITING,  /* the handler kept it: suspended */
    HTTP_ANSWERED, /* answered while it waited: goes out in the next turn */
    HTTP_SENDING,  /* libmicrohttpd has the answer */
    HTTP_CUT       /* answered past libmicrohttpd and half closed: what still comes is thrown away */
};

struct http_request {
    struct http *http;
    struct http_request *next, *previous;
    struct MHD_Connection *connection;
    enum http_state state;
    int64_t deadline_ms; /* monotonic; looked at in HTTP_IDLE, HTTP_HEAD, HTTP_BODY and HTTP_CUT */
    uint64_t served;     /* requests answered on this connection */

    /* of the request at hand; strings lie in libmicrohttpd's pool until it is completed */
    const char *method;
    const char *target; /* raw; libmicrohttpd cuts it at the question mark, which leaves the path */
    size_t target_size;
    bool target_clean;
    bool query_broken;
    char parts[HTTP_STARS_MAX][HTTP_SEGMENT_BYTES_MAX + 1]; /* what the stars of the route matched */
    uint8_t *body;
    size_t body_size, body_room;
    size_t held_bytes;      /* memory for its body that counts against bodies_bytes_max */
    size_t body_bytes_max;  /* of its route */
    int64_t started_ms;     /* monotonic: when its deadline began to run */
    struct http_form *form; /* NULL: the body is no form */

    const char *header_names[HTTP_HEADERS_MAX];
    char header_values[HTTP_HEADERS_MAX][HTTP_HEADER_BYTES_MAX + 1];
    size_t header_count;
    struct MHD_Response *reply;
    unsigned reply_status;

    struct http_stream stream; /* of an answer without an end; read NULL: it is none */
    bool stream_rests;         /* suspended until http_stream_wake */
};

struct http {
    struct MHD_Daemon *daemon;
    struct http_options options;
    const struct http_route *routes;
    size_t route_count;
    void *context;
    struct http_request *first; /* every open connection */
    size_t held_bytes;          /* of all requests */
    int64_t next_deadline_ms;   /* no connection's deadline is earlier */
    int fd;                     /* libmicrohttpd's epoll */
    int listener;
    uint16_t port;
    bool resumed; /* an answer waits for the next turn, and nothing makes the fd readable for it */
    bool closing;
};

/* http.c */
void http_set_deadline(struct http_request *request, int64_t after_ms);

/* http_read.c: libmicrohttpd's callbacks */
void *http_on_target(void *http, const char *target, struct MHD_Connection *connection);
size_t http_on_escape(void *http, struct MHD_Connection *connection, char *text);
enum MHD_Result http_on_access(void *http, struct MHD_Connection *connection, const char *path, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **context);
void http_reset(struct http_request *request); /* frees what one request took */

/* http_form.c. A form that is wrong is read to its end, which the limit bounds, and refused then. */
void http_form_begin(struct http_request *request, const struct http_route *route);
void http_form_take(struct http_request *request, const uint8_t *data, size_t size);
/* The body is complete. True: the handler may run. False: it was refused (answered), or files are still being stored, and the
 * request is dispatched when they are. */
bool http_form_complete(struct http_request *request);
void http_form_drop(struct http_request *request);

/* http_body.c */
/* True, and why: the body is compressed. Nothing is unpacked here: a few bytes could become gigabytes (RFC 9110 8.4). */
bool http_is_packed(const struct http_request *request, struct reason *why);
void http_refuse_size(struct http_request *request); /* 413, and cuts */
enum MHD_Result http_take_body(struct http_request *request, const char *upload, size_t *upload_size);
/* Counts memory that a request's body is about to take, until http_reset; false: there is none left. */
MUST_CHECK bool http_hold(struct http_request *request, size_t bytes, struct reason *why);

/* http_read.c: finds the route of a request that is all here, and runs its handler */
void http_hand_over(struct http_request *request);

/* http_query.c: false when the query has a parameter that the route does not take: answered */
bool http_query_fits(struct http_request *request, const struct http_route *route);

/* http_answer.c */
struct http_reply {
    int status;
    const char *content_type;
    const char *body;
    size_t size;
    const char *header_name, *header_value; /* one more header, or NULL */
    int file;                               /* open file that is the body instead, when `from_file` */
    bool from_file;
    bool streams; /* request->stream is the body instead */
    bool close;
};
void http_answer_reply(struct http_request *request, const struct http_reply *reply);
/* http_stream.c: of a reply whose `streams` is set */
struct MHD_Response *http_stream_response(struct http_request *request);
void http_stream_drop(struct http_request *request); /* the client is gone, or the answer is over */
void http_stream_close_all(struct http *http);       /* each ends with its next read */

/* The body of every refusal; returns its size. */
#define HTTP_REFUSAL_BYTES_MAX 2048
size_t http_refusal_body(char out[HTTP_REFUSAL_BYTES_MAX], const struct reason *why);
/* Refuses a request that breaks the protocol: answers and closes the connection. */
void http_refuse_and_close(struct http_request *request, int status, const struct reason *why);
void http_refuse_method(struct http_request *request, const char *allow);
/* Gives the kept answer to libmicrohttpd. */
enum MHD_Result http_send_reply(struct http_request *request);
/* Answers past libmicrohttpd, which takes no answer while it still reads, and closes our half. */
void http_cut(struct http_request *request, int status, const struct reason *why);

#endif
