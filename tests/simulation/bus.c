/* The bus without a network (common/wire.h, replaced). As with ZeroMQ over TCP, what is sent on one connection arrives in order, or the
 * connection breaks and everything under way in it is lost; between connections there is no order. Beyond ZeroMQ, a parcel may arrive
 * twice: whoever reconnects and asks again looks the same from the other side. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"
#include "tests/simulation/world.h"

#define KNOCK_MS 20 /* until a lost connection is tried again */
#define KNOCK_MS_MAX 400
#define PARCEL_MS_MAX 3000

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

struct zap {
    int nothing;
};

static struct socket *sockets;
static struct connection *connections;
static uint64_t parcels;
static uint32_t peers;
static int ports;
static unsigned keys;
static bool outside_woken;

/* ---- keys ---------------------------------------------------------------------------------------------------------------------- */

void bus_key(char key[WIRE_KEY_SIZE], const char *kind, unsigned number) {
    snprintf(key, WIRE_KEY_SIZE, "%s%0*u", kind, (int)(WIRE_KEY_SIZE - 1 - strlen(kind)), number);
}

void wire_keys_make(struct wire_keys *made) {
    bus_key(made->public_key, "member", ++keys);
    bus_key(made->secret_key, "secret", keys);
}

int wire_keys_read(struct wire_keys *read, const char *path, struct reason *why) {
    (void)path;
    (void)why;
    bus_key(read->public_key, "public", 0);
    bus_key(read->secret_key, "secret", 0);
    return 0;
}

/* ---- queues --------------------------------------------------------------------------------------------------------------------- */

static void put(struct queue *queue, struct parcel *parcel) {
    parcel->next = NULL;
    if (queue->first == NULL)
        queue->first = parcel;
    else
        queue->last->next = parcel;
    queue->last = parcel;
}

static struct parcel *take(struct queue *queue) {
    struct parcel *parcel = queue->first;
    if (parcel != NULL)
        queue->first = parcel->next;
    return parcel;
}

static void parcel_close(struct parcel *parcel) {
    bytes_close(&parcel->header);
    if (parcel->has_frame)
        zmq_msg_close(&parcel->frame);
    free(parcel);
}

static void drop(struct queue *queue) {
    struct parcel *parcel;
    while ((parcel = take(queue)) != NULL) {
        world.happened[HAPPENED_dropped]++;
        parcel_close(parcel);
    }
}

static struct parcel *copy_of(const struct parcel *parcel) {
    struct parcel *copy = calloc(1, sizeof *copy);
    assert(copy != NULL);
    copy->number = parcel->number;
    copy->sent_at = parcel->sent_at;
    bytes_append(&copy->header, parcel->header.data, parcel->header.size);
    copy->has_frame = parcel->has_frame;
    if (copy->has_frame) {
        zmq_msg_init(&copy->frame);
        zmq_msg_copy(&copy->frame, (zmq_msg_t *)(uintptr_t)&parcel->frame);
    }
    return copy;
}

/* ---- connections ------------------------------------------------------------------------------------------------------------------ */

static int64_t travel(void) {
    return chance_one_in(80) ? chance_between(50, PARCEL_MS_MAX) : chance_between(0, 5);
}

static void lose(struct connection *connection) {
    drop(&connection->to_router);
    drop(&connection->to_dealer);
    if (connection->stage == REFUSED)
        return;
    connection->stage = AWAY;
    connection->router = NULL;
    connection->knock_at = world.now_ms + chance_between(KNOCK_MS, KNOCK_MS_MAX);
}

static struct connection *with_peer(const struct socket *router, const struct wire_peer *peer) {
    uint32_t number;
    memcpy(&number, peer->id + 1, sizeof number);
    for (struct connection *connection = connections; connection != NULL; connection = connection->next)
        if (connection->stage == OPEN && connection->router == router && connection->peer == number)
            return connection;
    return NULL;
}

