/* The service skeleton: a service is a table, and its main() is one call.
 *
 *     int main(int argc, char **argv) { return service_main(&routing, argc, argv); }
 *
 * The skeleton reads the settings, answers --help and --check, joins the mesh, owns and hands over shards, follows
 * the upstreams' logs, runs batches in lanes (one thread and one database connection each), serves its own log to
 * followers, keeps health and metrics pages, and drains on SIGTERM. See docs/architecture.md. */
#ifndef ZHITONG_SERVICE_H
#define ZHITONG_SERVICE_H

#include "common/batch.h"
#include "common/http.h"
#include "common/series.h"
#include "common/settings.h"

struct handler { /* who decides about a message: an entry of an upstream's log, or a request */
    enum message type;
    enum input_kind kind;
    batch_handler *handle;
};

/* Which shard a request belongs to: decoded by the loop to find the owner before it is handed to a lane. */
#define SHARD_ANY UINT16_MAX
struct request_form {
    enum message type;
    size_t size; /* of the message's struct */
    /* The shard and the idempotency key of the decoded request; SHARD_ANY: any shard of ours will do. */
    uint16_t (*shard)(const void *request, const char **key);
};

struct service_loop;

/* What a service runs in the loop beside the skeleton's own parts: connections and clients of its own. `own` is what open
 * returned; all are called from the loop. */
struct service_extra {
    void *(*open)(struct service_loop *loop, struct reason *why); /* NULL: it cannot start */
    void (*turn)(void *own);                                      /* once a turn */
    size_t (*sockets)(void *own, void **sockets, size_t room);    /* the ZeroMQ sockets that end the wait */
    int (*wait_ms)(void *own);                                    /* how long the loop may wait at most; -1: no limit */
    /* A stream that is served here has got to this seq, by us or by a peer; some news come late or twice. NULL: not wanted */
    void (*advanced)(void *own, const char *stream, uint64_t seq);
    /* What it must know before it can take work, a line for /readyz; NULL: nothing more. Not wanted: NULL */
    const char *(*missing)(void *own);
    bool (*idle)(void *own);  /* nothing is under way: it may end */
    void (*stop)(void *own);  /* ends its threads; what they had done still comes to the loop */
    void (*close)(void *own); /* HTTP requests that it kept are answered after it */
};

struct service {
    const char *name;                     /* also its schema, and zhitong_NAME its role */
    const char *purpose;                  /* one sentence for --help */
    const char *upstreams[UPSTREAMS_MAX]; /* whose logs it follows; as in mesh.service */
    const struct setting *settings;       /* its own, beside the common ones */
    size_t setting_count;
    const struct db_query *const *queries; /* its own named queries, NULL-ended list of tables */
    const struct handler *handlers;
    size_t handler_count;
    const struct request_form *request; /* the one kind of request it takes; NULL: none */
    batch_step *load, *save;            /* either may be NULL */
    batch_step *tick;                   /* work that becomes due by itself; NULL: none */
    void *(*lane_open)(const struct settings *settings);
    void (*lane_close)(void *own);
    const char *append_query; /* NULL: it keeps no log of its own */
    const char *read_query;   /* reads a stream back: $1 stream, $2 first seq, $3 how many → seq, body */
    const char *heads_query;  /* last seq of a stream that is not a shard's log: $1 stream → seq; NULL: none */
    /* Of units' streams, where departments may follow them; NULL: none. Where a follow begins: $1 stream, $2 unix ms → head,
     * first seq kept (head + 1: none), first seq of that instant or later; a group's mark: $1 "UNIT GROUP" → mark; to save
     * it: $1, $2 mark, $3 of no meaning. */
    const char *start_query, *mark_query, *save_mark_query;
    const char *tend_query;          /* makes and drops day partitions: $1 days to keep; NULL: none */
    bool public_requests;            /* clients may send requests to the public endpoint */
    bool public_streams;             /* departments may follow streams at the public endpoint */
    const struct http_route *routes; /* its public HTTP API; context is a struct service_loop */
    size_t route_count;
    const struct http_upload *upload;  /* where file parts of forms go; NULL: they are refused */
    const struct service_extra *extra; /* NULL: none */
    const struct series_group *series; /* its labelled metrics, beside metrics.def; NULL: none */
    size_t series_count;
};

