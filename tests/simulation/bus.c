/* The bus without a network. As with ZeroMQ over TCP, what is sent on one connection arrives in order, or the connection breaks and
 * everything under way in it is lost; between connections there is no order. Beyond ZeroMQ, a parcel may arrive twice: whoever reconnects
 * and asks again looks the same from the other side. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/bus_parts.h"

#define KNOCK_MS 20 /* until a lost connection is tried again */
#define KNOCK_MS_MAX 400
#define PARCEL_MS_MAX 3000

struct bus bus;

/* ---- queues --------------------------------------------------------------------------------------------------------------------- */

void queue_put(struct queue *queue, struct parcel *parcel) {
    parcel->next = NULL;
    if (queue->first == NULL)
        queue->first = parcel;
    else
        queue->last->next = parcel;
    queue->last = parcel;
}

struct parcel *queue_take(struct queue *queue) {
    struct parcel *parcel = queue->first;
    if (parcel != NULL)
        queue->first = parcel->next;
    return parcel;
}

void parcel_close(struct parcel *parcel) {
    bytes_close(&parcel->header);
    if (parcel->has_frame)
        zmq_msg_close(&parcel->frame);
    free(parcel);
}

void queue_drop(struct queue *queue) {
    struct parcel *parcel;
    while ((parcel = queue_take(queue)) != NULL) {
        world.happened[HAPPENED_dropped]++;
        parcel_close(parcel);
    }
}

/* ---- connections ---------------------------------------------------------------------------------------------------- */

int64_t bus_travel_ms(void) {
    return chance_one_in(80) ? chance_between(50, PARCEL_MS_MAX) : chance_between(0, 5);
}

void connection_lose(struct connection *connection) {
    queue_drop(&connection->to_router);
    queue_drop(&connection->to_dealer);
    if (connection->stage == REFUSED)
        return;
    connection->stage = AWAY;
    connection->router = NULL;
    connection->knock_at = world.now_ms + chance_between(KNOCK_MS, KNOCK_MS_MAX);
}

static void knock(struct connection *connection) {
    for (struct socket *socket = bus.sockets; socket != NULL; socket = socket->next) {
        if (socket->port != connection->port)
            continue;
        connection->router = socket;
        connection->stage = AT_DOOR;
        connection->peer = ++bus.peers;
        connection->knock_at = NEVER;
        node_wake(socket->node);
        return;
    }
    connection->knock_at = world.now_ms + chance_between(KNOCK_MS, KNOCK_MS_MAX);
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
    struct connection *next = bus.connections;
    for (struct connection *connection = bus.connections; connection != NULL; connection = connection->next)
        if (first_at(connection) < first_at(next))
            next = connection;
    return next;
}

int64_t bus_next_at(void) {
    return bus.connections != NULL ? first_at(next_connection()) : NEVER;
}

static void deliver(struct connection *connection, struct queue *queue, struct socket *to) {
    struct parcel *parcel = queue_take(queue);
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
    queue_put(&to->in, parcel);
    if (to->node != NULL)
        node_wake(to->node);
    else
        bus.outside_woken = true;
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
    bool woken = bus.outside_woken;
    bus.outside_woken = false;
    return woken;
}

/* ---- faults ------------------------------------------------------------------------------------------------------------------------------ */

static struct connection *some_connection(void) {
    uint32_t count = 0;
    for (struct connection *connection = bus.connections; connection != NULL; connection = connection->next)
        count += connection->stage == OPEN;
    uint32_t nth = count > 0 ? chance_below(count) : 0;
    for (struct connection *connection = bus.connections; connection != NULL; connection = connection->next)
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
    connection_lose(connection);
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
