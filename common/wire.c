#include "common/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/key_file.h"

#define STALLED_MS_MAX \
    60000 /* a peer that takes nothing off its socket for so long loses its connection: TCP_USER_TIMEOUT */
#define LINGER_MS 200
#define RECONNECT_MS 20
#define RECONNECT_MS_MAX 500

/* ---- keys ------------------------------------------------------------------------------------------------ */

void wire_keys_make(struct wire_keys *keys) {
    int status = zmq_curve_keypair(keys->public_key, keys->secret_key);
    assert(status == 0);
    (void)status;
}

int wire_keys_read(struct wire_keys *keys, const char *path, struct reason *why) {
    struct wire_keys read;
    if (key_file_read(&read, path, why) != 0)
        return -1;
    if (read.public_key[0] == '\0' || read.secret_key[0] == '\0')
        return refuse(why, path, "must hold the lines `public KEY` and `secret KEY`, as `zhitong keys` writes them");
    *keys = read;
    return 0;
}

/* ---- sockets ---------------------------------------------------------------------------------------------- */

static void set_int(void *socket, int option, int value) {
    int status = zmq_setsockopt(socket, option, &value, sizeof value);
    assert(status == 0);
    (void)status;
}

static void *open_socket(void *context, int type, const struct wire_keys *keys, size_t frame_max) {
    void *socket = zmq_socket(context, type);
    assert(socket != NULL);
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    set_int(socket, ZMQ_SNDHWM, 0);
    set_int(socket, ZMQ_RCVHWM, 0);
    set_int(socket, ZMQ_IPV6, 1);
    set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
    int64_t size = (int64_t)frame_max;
    zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size, sizeof size);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, WIRE_KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, WIRE_KEY_SIZE);
    return socket;
}

static int bound_port(void *socket) {
    char endpoint[160];
    size_t size = sizeof endpoint;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        return 0;
    const char *colon = strrchr(endpoint, ':');
    return colon ? atoi(colon + 1) : 0;
}

void *wire_router(void *context, const struct wire_router_options *options, int *port, struct reason *why) {
    void *socket = open_socket(context, ZMQ_ROUTER, options->keys, options->frame_max);
    set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    set_int(socket, ZMQ_CURVE_SERVER, 1);
    set_int(socket, ZMQ_HANDSHAKE_IVL, 5000);
    set_int(socket, ZMQ_TCP_MAXRT, STALLED_MS_MAX);
    zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, options->domain, strlen(options->domain));
    char endpoint[160];
    if (options->port == 0)
        snprintf(endpoint, sizeof endpoint, "tcp://%s:*", options->host);
    else
        snprintf(endpoint, sizeof endpoint, "tcp://%s:%d", options->host, options->port);
    if (zmq_bind(socket, endpoint) != 0) {
        (void)refuse(why, endpoint, "cannot listen there: %s", zmq_strerror(errno));
        zmq_close(socket);
        return NULL;
    }
    *port = bound_port(socket);
    return socket;
}

static void *open_dealer(void *context, const struct wire_keys *keys, const char *endpoint, const char *server_key,
                         int only_connected) {
    if (strlen(server_key) != WIRE_KEY_SIZE - 1)
        return NULL;
    void *socket = open_socket(context, ZMQ_DEALER, keys, WIRE_FRAME_MAX);
    set_int(socket, ZMQ_IMMEDIATE, only_connected);
    set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX);
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_key, WIRE_KEY_SIZE) != 0 ||
        zmq_connect(socket, endpoint) != 0)
        wire_close(&socket);
    return socket;
}
void *wire_dealer(void *context, const struct wire_keys *keys, const char *endpoint, const char *server_key) {
    return open_dealer(context, keys, endpoint, server_key, 0);
}

void *wire_dealer_connected(void *context, const struct wire_keys *keys, const char *endpoint, const char *server_key) {
    return open_dealer(context, keys, endpoint, server_key, 1);
}

void wire_close(void **socket) {
    if (*socket == NULL)
        return;
    zmq_close(*socket);
    *socket = NULL;
}

/* ---- sending ------------------------------------------------------------------------------------------------ */

bool wire_peer_same(const struct wire_peer *a, const struct wire_peer *b) {
    return a->size == b->size && memcmp(a->id, b->id, a->size) == 0;
}

static int send_header(void *socket, const struct wire_peer *peer, const struct bytes *header, int more) {
    if (peer != NULL && zmq_send(socket, peer->id, peer->size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return -1;
    return zmq_send(socket, header->data, header->size, ZMQ_DONTWAIT | more) < 0 ? -1 : 0;
}

int wire_send(void *socket, const struct wire_peer *peer, enum message number, const void *value) {
    struct bytes header = {0};
    message_encode(number, value, &header);
    int status = send_header(socket, peer, &header, 0);
    bytes_close(&header);
    return status;
}

int wire_send_bytes(void *socket, const struct wire_peer *peer, const struct bytes *message) {
    return send_header(socket, peer, message, 0);
}

int wire_send_frame(void *socket, const struct wire_peer *peer, const struct entries *entries, zmq_msg_t *take_frame) {
    struct bytes header = {0};
    message_encode(MESSAGE_entries, entries, &header);
    int status = send_header(socket, peer, &header, ZMQ_SNDMORE);
    bytes_close(&header);
    if (status == 0 && zmq_msg_send(take_frame, socket, ZMQ_DONTWAIT) >= 0)
        return 0;
    zmq_msg_close(take_frame);
    return -1;
}

/* ---- receiving ------------------------------------------------------------------------------------------------ */

void wire_wait(void *socket, int timeout_ms) {
    zmq_pollitem_t poll = {.socket = socket, .events = ZMQ_POLLIN};
    (void)zmq_poll(&poll, socket == NULL ? 0 : 1, timeout_ms);
}

static bool has_more(void *socket) {
    int more = 0;
    size_t size = sizeof more;
    return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0;
}

static void drop_rest(void *socket) {
    while (has_more(socket)) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        (void)zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT);
        zmq_msg_close(&frame);
    }
}

static int read_peer(struct wire_peer *peer, void *socket) {
    zmq_msg_t id;
    zmq_msg_init(&id);
    int size = zmq_msg_recv(&id, socket, ZMQ_DONTWAIT);
    if (size < 0) {
        zmq_msg_close(&id);
        return 0;
    }
    int status = size > 0 && size <= WIRE_PEER_MAX && has_more(socket) ? 1 : -1;
    if (status == 1) {
        memcpy(peer->id, zmq_msg_data(&id), (size_t)size);
        peer->size = (uint8_t)size;
    }
    zmq_msg_close(&id);
    if (status < 0)
        drop_rest(socket);
    return status;
}

int packet_read(struct packet *packet, void *socket, bool router) {
    packet->has_frame = false;
    packet->user[0] = '\0';
    packet->peer.size = 0;
    if (router) {
        int status = read_peer(&packet->peer, socket);
        if (status != 1)
            return status;
    }
    zmq_msg_init(&packet->header);
    if (zmq_msg_recv(&packet->header, socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&packet->header);
        return 0;
    }
    const char *user = zmq_msg_gets(&packet->header, "User-Id");
    if (user != NULL)
        snprintf(packet->user, sizeof packet->user, "%s", user);
    if (!has_more(socket))
        return 1;
    zmq_msg_init(&packet->frame);
    packet->has_frame = true;
    if (zmq_msg_recv(&packet->frame, socket, ZMQ_DONTWAIT) >= 0 && !has_more(socket))
        return 1;
    drop_rest(socket);
    packet_close(packet);
    return -1;
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
