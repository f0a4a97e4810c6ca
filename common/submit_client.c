#include "common/submit_client_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_MS_MAX 3000 /* without an answer for so long, the next endpoint is asked */
#define AVOID_MS 5000      /* an endpoint that did not answer is left out for so long */
#define SWEEP_MS 20        /* how often timers are looked at */
#define PACKETS_PER_TURN_MAX 1024

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- endpoints ------------------------------------------------------------------------------------------------- */

static void connect_endpoint(struct submit_client *client, struct endpoint *endpoint) {
    wire_close(&endpoint->socket);
    endpoint->socket = wire_dealer_connected(client->options.zmq, client->options.keys, endpoint->name,
                                             client->options.server_key);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

/* Whatever is under way there will not be answered: sent again at the next sweep. */
static void endpoint_lost(struct submit_client *client, int at, int64_t now_ms) {
    if (!client->endpoints[at].connected)
        return;
    client->endpoints[at].connected = false;
    for (uint32_t i = 0; i < client->options.window; i++) {
        struct slot *slot = &client->slots[i];
        bool lost = slot->key[0] != '\0' && slot->endpoint == at && slot->retry_ms == 0;
        slot->retry_ms = lost ? now_ms : slot->retry_ms;
        client->counts.resent += lost;
    }
}

static bool send_to(struct submit_client *client, struct slot *slot, int at) {
    struct endpoint *endpoint = &client->endpoints[at];
    if (endpoint->socket == NULL ||
        zmq_send(endpoint->socket, slot->message.data, slot->message.size, ZMQ_DONTWAIT) < 0) {
        endpoint_lost(client, at, slot->sent_ms);
        return false;
    }
    endpoint->connected = true;
    slot->endpoint = (int8_t)at;
    return true;
}

/* To the next one that has a connection, turn by turn; to one that is avoided only when there is no other. */
static void slot_send(struct submit_client *client, struct slot *slot, int64_t now_ms) {
    slot->endpoint = -1;
    slot->sent_ms = now_ms;
    slot->retry_ms = 0;
    for (int i = 0; i < 2 * client->endpoint_count; i++) {
        int at = client->next_endpoint;
        client->next_endpoint = (at + 1) % client->endpoint_count;
        bool avoided = i < client->endpoint_count && client->endpoints[at].avoid_until_ms > now_ms;
        if (!avoided && send_to(client, slot, at))
            return;
    }
    slot->retry_ms = now_ms + SWEEP_MS;
}

int submit_client_send(struct submit_client *client, const struct submit *report, uint64_t tag, struct reason *why) {
    if (message_check(MESSAGE_submit, report, why) != 0)
        return -1;
    struct slot *slot = submit_slot_take(client, report->key);
    slot->tag = tag;
    slot->busy = 0;
    slot->began_us = now_us();
    slot->message.size = 0;
    message_encode(MESSAGE_submit, report, &slot->message);
    if (client->waiting == 1)
        client->quiet_since_ms = slot->began_us / 1000;
    slot_send(client, slot, slot->began_us / 1000);
    client->counts.sent++;
    return 0;
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static void finish(struct submit_client *client, struct slot *slot, struct submit_answer *answer) {
    answer->tag = slot->tag;
    answer->latency_us = now_us() - slot->began_us;
    submit_slot_free(client, slot);
    client->options.answered(client->options.context, answer);
}

static void take_accepted(struct submit_client *client, const struct accepted *accepted) {
    struct slot *slot = submit_slot_find(client, accepted->key);
    struct submit_answer answer = {.accepted = true, .repeated = accepted->repeated, .case_id = accepted->case_id};
    memcpy(answer.receipt, accepted->receipt, sizeof answer.receipt);
    if (slot != NULL) /* else it is the answer to one that was sent twice */
        finish(client, slot, &answer);
}

static void take_refused(struct submit_client *client, const struct refused *refused) {
    struct slot *slot = submit_slot_find(client, refused->key);
    struct submit_answer answer = {.accepted = false};
    (void)refuse(&answer.why, refused->field, "%s", refused->reason);
    client->counts.strays += slot == NULL;
    if (slot != NULL)
        finish(client, slot, &answer);
    else
        client->counts.stray = answer.why;
}

static bool others_have_room(const struct submit_client *client, int64_t now_ms) {
    for (int i = 0; i < client->endpoint_count; i++)
        if (client->endpoints[i].connected && client->endpoints[i].avoid_until_ms <= now_ms)
            return true;
    return false;
}

/* Another replica may have room; each is asked once before we wait. */
static void take_busy(struct submit_client *client, struct endpoint *endpoint, const struct busy *busy) {
    struct slot *slot = submit_slot_find(client, busy->key);
    int64_t now_ms = now_us() / 1000;
    client->counts.busy++;
    endpoint->avoid_until_ms = now_ms + (int64_t)busy->retry_after_ms;
    if (slot == NULL)
        return;
    slot->busy = others_have_room(client, now_ms) ? (int8_t)((slot->busy + 1) % client->endpoint_count) : 0;
    slot->retry_ms = slot->busy == 0 ? endpoint->avoid_until_ms : now_ms;
}

static void take_packet(struct submit_client *client, struct endpoint *endpoint, struct packet *packet) {
    union {
        struct accepted accepted;
        struct refused refused;
        struct busy busy;
    } message;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_accepted || type == MESSAGE_refused || type == MESSAGE_busy;
    if (!known || message_decode(type, data, size, &message, NULL) != 0) /* asked again in three seconds */
        return;
    if (type == MESSAGE_accepted)
        take_accepted(client, &message.accepted);
    else if (type == MESSAGE_refused)
        take_refused(client, &message.refused);
    else
        take_busy(client, endpoint, &message.busy);
}

static void read_endpoint(struct submit_client *client, struct endpoint *endpoint) {
    for (int i = 0; i < PACKETS_PER_TURN_MAX; i++) {
        struct packet packet;
        int status = packet_read(&packet, endpoint->socket, false);
        if (status == 0)
            return;
        endpoint->heard_ms = client->quiet_since_ms = now_us() / 1000;
        endpoint->avoid_until_ms = 0;
        if (status > 0) {
            take_packet(client, endpoint, &packet);
            packet_close(&packet);
        }
    }
}

/* ---- timers ----------------------------------------------------------------------------------------------------------- */

/* What waits in its socket would only arrive twice; a new connection starts empty. */
static void avoid_endpoint(struct submit_client *client, struct endpoint *endpoint, int64_t now_ms) {
    if (now_ms - endpoint->heard_ms < ANSWER_MS_MAX || endpoint->avoid_until_ms > now_ms)
        return;
    endpoint->avoid_until_ms = now_ms + AVOID_MS;
    connect_endpoint(client, endpoint);
}

static void sweep(struct submit_client *client, int64_t now_ms) {
    if (now_ms - client->swept_ms < SWEEP_MS)
        return;
    client->swept_ms = now_ms;
    for (uint32_t i = 0; client->waiting > 0 && i < client->options.window; i++) {
        struct slot *slot = &client->slots[i];
        bool unanswered = slot->retry_ms == 0 && now_ms - slot->sent_ms > ANSWER_MS_MAX;
        bool due = slot->retry_ms != 0 && slot->retry_ms <= now_ms;
        if (slot->key[0] == '\0' || (!unanswered && !due))
            continue;
        if (unanswered)
            avoid_endpoint(client, &client->endpoints[slot->endpoint], now_ms);
        client->counts.resent += unanswered;
        slot_send(client, slot, now_ms);
    }
}

void submit_client_turn(struct submit_client *client, int timeout_ms) {
    zmq_pollitem_t polls[ENDPOINTS_MAX];
    struct endpoint *polled[ENDPOINTS_MAX];
    int count = 0;
    for (int i = 0; i < client->endpoint_count; i++) {
        struct endpoint *endpoint = &client->endpoints[i];
        if (endpoint->socket == NULL)
            continue;
        polls[count] = (zmq_pollitem_t){.socket = endpoint->socket, .events = ZMQ_POLLIN};
        polled[count++] = endpoint;
    }
    if (client->waiting > 0 && timeout_ms > SWEEP_MS)
        timeout_ms = SWEEP_MS;
    (void)zmq_poll(polls, count, timeout_ms);
    for (int i = 0; i < count; i++)
        if ((polls[i].revents & ZMQ_POLLIN) != 0)
            read_endpoint(client, polled[i]);
    sweep(client, now_us() / 1000);
}

size_t submit_client_sockets(const struct submit_client *client, void **sockets, size_t room) {
    size_t count = 0;
    for (int i = 0; i < client->endpoint_count && count < room; i++)
        if ((sockets[count] = client->endpoints[i].socket) != NULL)
            count++;
    return count;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

uint32_t submit_client_room(const struct submit_client *client) {
    return client->options.window - client->waiting;
}
uint32_t submit_client_waiting(const struct submit_client *client) {
    return client->waiting;
}
const struct submit_counts *submit_client_counts(const struct submit_client *client) {
    return &client->counts;
}

int64_t submit_client_silent_ms(const struct submit_client *client) {
    return client->waiting == 0 ? 0 : now_us() / 1000 - client->quiet_since_ms;
}

int submit_client_open(struct submit_client **out, const struct submit_options *options, struct reason *why) {
    struct endpoints endpoints;
    if (endpoints_read(&endpoints, options->endpoints, why) != 0)
        return -1;
    if (options->window < 1 || options->window > SUBMIT_WINDOW_MAX)
        return refuse(why, "window", "must lie between 1 and %d", SUBMIT_WINDOW_MAX);
    struct submit_client *client = calloc(1, sizeof *client);
    assert(client != NULL);
    client->options = *options;
    client->endpoint_count = endpoints.count;
    submit_slots_open(client);
    for (int i = 0; i < endpoints.count; i++) {
        struct endpoint *endpoint = &client->endpoints[i];
        memcpy(endpoint->name, endpoints.names[i], sizeof endpoint->name);
        connect_endpoint(client, endpoint);
        if (endpoint->socket != NULL)
            continue;
        submit_client_close(&client);
        return refuse(why, "endpoint", "%s: not an endpoint, or the server's key is no CURVE key", endpoints.names[i]);
    }
    *out = client;
    return 0;
}

void submit_client_close(struct submit_client **client) {
    if (*client == NULL)
        return;
    for (int i = 0; i < (*client)->endpoint_count; i++)
        wire_close(&(*client)->endpoints[i].socket);
    submit_slots_close(*client);
    free(*client);
    *client = NULL;
}