static void knock(struct connection *connection) {
    for (struct socket *socket = sockets; socket != NULL; socket = socket->next) {
        if (socket->port != connection->port)
            continue;
        connection->router = socket;
        connection->stage = AT_DOOR;
        connection->peer = ++peers;
        connection->knock_at = NEVER;
        node_wake(socket->node);
        return;
    }
    connection->knock_at = world.now_ms + chance_between(KNOCK_MS, KNOCK_MS_MAX);
}

void *zap_socket(struct zap *zap) {
    (void)zap;
    return NULL;
}

struct zap *zap_open(void *context) {
    static struct zap zap;
    (void)context;
    return &zap;
}

void zap_close(struct zap **zap) {
    *zap = NULL;
}

void zap_turn(struct zap *zap, zap_find *find, void *find_context) {
    (void)zap;
    for (struct connection *connection = connections; connection != NULL; connection = connection->next) {
        if (connection->stage != AT_DOOR || connection->router->node != world.current)
            continue;
        const struct zap_who who = {connection->router->domain, "127.0.0.1", connection->key};
        bool known = find(find_context, &who, connection->user);
        trace("%s %s at the %s door", connection->key, known ? "comes in" : "is refused", who.domain);
        connection->stage = known ? OPEN : REFUSED;
        if (!known)
            lose(connection);
    }
}

/* ---- sockets ------------------------------------------------------------------------------------------------------------------------ */

static struct socket *open_socket(void) {
    struct socket *socket = calloc(1, sizeof *socket), **end = &sockets;
    assert(socket != NULL);
    socket->node = world.current;
    while (*end != NULL)
        end = &(*end)->next;
    return *end = socket;
}

void *wire_router(void *context, const struct wire_router_options *options, int *port, struct reason *why) {
    (void)context;
    (void)why;
    struct socket *socket = open_socket();
    socket->port = options->port != 0 ? options->port : 50000 + ++ports;
    snprintf(socket->domain, sizeof socket->domain, "%s", options->domain);
    *port = socket->port;
    return socket;
}

void *wire_dealer(void *context, const struct wire_keys *own, const char *endpoint, const char *server_key) {
    (void)context;
    const char *colon = strrchr(endpoint, ':');
    if (strlen(server_key) != WIRE_KEY_SIZE - 1 || colon == NULL)
        return NULL;
    struct socket *socket = open_socket();
    struct connection *connection = calloc(1, sizeof *connection), **end = &connections;
    assert(connection != NULL);
    connection->dealer = socket;
    connection->port = atoi(colon + 1);
    memcpy(connection->key, own->public_key, sizeof connection->key);
    connection->knock_at = world.now_ms + travel();
    socket->connection = connection;
    while (*end != NULL)
        end = &(*end)->next;
    *end = connection;
    return socket;
}

static void close_connection(struct connection *connection) {
    struct connection **at = &connections;
    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    drop(&connection->to_router);
    drop(&connection->to_dealer);
    free(connection);
}

void wire_close(void **handle) {
    struct socket *socket = *handle, **at = &sockets;
    if (socket == NULL)
        return;
    if (socket->connection != NULL)
        close_connection(socket->connection);
    for (struct connection *connection = connections; connection != NULL; connection = connection->next)
        if (connection->router == socket)
            lose(connection);
    drop(&socket->in);
    while (*at != socket)
        at = &(*at)->next;
    *at = socket->next;
    free(socket);
    *handle = NULL;
}

