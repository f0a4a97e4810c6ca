/* What the parts of the courier share. One thread; only courier->in and courier->board are touched by another, the loop, and a
 * mail's flight, while it is under way, by its mailer. */
#ifndef ZHITONG_NOTIFICATION_COURIER_INNER_H
#define ZHITONG_NOTIFICATION_COURIER_INNER_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "common/db.h"
#include "common/errands.h"
#include "common/filter.h"
#include "common/ids.h"
#include "common/loop.h"
#include "services/notification/carrier_settings.h"
#include "services/notification/delivery_plan.h"
#include "services/notification/endpoint.h"
#include "services/notification/people.h"
#include "services/notification/stream_board.h"

#define DELIVERY_MS_MAX 15000
#define CONNECT_MS_MAX 5000
#define ANSWER_HEADER_BYTES_MAX 32768
#define ANSWER_SHOWN_BYTES_MAX 200 /* of an answer that are kept with the attempt */
#define WRITE_EVERY_MS 50          /* outcomes are written together */
#define OUTCOMES_MAX 4000 /* not written yet; with more nothing new is begun, and what is under way may add to it */
#define WINDOW_ENTRIES_MAX 100    /* of one endpoint in memory */
#define WINDOW_BYTES_MAX 33554432 /* of all endpoints; past it endpoints read ENTRIES_WHEN_FULL at a time */
#define ENTRIES_WHEN_FULL 4
#define READ_ENDPOINTS_MAX 256 /* in one statement */
#define READ_OTHERS_MAX 16     /* of them that are not known to work: the others do not wait for long */
#define VISITS_MAX 1024        /* of endpoints in one turn, per pool */
#define ENDPOINTS_MAX 100000   /* served by one replica; more are left alone, and that is said */
#define STOP_MS_MAX 2000       /* at the end: for what is under way */

struct announced { /* a row of notification.announcement */
    char kind[16], about[ENDPOINT_NAME_MAX + 1], unit[CODE_MAX + 1], why[REASON_TEXT_MAX + 1];
    int64_t at;
};

struct piece { /* one entry for one endpoint, in memory */
    TAILQ_ENTRY(piece) link;
    int64_t seq;      /* below 0: minus the announcement */
    uint64_t through; /* of the stream: entries up to this one are dealt with when it is */
    uint64_t case_id;
    int32_t version;
    int64_t moved_at; /* the city's time */
    int64_t since;    /* real time; 0: was not tried yet */
    int attempts;
    bool is_row; /* it has a row in notification.delivery */
    bool held;
    bool flying, done;
    struct bytes body; /* case_moved; empty: it is an announcement, or gone from the stream */
    struct announced *announced;
};
TAILQ_HEAD(pieces, piece);

struct fed_stream;
enum served_place { NOWHERE, IN_POOL, IDLE };
struct served { /* an endpoint that is served here */
    struct endpoint endpoint;
    struct served *next_by_number;
    struct fed_stream *stream;
    TAILQ_ENTRY(served) link; /* of its pool while it has something to do, of its stream while it waits for news */
    enum delivery_pool pool;
    enum served_place place;
    bool disabled, stale,
        lost;                /* stale: its row changed, it is read anew once nothing is under way; lost: its shard is */
    bool moved, count_again; /* its cursor or health, or its rows, changed since they were written or counted */
    uint16_t shard;
    int64_t changed;
    struct bytes sealed;
    struct filter *filter; /* NULL: everything is wanted */
    uint64_t cursor, read_to;
    uint64_t unread; /* an entry that is missing: it was said; 0: none */
    int64_t read_at; /* monotonic ms: the stream is not read before */
    int64_t *dealt;  /* seqs behind the cursor that were dealt with before it was served here; few, NULL: none */
    uint32_t dealt_count;
    struct pieces window, rows; /* of the stream, in its order; of notification.delivery */
    uint32_t window_count, rows_count;
    uint32_t flying, unwritten; /* transfers under way; outcomes that are not written */
    uint32_t unwritten_rows;    /* of them those that make, change or end a row */
    int64_t waiting, dead;      /* rows */
    int64_t retries;            /* attempts after the first, since it is served here */
    int64_t due_at;             /* of the next row; 0: there is none */
    int64_t pause_until;        /* monotonic ms */
    int64_t hour;               /* of endpoint.told_this_hour */
    struct endpoint_health health;
    bool row_turn; /* rows and stream take turns */
    bool seen;     /* of a sweep */
};
TAILQ_HEAD(served_list, served);

