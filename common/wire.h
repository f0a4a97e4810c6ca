/* ZeroMQ sockets under CURVE, and messages over them: a header frame (one msgpack map, see proto/codec.h), for
 * `entries` a second frame. No ZMTP heartbeats: libzmq 4.3.4 aborts on a stalled reader with them; silence is seen by
 * who waits for `head`. High-water marks are off: credit bounds what is under way. */
#ifndef ZHITONG_WIRE_H
#define ZHITONG_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "proto/codec.h"

#define WIRE_KEY_SIZE 41       /* Z85 text of a CURVE key with its NUL */
#define WIRE_USER_MAX 80       /* who the key belongs to, from ZAP */
#define WIRE_PEER_MAX 32       /* bytes of a routing id */
#define WIRE_FRAME_MAX 8388608 /* bytes; a larger frame ends its connection */

struct wire_keys {
    char public_key[WIRE_KEY_SIZE];
    char secret_key[WIRE_KEY_SIZE];
};

void wire_keys_make(struct wire_keys *keys);
/* Reads `public` and `secret` lines as `zhitong keys` writes them. Refuses with the path as field. */
MUST_CHECK int wire_keys_read(struct wire_keys *keys, const char *path, struct reason *why);

struct wire_peer { /* whom a ROUTER answers */
    uint8_t id[WIRE_PEER_MAX];
    uint8_t size;
};
bool wire_peer_same(const struct wire_peer *a, const struct wire_peer *b);

struct wire_router_options {
    const struct wire_keys *keys;
    const char *host;   /* address to bind, "0.0.0.0" for all */
    int port;           /* 0: any free one */
    const char *domain; /* ZAP domain: "mesh" or "public" */
    size_t frame_max;   /* bytes */
};
/* Binds a ROUTER; *port gets the bound port. NULL: refused. */
MUST_CHECK void *wire_router(void *context, const struct wire_router_options *options, int *port, struct reason *why);
/* Connects a DEALER to an endpoint whose owner has server_key (Z85). Never blocks. NULL on a malformed endpoint. */
void *wire_dealer(void *context, const struct wire_keys *keys, const char *endpoint, const char *server_key);
/* The same for who has other endpoints to turn to: while there is no connection, sending fails and nothing waits for one. */
void *wire_dealer_connected(void *context, const struct wire_keys *keys, const char *endpoint, const char *server_key);
void wire_close(void **socket);

/* Sends a message without blocking; peer is NULL for a DEALER. -1: the peer is gone. What is lost is asked for again. */
int wire_send(void *socket, const struct wire_peer *peer, enum message number, const void *value);
/* The same for a message that is encoded already. */
int wire_send_bytes(void *socket, const struct wire_peer *peer, const struct bytes *message);
/* The same with a second frame, which is taken (also on failure). */
int wire_send_frame(void *socket, const struct wire_peer *peer, const struct entries *entries, zmq_msg_t *take_frame);

struct packet {
    struct wire_peer peer; /* of a ROUTER */
    char user[WIRE_USER_MAX + 1];
    zmq_msg_t header, frame;
    bool has_frame;
};
/* Waits until something can be read from the socket, at most so long; NULL: only that. */
void wire_wait(void *socket, int timeout_ms);
/* 1: a packet was read, end it with packet_close; 0: nothing waits; -1: malformed (dropped). */
MUST_CHECK int packet_read(struct packet *packet, void *socket, bool router);
void packet_close(struct packet *packet);
const uint8_t *packet_data(struct packet *packet, size_t *size);

/* ---- ZAP: who may connect ------------------------------------------------------------------------------- */

struct zap;
struct zap_who {            /* wants to connect */
    const char *domain;     /* of the endpoint */
    const char *address;    /* IP address */
    const char *public_key; /* Z85 */
};
/* Finds who owns the public key in this domain: fills user and returns true, or returns false. */
typedef bool zap_find(void *context, const struct zap_who *who, char user[WIRE_USER_MAX + 1]);
struct zap *zap_open(void *context);
void zap_close(struct zap **zap);
void *zap_socket(struct zap *zap);
void zap_turn(struct zap *zap, zap_find *find, void *find_context); /* answers all that wait */

#endif