/* Settings that several services have, for their tables. */
#define SETTINGS_OF_REQUESTS \
    {"ZHITONG_REQUESTS_WAITING", \
     SETTING_NUMBER, \
     "requests", \
     "5000", \
     1, \
     100000, \
     "requests that may wait for a commit; more are answered busy"}, \
    { \
        "ZHITONG_CHAIN_LAG_MS", SETTING_NUMBER, "ms", "2000", 100, 600000, \
            "requests are answered busy while the end of the chain lags by more" \
    }
#define SETTINGS_OF_PUBLIC_ENDPOINT \
    {"ZHITONG_PUBLIC_PORT", \
     SETTING_NUMBER, \
     "port", \
     "0", \
     0, \
     65535, \
     "TCP port of the public ZeroMQ endpoint; 0 takes any free one"}, \
        {"ZHITONG_PUBLIC_HOST", \
         SETTING_HOST, \
         "", \
         "", \
         0, \
         100, \
         "host name by which those outside reach the public ZeroMQ endpoint, where it is another; empty: as the other services do"}, \
    { \
        "ZHITONG_PUBLIC_KEYS", SETTING_TEXT, "", NULL, 1, 1000, \
            "path of the public endpoint's CURVE key file, from `zhitong keys service`" \
    }
/* Of a service with routes. */
#define SETTINGS_OF_HTTP \
    {"ZHITONG_HTTP_CONNECTIONS", \
     SETTING_NUMBER, \
     "connections", \
     "4096", \
     1, \
     60000, \
     "HTTP connections that may be open; more wait until one closes, and each takes 32 kB while it is"}, \
        {"ZHITONG_ADDRESS_CONNECTIONS", \
         SETTING_NUMBER, \
         "connections", \
         "256", \
         0, \
         60000, \
         "of them from one address; more are closed as they come. 0, or behind a proxy: no limit"}, \
        {"ZHITONG_BODIES_BYTES", \
         SETTING_NUMBER, \
         "bytes", \
         "67108864", \
         65536, \
         4294967296, \
         "memory for request bodies that are being read; past it 503"}, \
    { \
        "ZHITONG_BEHIND_PROXY", SETTING_FLAG, "", "no", 0, 0, \
            "yes: the address of a client is the last one of X-Forwarded-For, which the proxy writes" \
    }

int service_main(const struct service *service, int argc, char **argv);

/* ---- for HTTP handlers: the loop's side door ------------------------------------------------------------- */

/* Hands in a request as if it came over the wire; `answer` is called from the loop with the encoded reply message
 * (accepted, busy, refused, done …). `client` tells idempotency keys of different askers apart. */
typedef void request_answer(void *context, const uint8_t *reply, size_t size);
struct request_ask {
    const void *request; /* the message's struct */
    const char *client;
    request_answer *answer;
    void *context;
};
/* 0: a request would be taken now; else how long its sender shall wait, in ms. Asked before a body is parsed, a refusal costs little. */
uint64_t service_busy_ms(const struct service_loop *loop);
void service_request(struct service_loop *loop, const struct request_ask *ask);

/* Runs one named query in the reader thread; `done` is called from the loop with the result, or NULL on failure.
 * key is the query's only parameter ($1 text). */
typedef void query_done(void *context, const PGresult *result);
void service_query(struct service_loop *loop, const char *query, const char *key, query_done *done, void *context);

const struct city *service_city(struct service_loop *loop); /* NULL while none is loaded */

#endif