struct fed_stream { /* a stream that endpoints here are fed from */
    struct fed_stream *next;
    char unit[CODE_MAX + 1];
    uint64_t head;
    uint32_t endpoints;
    struct served_list idle; /* those that have read it to its head */
};

enum row_change { ROW_NONE, ROW_KEEP, ROW_DROP };
struct effect { /* what is written of one piece */
    struct served *served;
    int64_t endpoint, seq, at, next_at, since, took_ms;
    uint64_t case_id;
    int32_t version;
    int status;
    int attempts;
    const char *name;  /* sent, again, dead, disabled, nobody; NULL: nothing was tried, so no attempt is written */
    const char *state; /* of the row */
    enum row_change change;
    bool promote;
    char told[ENDPOINT_SHOWN_MAX + 1];
    char answer[ANSWER_SHOWN_BYTES_MAX + 1];
};

struct ending { /* an endpoint that is disabled with the next write */
    struct served *served;
    char why[REASON_TEXT_MAX + 1];
};

struct flight {           /* one transfer */
    struct errand errand; /* of a mail, which one of the mailers brings */
    CURL *easy;
    struct flight *next_free;
    struct courier *courier;
    struct served *served;
    const struct carrier *carrier;
    enum delivery_pool pool; /* whose slot it has */
    struct piece *pieces[PEOPLE_BUNDLE_MAX];
    int count;
    struct transfer transfer;
    struct curl_slist *headers, *recipients;
    size_t body_sent, header_bytes;
    char answer[ANSWER_BYTES_MAX + 1];
    size_t answer_size;
    bool under_way, cut, headers_long;
    CURLcode mailed;    /* how a mail ended */
    const char *closed; /* why its address is refused */
    char closed_address[64];
    char error[CURL_ERROR_SIZE];
    char told[ENDPOINT_SHOWN_MAX + 1];
    char traceparent[TRACEPARENT_SIZE + 1]; /* of its entry; "": none */
    int64_t began_at;                       /* monotonic ms */
};

#define SERVED_BUCKETS 16384
#define MAILERS 8 /* mails at a time */
struct courier {
    struct service_loop *loop; /* of its thread: only its mailbox is used here */
    const struct settings *settings;
    struct carrier_settings carriers;
    struct secret_keys *keys; /* NULL: none are set */
    bool keys_bad;            /* their file was changed and cannot be read: the old ones hold */
    struct mailbox *in;
    struct errands
        *mailers[MAILERS]; /* libcurl waits for a mail server's answer to a message without letting others go on */
    atomic_bool mails_end; /* what mailers have under way is broken off */
    struct stream_board *board;
    pthread_t thread;
    bool stopping;
    int64_t stop_by;

    int64_t epochs[SHARD_COUNT]; /* 0: the shard is not ours */
    struct city_hold *city;      /* a reference, given back to the loop */

    struct db *db;
    int64_t connect_at, sweep_at, heads_at, tend_at, keys_at, tell_at; /* monotonic ms: not before */
    bool sweep_soon;
    bool down; /* said in the journal */

    struct served *by_number[SERVED_BUCKETS];
    struct fed_stream *streams[SERVED_BUCKETS];
    struct served_list lost;
    size_t served_count;
    struct served_list pools[POOL_COUNT];
    uint32_t slots[POOL_COUNT], taken[POOL_COUNT];
    uint32_t per_endpoint;
    int scale_percent;
    const char *private_hosts, *ca_file;
    size_t window_bytes;
    bool again; /* there is more to do at once */
    int64_t scan_at;

    struct effect *outcomes;
    size_t outcome_count, outcome_room;
    struct ending *endings;
    size_t ending_count, ending_room;
    struct served **moved_ones, **recounts;
    size_t moved_count, recount_count, moved_room, recount_room;
    int refusals; /* of writes in a row, for their data */
    int64_t write_at;

    CURLM *multi;
    int epoll;
    int64_t curl_at; /* monotonic ms; -1: never */
    struct flight *flights, *free_flights;
    size_t flight_count, flying;
    int64_t first_worst_ms;
    struct case_moved moved;   /* scratch */
    struct case_moved *bundle; /* scratch, PEOPLE_BUNDLE_MAX of them */
};

struct tidings { /* which shards are ours, and the city; for another city the loop lends a reference */
    struct letter letter;
    int64_t epochs[SHARD_COUNT];
    struct city_hold *city;
};
void *courier_main(void *context); /* the thread */

