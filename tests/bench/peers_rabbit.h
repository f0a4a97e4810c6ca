/* RabbitMQ: durable quorum queues, persistent messages, publisher confirms, manual acknowledgement, prefetch. */
#ifndef ZHITONG_PEERS_RABBIT_H
#define ZHITONG_PEERS_RABBIT_H

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <inttypes.h>

#include "peers_broker.h"

#define RABBIT_ANSWER_SECONDS_MAX 30

struct rabbit_link {
    amqp_connection_state_t in, out;
    enum queue to;
    uint64_t put; /* messages put so far: the broker counts the same */
};

static int rabbit_said(const char *what, amqp_rpc_reply_t reply, struct reason *why) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return 0;
    return refuse(why, what, "%s",
                  reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION ? amqp_error_string2(reply.library_error)
                                                                      : "the broker refuses it");
}

static void rabbit_end(amqp_connection_state_t *state) {
    if (*state != NULL)
        (void)amqp_destroy_connection(*state);
    *state = NULL;
}

static int rabbit_connect(amqp_connection_state_t *out, const struct address *address, struct reason *why) {
    *out = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(*out);
    if (socket == NULL || amqp_socket_open(socket, address->host, address->port) != AMQP_STATUS_OK)
        return refuse(why, "rabbitmq", "no connection to %s:%d", address->host, address->port);
    if (rabbit_said("login", amqp_login(*out, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), why) != 0)
        return -1;
    amqp_channel_open(*out, 1);
    return rabbit_said("channel", amqp_get_rpc_reply(*out), why);
}

static int rabbit_prepare(const struct address *address, struct reason *why) {
    amqp_connection_state_t state = NULL;
    int status = rabbit_connect(&state, address, why);
    amqp_table_entry_t quorum = {.key = amqp_cstring_bytes("x-queue-type"),
                                 .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("quorum")}};
    const amqp_table_t arguments = {.num_entries = 1, .entries = &quorum};
    for (int i = 0; status == 0 && i < QUEUES; i++) {
        amqp_queue_declare(state, 1, amqp_cstring_bytes(queue_names[i]), 0, 1, 0, 0, arguments);
        status = rabbit_said(queue_names[i], amqp_get_rpc_reply(state), why);
    }
    rabbit_end(&state);
    return status;
}

static void rabbit_close(void **link) {
    struct rabbit_link *rabbit = *link;
    if (rabbit == NULL)
        return;
    rabbit_end(&rabbit->in);
    rabbit_end(&rabbit->out);
    free(rabbit);
    *link = NULL;
}

static int rabbit_open(void **link, const struct address *address, const enum queue ends[2], struct reason *why) {
    struct rabbit_link *rabbit = calloc(1, sizeof *rabbit);
    *link = rabbit;
    rabbit->to = ends[1];
    if (ends[0] != QUEUE_NONE) {
        if (rabbit_connect(&rabbit->in, address, why) != 0)
            return -1;
        amqp_basic_qos(rabbit->in, 1, 0, PREFETCH_MAX, 0);
        amqp_basic_consume(rabbit->in, 1, amqp_cstring_bytes(queue_names[ends[0]]), amqp_empty_bytes, 0, 0, 0,
                           amqp_empty_table);
        if (rabbit_said("consume", amqp_get_rpc_reply(rabbit->in), why) != 0)
            return -1;
    }
    if (ends[1] == QUEUE_NONE)
        return 0;
    if (rabbit_connect(&rabbit->out, address, why) != 0)
        return -1;
    amqp_confirm_select(rabbit->out, 1);
    return rabbit_said("confirm", amqp_get_rpc_reply(rabbit->out), why);
}

static int rabbit_take(void *link, struct letters *in, struct reason *why) {
    struct rabbit_link *rabbit = link;
    letters_reset(in);
    while (in->count < PREFETCH_MAX) {
        struct timeval wait = {.tv_usec = in->count == 0 ? TAKE_MS_MAX * 1000 : 0};
        amqp_envelope_t envelope;
        amqp_maybe_release_buffers(rabbit->in);
        amqp_rpc_reply_t reply = amqp_consume_message(rabbit->in, &envelope, &wait, 0);
        if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
            return 0;
        if (rabbit_said("take", reply, why) != 0)
            return -1;
        struct letter *letter = letters_add(in, envelope.message.body.bytes, envelope.message.body.len);
        snprintf(letter->id, ID_SIZE, "%" PRIu64, envelope.delivery_tag);
        amqp_destroy_envelope(&envelope);
    }
    return 0;
}

/* Confirms come for single messages or for all up to one, in any order. */
static int rabbit_confirmed(struct rabbit_link *rabbit, size_t count, struct reason *why) {
    bool done[PREFETCH_MAX] = {false};
    uint64_t first = rabbit->put - count + 1;
    for (size_t left = count; left > 0;) {
        struct timeval wait = {.tv_sec = RABBIT_ANSWER_SECONDS_MAX};
        amqp_frame_t frame;
        amqp_maybe_release_buffers(rabbit->out);
        if (amqp_simple_wait_frame_noblock(rabbit->out, &frame, &wait) != AMQP_STATUS_OK)
            return refuse(why, "confirm", "none within %d s", RABBIT_ANSWER_SECONDS_MAX);
        if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
            return refuse(why, "confirm", "the broker did not take a message");
        const amqp_basic_ack_t *ack = frame.payload.method.decoded;
        for (uint64_t tag = ack->multiple ? first : ack->delivery_tag; tag <= ack->delivery_tag; tag++) {
            left -= !done[tag - first];
            done[tag - first] = true;
        }
    }
    return 0;
}

static int rabbit_put(void *link, const struct letters *out, struct reason *why) {
    struct rabbit_link *rabbit = link;
    const amqp_basic_properties_t persistent = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                                .delivery_mode = AMQP_DELIVERY_PERSISTENT};
    for (size_t i = 0; i < out->count; i++) {
        const amqp_bytes_t body = {.len = out->each[i].size, .bytes = out->bytes.data + out->each[i].at};
        int status = amqp_basic_publish(rabbit->out, 1, amqp_empty_bytes, amqp_cstring_bytes(queue_names[rabbit->to]),
                                        0, 0, &persistent, body);
        if (status != AMQP_STATUS_OK)
            return refuse(why, "put", "%s", amqp_error_string2(status));
    }
    rabbit->put += out->count;
    return rabbit_confirmed(rabbit, out->count, why);
}

static int rabbit_acknowledge(void *link, const struct letters *in, struct reason *why) {
    struct rabbit_link *rabbit = link;
    uint64_t last = strtoull(in->each[in->count - 1].id, NULL, 10);
    return amqp_basic_ack(rabbit->in, 1, last, 1) == AMQP_STATUS_OK ? 0 : refuse(why, "acknowledge", "not taken");
}

static const struct broker rabbit = {"rabbitmq",  rabbit_prepare, rabbit_open,       rabbit_close,
                                     rabbit_take, rabbit_put,     rabbit_acknowledge};

#endif