void bus_close(void) {
    while (sockets != NULL) {
        void *socket = sockets;
        wire_close(&socket);
    }
    parcels = 0;
    peers = keys = 0;
    ports = 0;
    outside_woken = false;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------------------ */

bool wire_peer_same(const struct wire_peer *a, const struct wire_peer *b) {
    return a->size == b->size && memcmp(a->id, b->id, a->size) == 0;
}

static bool may_come_twice(const struct parcel *parcel) {
    switch (message_peek(parcel->header.data, parcel->header.size)) {
    case MESSAGE_entries:
    case MESSAGE_head:
    case MESSAGE_submit:
    case MESSAGE_accepted:
    case MESSAGE_command:
    case MESSAGE_done:
    case MESSAGE_moved:
    case MESSAGE_busy:
        return true;
    default:
        return false;
    }
}

static void put_in_order(struct queue *queue, struct parcel *parcel) {
    parcel->at = world.now_ms + travel();
    if (queue->first != NULL && parcel->at < queue->last->at)
        parcel->at = queue->last->at;
    put(queue, parcel);
}

static int send(struct socket *socket, const struct wire_peer *peer, struct parcel *take_parcel) {
    struct connection *connection = socket->connection;
    if (peer != NULL)
        connection = with_peer(socket, peer);
    if (connection == NULL || connection->stage == REFUSED || (world.current != NULL && world.current->dying)) {
        parcel_close(take_parcel);
        return peer != NULL ? -1 : 0;
    }
    take_parcel->number = ++parcels;
    take_parcel->sent_at = world.now_ms;
    struct queue *queue = peer != NULL ? &connection->to_dealer : &connection->to_router;
    if (chance_one_in(40) && may_come_twice(take_parcel)) {
        world.happened[HAPPENED_doubled]++;
        put_in_order(queue, copy_of(take_parcel));
    }
    put_in_order(queue, take_parcel);
    return 0;
}

static struct parcel *parcel_of(const struct bytes *header) {
    struct parcel *parcel = calloc(1, sizeof *parcel);
    assert(parcel != NULL);
    bytes_append(&parcel->header, header->data, header->size);
    return parcel;
}

int wire_send_bytes(void *socket, const struct wire_peer *peer, const struct bytes *message) {
    return send(socket, peer, parcel_of(message));
}

int wire_send(void *socket, const struct wire_peer *peer, enum message number, const void *value) {
    struct bytes header = {0};
    message_encode(number, value, &header);
    int status = wire_send_bytes(socket, peer, &header);
    bytes_close(&header);
    return status;
}

int wire_send_frame(void *socket, const struct wire_peer *peer, const struct entries *entries, zmq_msg_t *take_frame) {
    struct bytes header = {0};
    message_encode(MESSAGE_entries, entries, &header);
    struct parcel *parcel = parcel_of(&header);
    bytes_close(&header);
    zmq_msg_init(&parcel->frame);
    zmq_msg_move(&parcel->frame, take_frame);
    zmq_msg_close(take_frame);
    parcel->has_frame = true;
    return send(socket, peer, parcel);
}

/* ---- receiving ------------------------------------------------------------------------------------------------------------------------ */

void wire_wait(void *socket, int timeout_ms) {
    (void)socket;
    (void)timeout_ms;
}

int packet_read(struct packet *packet, void *handle, bool router) {
    struct socket *socket = handle;
    struct parcel *parcel = take(&socket->in);
    packet->has_frame = false;
    packet->user[0] = '\0';
    packet->peer.size = 0;
    if (parcel == NULL)
        return 0;
    if (router)
        packet->peer = parcel->peer;
    memcpy(packet->user, parcel->user, sizeof packet->user);
    int status = zmq_msg_init_size(&packet->header, parcel->header.size);
    assert(status == 0);
    (void)status;
    memcpy(zmq_msg_data(&packet->header), parcel->header.data, parcel->header.size);
    packet->has_frame = parcel->has_frame;
    if (parcel->has_frame) {
        zmq_msg_init(&packet->frame);
        zmq_msg_move(&packet->frame, &parcel->frame);
    }
    parcel_close(parcel);
    return 1;
}

void packet_close(struct packet *packet) {
    zmq_msg_close(&packet->header);
    if (packet->has_frame)
        zmq_msg_close(&packet->frame);
    packet->has_frame = false;
}

const uint8_t *packet_data(struct packet *packet, size_t *size) {
    *size = zmq_msg_size(&packet->header);
    return zmq_msg_data(&packet->header);
}

/* ---- what happens next ------------------------------------------------------------------------------------------------------------------ */

static int64_t first_at(const struct connection *connection) {
    int64_t at = connection->stage == AWAY ? connection->knock_at : NEVER;
    if (connection->stage != OPEN)
        return at;
    if (connection->to_router.first != NULL && connection->to_router.first->at < at)
        at = connection->to_router.first->at;
    if (connection->to_dealer.first != NULL && connection->to_dealer.first->at < at)
        at = connection->to_dealer.first->at;
    return at;
}

static struct connection *next_connection(void) {
    struct connection *next = connections;
    for (struct connection *connection = connections; connection != NULL; connection = connection->next)
        if (first_at(connection) < first_at(next))
            next = connection;
    return next;
}

int64_t bus_next_at(void) {
    return connections != NULL ? first_at(next_connection()) : NEVER;
}

static void deliver(struct connection *connection, struct queue *queue, struct socket *to) {
    struct parcel *parcel = take(queue);
    world.happened[HAPPENED_packets]++;
    if (parcel->number < to->newest)
        world.happened[HAPPENED_overtaken]++;
    else
        to->newest = parcel->number;
    parcel->peer.size = 1 + sizeof connection->peer;
    parcel->peer.id[0] = 0;
    memcpy(parcel->peer.id + 1, &connection->peer, sizeof connection->peer);
    memcpy(parcel->user, connection->user, sizeof parcel->user);
    trace("message %d arrives at %s", (int)message_peek(parcel->header.data, parcel->header.size),
          to->node != NULL ? to->node->service->name : "somebody outside");
    trace_bytes(parcel->header.data, parcel->header.size);
    if (parcel->has_frame)
        trace_bytes(zmq_msg_data(&parcel->frame), zmq_msg_size(&parcel->frame));
    put(&to->in, parcel);
    if (to->node != NULL)
        node_wake(to->node);
    else
        outside_woken = true;
}

void bus_step(void) {
    struct connection *connection = next_connection();
    if (connection->stage == AWAY) {
        knock(connection);
        return;
    }
    bool in = connection->to_router.first != NULL && connection->to_router.first->at <= world.now_ms;
    if (in)
        deliver(connection, &connection->to_router, connection->router);
    else
        deliver(connection, &connection->to_dealer, connection->dealer);
}

bool bus_outside_woken(void) {
    bool woken = outside_woken;
    outside_woken = false;
    return woken;
}

/* ---- faults ------------------------------------------------------------------------------------------------------------------------------ */

static struct connection *some_connection(void) {
    uint32_t count = 0;
    for (struct connection *connection = connections; connection != NULL; connection = connection->next)
        count += connection->stage == OPEN;
    uint32_t nth = count > 0 ? chance_below(count) : 0;
    for (struct connection *connection = connections; connection != NULL; connection = connection->next)
        if (connection->stage == OPEN && nth-- == 0)
            return connection;
    return NULL;
}

void bus_break_one(void) {
    struct connection *connection = some_connection();
    if (connection == NULL)
        return;
    trace("the connection of %s breaks", connection->key);
    world.happened[HAPPENED_breaks]++;
    lose(connection);
}

static void hold(struct queue *queue, int64_t milliseconds) {
    for (struct parcel *parcel = queue->first; parcel != NULL; parcel = parcel->next)
        parcel->at += milliseconds;
}

void bus_hold_one(int64_t milliseconds) {
    struct connection *connection = some_connection();
    if (connection == NULL)
        return;
    trace("the connection of %s is held", connection->key);
    world.happened[HAPPENED_held]++;
    hold(&connection->to_router, milliseconds);
    hold(&connection->to_dealer, milliseconds);
}
