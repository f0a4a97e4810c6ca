#include "common/follow_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "proto/guard.h"

#define SILENCE_MS 3000       /* heads come each second: three missed ones end the connection */
#define FIRST_SILENCE_MS 1500 /* until the first word */
#define PROBE_MS 1300         /* silence after which we say where we are: who does not know us says so at once */
#define STUCK_MS 1000         /* the head is ahead, there is credit, and nothing comes */
#define NOBODY_MS 1000        /* nobody has the stream yet: asked again */
#define MOVES_MAX 3           /* replicas that send us round in circles: wait for them to agree */
#define PACKETS_PER_TURN_MAX 256
#define CREDIT_MAX 10000

enum stage { STOPPED, SEEK_HEAD, FOLLOWING, NOBODY };

struct follow_client {
    struct follow_client_options options;
    struct endpoints endpoints;
    int endpoint; /* which of them we are connected to, -1: to moved_to */
    char stream[49];
    char server_key[WIRE_KEY_SIZE];
    struct moved moved_to;
    void *socket;
    enum stage stage;
    int64_t opened_ms, heard_ms, probed_ms, progress_ms, ask_ms; /* monotonic; heard_ms 0: not yet */
    uint64_t received, allowed, head;
    int moves; /* one after the other, without an entry */
};

static void tell(const struct follow_client *client, enum follow_event event, const char *detail) {
    struct follow_news news = {.event = event, .detail = detail};
    if (client->options.news != NULL)
        client->options.news(client->options.context, &news);
}

static const char *endpoint_name(const struct follow_client *client) {
    return client->endpoint < 0 ? client->moved_to.endpoint : client->endpoints.names[client->endpoint];
}

/* ---- asking -------------------------------------------------------------------------------------------------------- */

/* Without a credit the owner tells the head and sends nothing. */
static void ask(struct follow_client *client) {
    bool seek = client->received == FOLLOW_FROM_END;
    struct follow follow = {.from = seek ? 1 : client->received + 1, .credit = seek ? 0 : client->options.credit};
    memcpy(follow.stream, client->stream, sizeof client->stream);
    client->stage = seek ? SEEK_HEAD : FOLLOWING;
    client->allowed = seek ? 0 : client->received + client->options.credit;
    client->progress_ms = clock_monotonic_ms();
    if (client->socket != NULL)
        (void)wire_send(client->socket, NULL, MESSAGE_follow, &follow);
}

static void connect_now(struct follow_client *client) {
    const char *key = client->server_key;
    if (client->endpoint < 0 && client->moved_to.curve_key[0] != '\0')
        key = client->moved_to.curve_key;
    wire_close(&client->socket);
    client->opened_ms = client->probed_ms = clock_monotonic_ms();
    client->heard_ms = 0;
    client->socket = wire_dealer(client->options.zmq, client->options.keys, endpoint_name(client), key);
    struct hello hello = {.service = "department", .protocol = 1};
    if (client->socket != NULL)
        (void)wire_send(client->socket, NULL, MESSAGE_hello, &hello);
    if (client->stage != STOPPED)
        ask(client);
}

static void connect_next(struct follow_client *client) {
    client->endpoint = (client->endpoint + 1) % client->endpoints.count;
    connect_now(client);
}

/* Called at the start of a turn: what was handed out before is applied by now. */
static void grant(struct follow_client *client) {
    uint64_t wanted = client->received + client->options.credit;
    if (client->stage != FOLLOWING || client->socket == NULL)
        return;
    if (wanted < client->allowed + client->options.credit / 2)
        return;
    struct credit credit = {.applied = client->received, .more = wanted - client->allowed};
    memcpy(credit.stream, client->stream, sizeof client->stream);
    if (wire_send(client->socket, NULL, MESSAGE_credit, &credit) == 0)
        client->allowed = wanted;
}

/* ---- hearing -------------------------------------------------------------------------------------------------------- */

