/* Who listens live, and what they are told: Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * Each unit that somebody listens to is followed once at notification, from its end; its newest entries lie in a ring, and a client is
 * a position in it, from which libmicrohttpd takes as much as the client's socket takes. So a client costs a connection and some
 * hundred bytes, whatever its speed. Who comes back with a position before the ring is told what lies between by a second follow of
 * the unit's stream (a replay, one a unit, REPLAYS_MAX in all), a window at a time for all that wait there. Who is too slow for
 * the ring, or for a window, is cut and comes back.
 *
 *   id: UNIT.SEQ     event: MOVE      data: the event of CloudEvents as JSON (common/event.h)
 *   id: UNIT.SEQ     alone: nothing new was for this client up to there
 *   event: truncated data: {"unit":…,"first":N}: what came before N is no longer kept
 *   event: ended     data: {"reason":…}: the session is over; nothing follows, and there is no use in coming back */
#ifndef ZHITONG_DESK_LIVE_HUB_H
#define ZHITONG_DESK_LIVE_HUB_H

#include "common/filter.h"
#include "common/http.h"
#include "common/mesh.h"
#include "services/desk/session.h"

#define LIVE_COMMENT_MS 15000 /* silence after which something is sent, so that proxies keep the connection */
#define LIVE_CLIENTS_MAX 20000

struct live_hub_options {
    void *zmq;
    const struct wire_keys *keys; /* of the member; borrowed */
    size_t clients_max;           /* at most LIVE_CLIENTS_MAX */
    size_t session_max;           /* clients of one session */
    size_t bytes_max;             /* of all rings */
    void *context;
    const struct member *(*owner)(void *context, const char *stream); /* see live_follow.h */
    const struct city *(*city)(void *context);                        /* NULL while none is loaded */
};

struct live_hub;
struct live_hub *live_hub_open(const struct live_hub_options *options);
void live_hub_close(struct live_hub **hub); /* ends every answer */

struct live_wish { /* copied */
    const struct person *person;
    const char *digest;          /* of the session */
    const struct filter *filter; /* count 0: everything */
    const char *last_id;         /* Last-Event-ID; NULL, or of another unit: from now on */
};
/* Answers the request with an endless stream, or refuses and answers nothing: there are clients_max already, or session_max of the
 * session. */
MUST_CHECK int live_hub_add(struct live_hub *hub, struct http_request *request, const struct live_wish *wish,
                            struct reason *why);
/* Ends all: each comes back to another replica. */
void live_hub_end_all(struct live_hub *hub);

void live_hub_turn(struct live_hub *hub);
size_t live_hub_sockets(const struct live_hub *hub, void **sockets, size_t room);
int live_hub_wait_ms(const struct live_hub *hub); /* -1: nobody listens */
size_t live_hub_clients(const struct live_hub *hub);

/* For who looks whether the sessions still hold: clients by place, 0 to clients_max - 1. The mark tells a client from a later one of
 * the same place. NULL: nobody is there. */
const char *live_hub_session(const struct live_hub *hub, size_t place, uint64_t *mark);
/* What the session's person may see now; NULL: it has ended. Nothing happens when that client is gone. */
void live_hub_believe(struct live_hub *hub, size_t place, uint64_t mark, const struct person *person);

#endif
