#include "services/zhitong/command_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/ids.h"
#include "common/mesh.h"

#define LINKS_MAX 32
#define SILENCE_MS 1000 /* then a command is sent again */
#define LOOK_MS 500     /* how often the owners are looked up */
#define RETRY_MS 100    /* pause after moved */
#define CLIENT_SERVICE "zhitong"

struct waiting {
    struct waiting *next;
    struct command command;
    uint64_t tag;
    int64_t send_at; /* monotonic ms */
    bool sent;
};

struct link {
    struct member peer;
    void *socket;
    int64_t good_at; /* monotonic ms when it was opened or last heard */
};

struct command_client {
    struct command_options options;
    struct wire_keys keys;
    int32_t member;
    int32_t owner[SHARD_COUNT];
    struct link links[LINKS_MAX];
    size_t link_count;
    struct waiting *waiting;
    size_t waiting_count;
    int64_t looked_at;
};

/* ---- the mesh ------------------------------------------------------------------------------------------------ */

static int join(struct command_client *client, struct reason *why) {
    struct params params = {0}, dead = {0};
    params_text(&params, CLIENT_SERVICE);
    params_text(&params, "tcp://none:0");
    params_text(&params, "");
    params_text(&params, client->keys.public_key);
    SCOPED_RESULT
    *result = db_ask(client->options.db, "mesh_register", &params);
    if (result == NULL || PQntuples(result) != 1) {
        *why = *db_reason(client->options.db);
        return -1;
    }
    client->member = db_int4(result, 0, 0);
    params_text(&dead, CLIENT_SERVICE);
    params_int4(&dead, client->member);
    PQclear(db_ask(client->options.db, "mesh_bury", &dead));
    PQclear(db_ask(client->options.db, "mesh_announce", NULL));
    return 0;
}

static struct link *link_of(struct command_client *client, int32_t member) {
    for (size_t i = 0; i < client->link_count; i++)
        if (client->links[i].peer.member == member)
            return &client->links[i];
    return NULL;
}

static void open_link(struct command_client *client, struct link *link) {
    wire_close(&link->socket);
    link->socket = wire_dealer(client->options.zmq, &client->keys, link->peer.endpoint, link->peer.curve_key);
    link->good_at = clock_monotonic_ms();
}

static void drop_links(struct command_client *client) {
    for (size_t i = 0; i < client->link_count; i++)
        wire_close(&client->links[i].socket);
    client->link_count = 0;
}

static void look(struct command_client *client) {
    SCOPED_RESULT
    *placement = db_ask(client->options.db, "mesh_placement", NULL);
    SCOPED_RESULT
    *members = placement ? db_ask(client->options.db, "mesh_members", NULL) : NULL;
    if (members == NULL)
        return;
    for (int row = 0; row < PQntuples(placement); row++)
        if (strcmp(db_text(placement, row, 0), "routing") == 0)
            client->owner[db_int2(placement, row, 1)] = db_int4(placement, row, 2);
    for (int row = 0; row < PQntuples(members); row++) {
        int32_t member = db_int4(members, row, 0);
        if (strcmp(db_text(members, row, 1), "routing") != 0 || link_of(client, member) != NULL)
            continue;
        if (client->link_count == LINKS_MAX)
            drop_links(client); /* of replicas long gone; the living ones come again at the next look */
        struct link *link = &client->links[client->link_count++];
        *link = (struct link){.peer.member = member};
        snprintf(link->peer.endpoint, sizeof link->peer.endpoint, "%s", db_text(members, row, 2));
        snprintf(link->peer.curve_key, sizeof link->peer.curve_key, "%s", db_text(members, row, 4));
        open_link(client, link);
    }
}

/* ---- commands ------------------------------------------------------------------------------------------------ */

/* A replica that did not know our key yet when we knocked never answers on that connection: knock again. */
static void send_to(struct command_client *client, struct link *link, const struct waiting *waiting, int64_t now) {
    if (waiting->sent && now - link->good_at > SILENCE_MS)
        open_link(client, link);
    if (link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_command, &waiting->command);
}

