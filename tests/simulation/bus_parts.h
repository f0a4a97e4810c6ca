/* The bus's parts: bus.c (what travels, and what goes wrong) and bus_wire.c (what the product calls). */
#ifndef ZHITONG_SIMULATION_BUS_PARTS_H
#define ZHITONG_SIMULATION_BUS_PARTS_H

#include "common/wire.h"
#include "tests/simulation/world.h"

struct parcel {
    struct parcel *next;
    int64_t at, sent_at;
    uint64_t number; /* in the order of sending */
    struct wire_peer peer;
    char user[WIRE_USER_MAX + 1];
    struct bytes header;
    zmq_msg_t frame;
    bool has_frame;
};

struct queue {
    struct parcel *first, *last;
};

struct socket {
    struct socket *next;
    struct node *node; /* NULL: somebody outside */
    int port;          /* of a router; 0: a dealer */
    char domain[16];
    struct connection *connection; /* of a dealer */
    struct queue in;
    uint64_t newest; /* highest number that arrived */
};

enum stage { AWAY, AT_DOOR, OPEN, REFUSED };

struct connection {
    struct connection *next;
    struct socket *dealer, *router; /* router: NULL while AWAY */
    enum stage stage;
    int port;
    char key[WIRE_KEY_SIZE];
    uint32_t peer;
    char user[WIRE_USER_MAX + 1];
    int64_t knock_at;
    struct queue to_router, to_dealer;
};

struct bus {
    struct socket *sockets;
    struct connection *connections;
    uint64_t parcels; /* numbers given */
    uint32_t peers;
    int ports;
    unsigned keys;
    bool outside_woken;
};
extern struct bus bus;

void queue_put(struct queue *queue, struct parcel *parcel);
struct parcel *queue_take(struct queue *queue);
void queue_drop(struct queue *queue);
void parcel_close(struct parcel *parcel);
int64_t bus_travel_ms(void); /* of a parcel, this time */
void connection_lose(
    struct connection *connection); /* with all that is under way; it knocks again unless it was refused */

#endif
