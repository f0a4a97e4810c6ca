/* The bus as the product sees it: common/wire.h, replaced, with its keys and its door. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/bus_parts.h"

struct zap {
    int nothing;
};

/* ---- keys ---------------------------------------------------------------------------------------------------------------------- */

void bus_key(char key[WIRE_KEY_SIZE], const char *kind, unsigned number) {
    snprintf(key, WIRE_KEY_SIZE, "%s%0*u", kind, (int)(WIRE_KEY_SIZE - 1 - strlen(kind)), number);
}

void wire_keys_make(struct wire_keys *made) {
    bus_key(made->public_key, "member", ++bus.keys);
    bus_key(made->secret_key, "secret", bus.keys);
}

int wire_keys_read(struct wire_keys *read, const char *path, struct reason *why) {
    (void)path;
    (void)why;
    bus_key(read->public_key, "public", 0);
    bus_key(read->secret_key, "secret", 0);
    return 0;
}

/* ---- the door ---------------------------------------------------------------------------------------------------- */

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
    for (struct connection *connection = bus.connections; connection != NULL; connection = connection->next) {
        if (connection->stage != AT_DOOR || connection->router->node != world.current)
            continue;
        const struct zap_who who = {connection->router->domain, "127.0.0.1", connection->key};
        bool known = find(find_context, &who, connection->user);
        trace("%s %s at the %s door", connection->key, known ? "comes in" : "is refused", who.domain);
        connection->stage = known ? OPEN : REFUSED;
        if (!known)
            connection_lose(connection);
    }
}

/* ---- sockets ------------------------------------------------------------------------------------------------------------------------ */

static struct socket *open_socket(void) {
    struct socket *socket = calloc(1, sizeof *socket), **end = &bus.sockets;
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
    socket->port = options->port != 0 ? options->port : 50000 + ++bus.ports;
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
    struct connection *connection = calloc(1, sizeof *connection), **end = &bus.connections;
    assert(connection != NULL);
    connection->dealer = socket;
    connection->port = atoi(colon + 1);
    memcpy(connection->key, own->public_key, sizeof connection->key);
    connection->knock_at = world.now_ms + bus_travel_ms();
    socket->connection = connection;
    while (*end != NULL)
        end = &(*end)->next;
    *end = connection;
    return socket;
}

static void close_connection(struct connection *connection) {
    struct connection **at = &bus.connections;
    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    queue_drop(&connection->to_router);
    queue_drop(&connection->to_dealer);
    free(connection);
}

void wire_close(void **handle) {
    struct socket *socket = *handle, **at = &bus.sockets;
    if (socket == NULL)
        return;
    if (socket->connection != NULL)
        close_connection(socket->connection);
    for (struct connection *connection = bus.connections; connection != NULL; connection = connection->next)
        if (connection->router == socket)
            connection_lose(connection);
    queue_drop(&socket->in);
    while (*at != socket)
        at = &(*at)->next;
    *at = socket->next;
    free(socket);
    *handle = NULL;
}

void bus_close(void) {
    while (bus.sockets != NULL) {
        void *socket = bus.sockets;
        wire_close(&socket);
    }
    bus.parcels = 0;
    bus.peers = bus.keys = 0;
    bus.ports = 0;
    bus.outside_woken = false;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------------------ */

static struct connection *with_peer(const struct socket *router, const struct wire_peer *peer) {
    uint32_t number;
    memcpy(&number, peer->id + 1, sizeof number);
    for (struct connection *connection = bus.connections; connection != NULL; connection = connection->next)
        if (connection->stage == OPEN && connection->router == router && connection->peer == number)
            return connection;
    return NULL;
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
    parcel->at = world.now_ms + bus_travel_ms();
    if (queue->first != NULL && parcel->at < queue->last->at)
        parcel->at = queue->last->at;
    queue_put(queue, parcel);
}

static int send(struct socket *socket, const struct wire_peer *peer, struct parcel *take_parcel) {
    struct connection *connection = socket->connection;
    if (peer != NULL)
        connection = with_peer(socket, peer);
    if (connection == NULL || connection->stage == REFUSED || (world.current != NULL && world.current->dying)) {
        parcel_close(take_parcel);
        return peer != NULL ? -1 : 0;
    }
    take_parcel->number = ++bus.parcels;
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
    struct parcel *parcel = queue_take(&socket->in);
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