static bool take_entries(struct follow_client *client, struct packet *packet, const struct entries *entries) {
    if (client->stage != FOLLOWING)
        return true;
    const uint8_t *data = zmq_msg_data(&packet->frame);
    size_t size = zmq_msg_size(&packet->frame), skip;
    long count = guard_array_count(data, size, &skip);
    if (count < 1 || (uint64_t)count != entries->count)
        return false;
    if (entries->first > client->received + 1) { /* a frame was lost */
        ask(client);
        return true;
    }
    data += skip;
    size -= skip;
    for (uint64_t seq = entries->first; count > 0 && client->stage == FOLLOWING; count--, seq++) {
        size_t length = guard_object_size(data, size);
        if (length == 0)
            return false;
        if (seq == client->received + 1) {
            client->received = seq;
            client->options.entry(client->options.context, seq, data, length);
        }
        data += length;
        size -= length;
    }
    client->progress_ms = clock_monotonic_ms();
    client->moves = 0;
    return true;
}

static void take_head(struct follow_client *client, const struct head *head) {
    if (head->stream[0] == '\0')
        return;
    client->head = head->seq;
    if (client->stage != SEEK_HEAD)
        return;
    client->received = head->seq;
    ask(client);
}

static void take_moved(struct follow_client *client, const struct moved *moved) {
    tell(client, FOLLOW_MOVED, moved->endpoint);
    client->ask_ms = clock_monotonic_ms() + NOBODY_MS;
    if (moved->endpoint[0] == '\0' || ++client->moves > MOVES_MAX) {
        client->stage = NOBODY;
        client->moves = 0;
        return;
    }
    client->moved_to = *moved;
    client->endpoint = -1;
    connect_now(client);
}

static void take_truncated(struct follow_client *client, const struct truncated *truncated) {
    struct follow_news news = {.event = FOLLOW_TRUNCATED, .detail = "", .first = truncated->first};
    client->stage = STOPPED;
    if (client->options.news != NULL)
        client->options.news(client->options.context, &news);
}

/* false: the connection is of no use any more. */
static bool take_refused(struct follow_client *client, const struct refused *refused) {
    if (strcmp(refused->field, "hello") == 0)
        return false; /* it was restarted and does not know us */
    client->stage = STOPPED;
    tell(client, FOLLOW_REFUSED, refused->reason);
    return true;
}

static bool take_packet(struct follow_client *client, struct packet *packet) {
    union {
        struct entries entries;
        struct head head;
        struct moved moved;
        struct truncated truncated;
        struct refused refused;
    } message = {.entries = {.first = 0}};
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_entries || type == MESSAGE_head || type == MESSAGE_moved ||
                 type == MESSAGE_truncated || type == MESSAGE_refused;
    if (!known)
        return true; /* a later version's: not for us */
    if (message_decode(type, data, size, &message, NULL) != 0)
        return false;
    if (type == MESSAGE_refused)
        return take_refused(client, &message.refused);
    /* The stream is the first field of all that have one. */
    if (message.head.stream[0] != '\0' && strcmp(message.head.stream, client->stream) != 0)
        return true;
    if (type == MESSAGE_entries)
        return packet->has_frame && take_entries(client, packet, &message.entries);
    if (type == MESSAGE_head)
        take_head(client, &message.head);
    if (type == MESSAGE_moved)
        take_moved(client, &message.moved);
    if (type == MESSAGE_truncated)
        take_truncated(client, &message.truncated);
    return true;
}

static void read_socket(struct follow_client *client) {
    void *socket = client->socket;
    for (int i = 0; i < PACKETS_PER_TURN_MAX && client->socket == socket && socket != NULL; i++) {
        struct packet packet;
        int status = packet_read(&packet, socket, false);
        if (status == 0)
            return;
        if (client->heard_ms == 0)
            tell(client, FOLLOW_CONNECTED, endpoint_name(client));
        client->heard_ms = clock_monotonic_ms();
        bool good = status == 1 && take_packet(client, &packet);
        if (status == 1)
            packet_close(&packet);
        if (!good)
            connect_now(client);
    }
}