/* courier_book.c: which endpoints there are. 0, or -1 when the database failed. */
MUST_CHECK int courier_sweep(struct courier *courier);
void courier_own(struct courier *courier, const int64_t epochs[SHARD_COUNT]);
/* The one after `after`, or the first for NULL; *bucket is 0 at first. */
struct served *courier_next_served(struct courier *courier, size_t *bucket, const struct served *after);
/* It is served here no more; its memory goes with courier_settle once nothing of it is under way. */
void served_forget(struct courier *courier, struct served *served);
/* Frees those that are lost, and forgets those that are stale, where nothing is under way or unwritten. */
void courier_settle(struct courier *courier);
void courier_news(struct courier *courier);
MUST_CHECK int courier_heads(struct courier *courier);
void courier_tell_metrics(struct courier *courier);

/* courier_pieces.c */
void bytes_keep(struct bytes *bytes, const void *data, size_t size); /* a copy without room to grow */
struct piece *piece_add(struct courier *courier, struct pieces *list, const struct bytes *body);
void piece_free(struct courier *courier, struct pieces *list, struct piece *piece);
void pieces_free(struct courier *courier, struct pieces *list);
/* Takes the finished from the front of the window and moves the cursor. */
void window_pop(struct courier *courier, struct served *served);
/* Forgets what was read and not begun: it is read again. */
void window_shed(struct courier *courier, struct served *served);
/* The next piece that may begin, or NULL. */
struct piece *piece_next(struct served *served);

/* courier_work.c: who gets a slot */
void served_list_add(struct courier *courier, struct served *served);
void served_unlist(struct courier *courier, struct served *served);
/* It has nothing to do: news of its stream, an ended transfer or the next scan list it again. */
void served_rest(struct courier *courier, struct served *served);
void courier_scan(struct courier *courier);
MUST_CHECK int courier_work(struct courier *courier);

/* courier_read.c */
struct wanted { /* what is read for whom, in one statement */
    struct served *served[READ_ENDPOINTS_MAX];
    size_t count;
};
MUST_CHECK int courier_read_streams(struct courier *courier, const struct wanted *wanted);
MUST_CHECK int courier_read_rows(struct courier *courier, const struct wanted *wanted);

/* courier_say.c: what a piece says. Refuses what can never be told. */
struct saying {
    struct flight *flight;
    struct destination to; /* holds secrets: wiped by say_close */
    struct people_words words;
    char id[120];
    char *json;
    char language[ENDPOINT_LANGUAGE_MAX + 1];
    struct parcel parcel;
};
enum said { SAID_READY, SAID_NOBODY, SAID_REFUSED, SAID_LATER };
enum said say(struct courier *courier, struct saying *saying, struct reason *why);
void say_close(struct saying *saying);

/* courier_fly.c */
MUST_CHECK int courier_curl_open(struct courier *courier, struct reason *why);
void courier_curl_close(struct courier *courier);
/* Begins the transfer of this piece (and of others that are held with it). 0: it is under way, or has ended at once. -1: not now. */
MUST_CHECK int courier_fly(struct courier *courier, struct served *served, struct piece *piece);
void courier_curl_turn(struct courier *courier, const int *ready, int count);
void flight_configure(struct flight *flight); /* courier_curl.c */
void flight_answer(const struct flight *flight, CURLcode code, struct answer *answer,
                   char trouble[REASON_TEXT_MAX + 1]);

/* courier_outcome.c */
struct landing { /* how a transfer ended, for all its pieces */
    const struct verdict *verdict;
    const struct answer *answer;
    int64_t took_ms;
    int64_t again_at; /* of what was held: all that went in one message is tried again in one; 0: each by itself */
};
void courier_landed(struct courier *courier, struct flight *flight, const struct landing *landing);
/* Nothing was tried: it waits behind another of its case, or is held until `next_at` (real time). Of this and the next the caller
 * calls window_pop afterwards. */
void courier_put_off(struct courier *courier, struct served *served, struct piece *piece, int64_t next_at);
/* What was read of this case and not begun waits behind an earlier entry. */
void courier_put_behind(struct courier *courier, struct served *served, uint64_t case_id);
/* Nobody is to be told of it after all. */
void courier_let_go(struct courier *courier, struct served *served, struct piece *piece, const char *why);

/* courier_write.c */
void served_moved(struct courier *courier, struct served *served);
void served_recount(struct courier *courier, struct served *served);
/* What is not written yet is forgotten, with all endpoints: they are read anew. */
void courier_forget_all(struct courier *courier);
MUST_CHECK int courier_write(struct courier *courier);

#endif
