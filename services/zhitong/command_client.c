#include "services/zhitong/command_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mesh_read.h"
#include "common/process_metrics.h"

#define LOOK_MS 500 /* how often the owners are looked up */
#define CLIENT_SERVICE "zhitong"

struct command_client {
    struct command_options options;
    struct wire_keys keys;
    struct command_calls *calls;
    int32_t member;
    struct mesh_view *view; /* only its members and placements; NULL until the first look */
    int64_t looked_at;
};

static int join(struct command_client *client, struct reason *why) {
    struct params params = {0}, dead = {0};
    params_text(&params, CLIENT_SERVICE);
    params_text(&params, "tcp://none:0");
    params_text(&params, "");
    params_text(&params, client->keys.public_key);
    params_text(&params, process_version());
    params_text(&params, ""); /* no keyring */
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

static void look(struct command_client *client) {
    struct mesh_view *view = calloc(1, sizeof *view);
    assert(view != NULL);
    if (mesh_read_owners(view, client->options.db) != 0) {
        mesh_view_close(&view);
        return;
    }
    mesh_view_close(&client->view);
    client->view = view;
}

static const struct member *owner(void *context, uint16_t shard) {
    const struct command_client *client = context;
    return client->view != NULL ? mesh_owner(client->view, "routing", shard) : NULL;
}

static void answered(void *context, const struct command_answer *answer) {
    const struct command_client *client = context;
    client->options.answered(client->options.context, answer);
}

void command_client_send(struct command_client *client, const struct command *command, uint64_t tag) {
    command_calls_send(client->calls, command, tag);
}

size_t command_client_waiting(const struct command_client *client) {
    return command_calls_waiting(client->calls);
}

void command_client_turn(struct command_client *client) {
    int64_t now = clock_monotonic_ms();
    if (now - client->looked_at > LOOK_MS) {
        client->looked_at = now;
        look(client);
    }
    command_calls_turn(client->calls);
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
    const struct command_calls_options calls = {
        .zmq = options->zmq, .keys = &client->keys, .context = client, .owner = owner, .answered = answered};
    client->calls = command_calls_open(&calls);
    *out = client;
    return 0;
}

void command_client_close(struct command_client **client) {
    if (*client == NULL)
        return;
    command_calls_close(&(*client)->calls);
    mesh_view_close(&(*client)->view);
    struct params params = {0};
    params_int4(&params, (*client)->member);
    params_text(&params, CLIENT_SERVICE);
    PQclear(db_ask((*client)->options.db, "mesh_leave", &params));
    free(*client);
    *client = NULL;
}