/* ---- timers ----------------------------------------------------------------------------------------------------------- */

/* A grant of nothing: harmless to who knows us, answered with a refusal by who does not. */
static void probe(struct follow_client *client, int64_t now) {
    if (client->heard_ms == 0 || now - client->heard_ms < PROBE_MS || now - client->probed_ms < PROBE_MS)
        return;
    struct credit credit = {.applied = client->received};
    memcpy(credit.stream, client->stream, sizeof client->stream);
    client->probed_ms = now;
    if (client->stage == FOLLOWING)
        (void)wire_send(client->socket, NULL, MESSAGE_credit, &credit);
}

static void turn_timers(struct follow_client *client) {
    int64_t now = clock_monotonic_ms();
    int64_t silent_ms = client->heard_ms == 0 ? now - client->opened_ms : now - client->heard_ms;
    if (silent_ms > (client->heard_ms == 0 ? FIRST_SILENCE_MS : SILENCE_MS)) {
        tell(client, FOLLOW_SILENT, endpoint_name(client));
        connect_next(client);
        return;
    }
    probe(client, now);
    if (client->stage == NOBODY && now >= client->ask_ms)
        ask(client);
    bool stuck = client->stage == FOLLOWING && client->head > client->received && client->allowed > client->received;
    if (stuck && now - client->progress_ms > STUCK_MS)
        ask(client);
}

void follow_client_turn(struct follow_client *client, int timeout_ms) {
    grant(client);
    zmq_pollitem_t poll = {.socket = client->socket, .events = ZMQ_POLLIN};
    (void)zmq_poll(&poll, client->socket == NULL ? 0 : 1, timeout_ms);
    read_socket(client);
    turn_timers(client);
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

void *follow_client_socket(const struct follow_client *client) {
    return client->socket;
}
uint64_t follow_client_head(const struct follow_client *client) {
    return client->head;
}

uint64_t follow_client_seq(const struct follow_client *client) {
    return client->received == FOLLOW_FROM_END ? 0 : client->received;
}

void follow_client_from(struct follow_client *client, uint64_t from) {
    assert(from > 0);
    client->received = from == FOLLOW_FROM_END ? from : from - 1;
    ask(client);
}

static int check_options(const struct follow_client_options *options, struct reason *why) {
    if (options->from == 0)
        return refuse(why, "from", "starts at 1");
    if (options->credit < 2 || options->credit > CREDIT_MAX)
        return refuse(why, "credit", "must lie between 2 and %d", CREDIT_MAX);
    if (options->stream[0] == '\0' || strlen(options->stream) > 48)
        return refuse(why, "stream", "must have 1 to 48 bytes");
    if (strlen(options->server_key) != WIRE_KEY_SIZE - 1)
        return refuse(why, "server_key", "must be a CURVE key of %d characters", WIRE_KEY_SIZE - 1);
    return 0;
}

int follow_client_open(struct follow_client **out, const struct follow_client_options *options, struct reason *why) {
    struct endpoints endpoints;
    if (check_options(options, why) != 0 || endpoints_read(&endpoints, options->endpoints, why) != 0)
        return -1;
    struct follow_client *client = calloc(1, sizeof *client);
    assert(client != NULL);
    client->options = *options;
    client->endpoints = endpoints;
    snprintf(client->stream, sizeof client->stream, "%s", options->stream);
    snprintf(client->server_key, sizeof client->server_key, "%s", options->server_key);
    client->received = options->from == FOLLOW_FROM_END ? options->from : options->from - 1;
    client->stage = FOLLOWING;
    connect_now(client);
    if (client->socket == NULL) {
        follow_client_close(&client);
        return refuse(why, "endpoint", "not an endpoint, or the server's key is no CURVE key");
    }
    *out = client;
    return 0;
}

void follow_client_close(struct follow_client **client) {
    if (*client == NULL)
        return;
    wire_close(&(*client)->socket);
    free(*client);
    *client = NULL;
}