static void send_due(struct command_client *client, int64_t now) {
    for (struct waiting *waiting = client->waiting; waiting != NULL; waiting = waiting->next) {
        if (waiting->send_at > now)
            continue;
        struct link *link = link_of(client, client->owner[case_shard(waiting->command.case_id)]);
        if (link != NULL)
            send_to(client, link, waiting, now);
        waiting->sent = link != NULL;
        waiting->send_at = now + SILENCE_MS;
    }
}

static struct waiting **waiting_for(struct command_client *client, const char *key) {
    struct waiting **at = &client->waiting;
    while (*at != NULL && strcmp((*at)->command.key, key) != 0)
        at = &(*at)->next;
    return at;
}

static void finish(struct command_client *client, struct waiting **at, struct command_answer *answer) {
    struct waiting *waiting = *at;
    *at = waiting->next;
    client->waiting_count--;
    answer->tag = waiting->tag;
    free(waiting);
    client->options.answered(client->options.context, answer);
}

static void take_answer(struct command_client *client, const uint8_t *data, size_t size) {
    union {
        struct done done;
        struct refused refused;
        struct busy busy;
    } message;
    struct command_answer answer = {0};
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_done || type == MESSAGE_refused || type == MESSAGE_busy;
    if (!known || message_decode(type, data, size, &message, &answer.why) != 0)
        return; /* moved, among others: asked again where the mesh says */
    const char *key = type == MESSAGE_done      ? message.done.key
                      : type == MESSAGE_refused ? message.refused.key
                                                : message.busy.key;
    struct waiting **at = waiting_for(client, key);
    if (*at == NULL)
        return;
    if (type == MESSAGE_busy) {
        (*at)->send_at = clock_monotonic_ms() + (int64_t)message.busy.retry_after_ms;
        return;
    }
    answer.done = type == MESSAGE_done;
    if (answer.done) {
        answer.version = (uint32_t)message.done.version;
        memcpy(answer.state, message.done.state, sizeof answer.state);
    } else {
        (void)refuse(&answer.why, message.refused.field, "%s", message.refused.reason);
    }
    finish(client, at, &answer);
}

static void read_link(struct command_client *client, struct link *link) {
    struct packet packet;
    int status;
    while (link->socket != NULL && (status = packet_read(&packet, link->socket, false)) != 0) {
        if (status < 0)
            continue;
        size_t size;
        const uint8_t *data = packet_data(&packet, &size);
        link->good_at = clock_monotonic_ms();
        take_answer(client, data, size);
        packet_close(&packet);
    }
}

void command_client_send(struct command_client *client, const struct command *command, uint64_t tag) {
    struct waiting *waiting = calloc(1, sizeof *waiting);
    assert(waiting != NULL);
    waiting->command = *command;
    waiting->tag = tag;
    waiting->next = client->waiting;
    client->waiting = waiting;
    client->waiting_count++;
}

size_t command_client_waiting(const struct command_client *client) {
    return client->waiting_count;
}

void command_client_turn(struct command_client *client) {
    int64_t now = clock_monotonic_ms();
    if (now - client->looked_at > LOOK_MS) {
        client->looked_at = now;
        look(client);
    }
    send_due(client, now);
    for (size_t i = 0; i < client->link_count; i++)
        read_link(client, &client->links[i]);
}

int command_client_open(struct command_client **out, const struct command_options *options, struct reason *why) {
    struct command_client *client = calloc(1, sizeof *client);
    assert(client != NULL);
    client->options = *options;
    wire_keys_make(&client->keys);
    if (join(client, why) != 0) {
        free(client);
        return -1;
    }
    *out = client;
    return 0;
}

void command_client_close(struct command_client **client) {
    if (*client == NULL)
        return;
    drop_links(*client);
    while ((*client)->waiting != NULL) {
        struct waiting *next = (*client)->waiting->next;
        free((*client)->waiting);
        (*client)->waiting = next;
    }
    struct params params = {0};
    params_int4(&params, (*client)->member);
    PQclear(db_ask((*client)->options.db, "mesh_leave", &params));
    free(*client);
    *client = NULL;
}
