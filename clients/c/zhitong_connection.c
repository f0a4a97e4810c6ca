#include "zhitong_connection.h"

#include <msgpack.h>
#include <string.h>
#include <zmq.h>

#define FRAME_BYTES_MAX 8388608 /* a longer one ends the connection */
#define RECONNECT_MS 100
#define RECONNECT_MS_MAX 2000
#define PROTOCOL 1

static bool set_number(void *socket, int option, int number) {
    return zmq_setsockopt(socket, option, &number, sizeof number) == 0;
}

static bool set_key(void *socket, int option, const char *key) {
    return zmq_setsockopt(socket, option, key, ZHITONG_CURVE_KEY_SIZE) == 0;
}

void *connection_open(void *zmq, const struct connection_keys *keys, const char *endpoint, uint32_t frames_max) {
    int64_t bytes_max = FRAME_BYTES_MAX;
    void *socket = zmq_socket(zmq, ZMQ_DEALER);
    if (socket == NULL)
        return NULL;
    if (set_number(socket, ZMQ_LINGER, 0) && set_number(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
        set_number(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX) &&
        set_number(socket, ZMQ_RCVHWM, (int)frames_max) &&
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0 &&
        set_key(socket, ZMQ_CURVE_SERVERKEY, keys->server_key) &&
        set_key(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key) &&
        set_key(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key) && zmq_connect(socket, endpoint) == 0)
        return socket;
    zmq_close(socket);
    return NULL;
}

void connection_close(void **socket, int linger_ms) {
    if (*socket == NULL)
        return;
    (void)set_number(*socket, ZMQ_LINGER, linger_ms);
    zmq_close(*socket);
    *socket = NULL;
}

/* ---- messages: a map with "t" first -------------------------------------------------------------------------------------- */

struct writing {
    msgpack_sbuffer buffer;
    msgpack_packer packer;
};

static void put_text(struct writing *writing, const char *text) {
    msgpack_pack_str(&writing->packer, strlen(text));
    msgpack_pack_str_body(&writing->packer, text, strlen(text));
}

static void put_field(struct writing *writing, const char *name, const char *text) {
    put_text(writing, name);
    put_text(writing, text);
}

static void put_number(struct writing *writing, const char *name, uint64_t number) {
    put_text(writing, name);
    msgpack_pack_uint64(&writing->packer, number);
}

static void begin(struct writing *writing, const char *name, size_t fields) {
    msgpack_sbuffer_init(&writing->buffer);
    msgpack_packer_init(&writing->packer, &writing->buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&writing->packer, fields + 1);
    put_field(writing, "t", name);
}

static bool send_it(struct writing *writing, void *socket) {
    bool sent = zmq_send(socket, writing->buffer.data, writing->buffer.size, ZMQ_DONTWAIT) >= 0;
    msgpack_sbuffer_destroy(&writing->buffer);
    return sent;
}

bool connection_hello(void *socket) {
    struct writing writing;
    begin(&writing, "hello", 2);
    put_field(&writing, "service", "department");
    put_number(&writing, "protocol", PROTOCOL);
    return send_it(&writing, socket);
}

bool connection_follow(void *socket, const struct follow_words *follow) {
    struct writing writing;
    bool filters = follow->filter[0] != '\0', groups = follow->group[0] != '\0';
    begin(&writing, "follow", 3u + (follow->from_at != 0) + filters + groups);
    put_field(&writing, "stream", follow->stream);
    put_number(&writing, "from", follow->from);
    put_number(&writing, "credit", follow->credit);
    if (follow->from_at != 0) {
        put_text(&writing, "from_at");
        msgpack_pack_int64(&writing.packer, follow->from_at);
    }
    if (filters)
        put_field(&writing, "filter", follow->filter);
    if (groups)
        put_field(&writing, "group", follow->group);
    return send_it(&writing, socket);
}

bool connection_credit(void *socket, const struct credit_words *credit) {
    struct writing writing;
    begin(&writing, "credit", 3);
    put_field(&writing, "stream", credit->stream);
    put_number(&writing, "applied", credit->applied);
    put_number(&writing, "more", credit->more);
    return send_it(&writing, socket);
}

bool connection_unfollow(void *socket, const char *stream) {
    struct writing writing;
    begin(&writing, "unfollow", 1);
    put_field(&writing, "stream", stream);
    return send_it(&writing, socket);
}
