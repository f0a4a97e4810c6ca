/* What the owner says to a follow client. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/follow_client_parts.h"
#include "proto/guard.h"

#define NOBODY_MS 200 /* nobody has the stream yet: asked again */
#define MOVES_MAX 3   /* replicas that send us round in circles: wait for them to agree */
#define PACKETS_PER_TURN_MAX 256

static bool take_entry(struct follow_client *client, uint64_t seq, const uint8_t *data, size_t size) {
    struct event event;
    struct reason why;
    if (!follow_client_in_group(client) && seq != client->received + 1)
        return true; /* we have it */
    if (event_read(&event, data, size, &why) != 0 || event.seq != seq)
        return false;
    client->received = seq;
    client->options.entry(client->options.context, &event);
    return true;
}

static bool take_entries(struct follow_client *client, struct packet *packet, const struct entries *entries) {
    if (client->stage != FOLLOWING)
        return true;
    const uint8_t *data = zmq_msg_data(&packet->frame);
    size_t size = zmq_msg_size(&packet->frame), skip;
    long count = guard_array_count(data, size, &skip);
    if (count < 1 || (uint64_t)count != entries->count || (uint64_t)count > client->credit)
        return false;
    if (!follow_client_in_group(client) && entries->first > client->received + 1) { /* a frame was lost */
        follow_client_ask(client);
        return true;
    }
    client->credit -= (uint64_t)count;
    data += skip;
    size -= skip;
    for (uint64_t seq = entries->first; count > 0 && client->stage == FOLLOWING; count--, seq++) {
        size_t length = guard_object_size(data, size);
        if (length == 0 || !take_entry(client, seq, data, length))
            return false;
        data += length;
        size -= length;
    }
    client->progress_ms = clock_monotonic_ms();
    client->moves = 0;
    return true;
}

static void take_head(struct follow_client *client, const struct head *head) {
    if (head->stream[0] != '\0')
        client->head = head->seq;
}

/* The owner says where we begin, or what the filter has left out. */
static void take_skip(struct follow_client *client, const struct skip *skip) {
    if (client->stage != FOLLOWING || follow_client_in_group(client))
        return;
    if (!client->placed || skip->seq > client->received)
        client->received = skip->seq;
    client->placed = true;
    client->progress_ms = clock_monotonic_ms();
    client->moves = 0;
}

static void take_moved(struct follow_client *client, const struct moved *moved) {
    follow_client_tell(client, &(struct follow_news){.event = FOLLOW_MOVED, .detail = moved->endpoint, .field = ""});
    client->ask_ms = clock_monotonic_ms() + NOBODY_MS;
    /* Who has just taken a stream over may not know it yet, and name the one that sent us: it has it in a moment. */
    bool back = client->moves > 0 && strcmp(moved->endpoint, client->sent_by) == 0;
    if (moved->endpoint[0] == '\0' || back || ++client->moves > MOVES_MAX) {
        client->stage = NOBODY;
        client->moves = 0;
        return;
    }
    snprintf(client->sent_by, sizeof client->sent_by, "%s", follow_client_endpoint(client));
    client->moved_to = *moved;
    client->endpoint = -1;
    follow_client_connect(client);
}

static void take_truncated(struct follow_client *client, const struct truncated *truncated) {
    bool is_void = client->placed && client->received >= truncated->void_from;
    /* A restore that has undone nothing of what we have: there is nothing between, and nothing to decide. */
    if (truncated->void_from != 0 && !is_void && !follow_client_in_group(client)) {
        follow_client_from(client, truncated->first);
        return;
    }
    client->stage = STOPPED;
    follow_client_tell(client, &(struct follow_news){.event = FOLLOW_TRUNCATED,
                                                     .detail = "",
                                                     .field = "",
                                                     .first = truncated->first,
                                                     .void_from = truncated->void_from});
}

/* false: the connection is of no use any more. */
static bool take_refused(struct follow_client *client, const struct refused *refused) {
    if (strcmp(refused->field, "hello") == 0)
        return false;                             /* it was restarted and does not know us */
    if (strcmp(refused->field, "silence") == 0) { /* we were away for long: what we had is others' now */
        follow_client_ask(client);
        return true;
    }
    client->stage = STOPPED;
    follow_client_tell(
        client, &(struct follow_news){.event = FOLLOW_REFUSED, .detail = refused->reason, .field = refused->field});
    return true;
}

static bool take_packet(struct follow_client *client, struct packet *packet) {
    union {
        struct entries entries;
        struct head head;
        struct moved moved;
        struct truncated truncated;
        struct skip skip;
        struct refused refused;
    } message = {.entries = {.first = 0}};
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_entries || type == MESSAGE_head || type == MESSAGE_moved ||
                 type == MESSAGE_truncated || type == MESSAGE_skip || type == MESSAGE_refused;
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
    if (type == MESSAGE_skip)
        take_skip(client, &message.skip);
    if (type == MESSAGE_moved)
        take_moved(client, &message.moved);
    if (type == MESSAGE_truncated)
        take_truncated(client, &message.truncated);
    return true;
}

void follow_client_hear(struct follow_client *client) {
    void *socket = client->socket;
    for (int i = 0; i < PACKETS_PER_TURN_MAX && client->socket == socket && socket != NULL; i++) {
        struct packet packet;
        int status = packet_read(&packet, socket, false);
        if (status == 0)
            return;
        if (client->heard_ms == 0)
            follow_client_tell(client, &(struct follow_news){.event = FOLLOW_CONNECTED,
                                                             .detail = follow_client_endpoint(client),
                                                             .field = ""});
        client->heard_ms = clock_monotonic_ms();
        bool good = status == 1 && take_packet(client, &packet);
        if (status == 1)
            packet_close(&packet);
        if (!good)
            follow_client_connect(client);
    }
}
