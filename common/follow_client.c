#include "common/follow_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/filter.h"
#include "common/follow_client_parts.h"

#define SILENCE_MS 3000       /* heads come each second: three missed ones end the connection */
#define FIRST_SILENCE_MS 1500 /* until the first word */
#define PROBE_MS 1300         /* silence after which we say where we are: who does not know us says so at once */
#define STUCK_MS 3000         /* the head is ahead, there is credit, and nothing comes */
#define SAY_MS 1000           /* what was applied is said this often; in a group also when there is nothing new */
#define CREDIT_MAX 10000

void follow_client_tell(const struct follow_client *client, const struct follow_news *news) {
    if (client->options.news != NULL)
        client->options.news(client->options.context, news);
}

const char *follow_client_endpoint(const struct follow_client *client) {
    return client->endpoint < 0 ? client->moved_to.endpoint : client->endpoints.names[client->endpoint];
}

/* ---- asking -------------------------------------------------------------------------------------------------------- */

bool follow_client_in_group(const struct follow_client *client) {
    return client->options.group != NULL;
}

void follow_client_ask(struct follow_client *client) {
    const struct follow_client_options *options = &client->options;
    struct follow follow = {.credit = options->credit};
    memcpy(follow.stream, client->stream, sizeof client->stream);
    if (client->placed && !follow_client_in_group(client))
        follow.from = client->received + 1;
    else if (options->from != FOLLOW_FROM_END)
        follow.from = options->from;
    follow.from_at = follow.from == 0 && options->from == 0 ? options->from_at : 0;
    snprintf(follow.filter, sizeof follow.filter, "%s", options->filter == NULL ? "" : options->filter);
    snprintf(follow.group, sizeof follow.group, "%s", options->group == NULL ? "" : options->group);
    client->stage = FOLLOWING;
    client->credit = options->credit;
    if (follow_client_in_group(client))
        client->received = 0; /* whoever serves us now has sent us nothing yet */
    client->said = client->received;
    client->said_ms = client->progress_ms = clock_monotonic_ms();
    if (client->socket != NULL)
        (void)wire_send(client->socket, NULL, MESSAGE_follow, &follow);
}

void follow_client_connect(struct follow_client *client) {
    const char *key = client->server_key;
    if (client->endpoint < 0 && client->moved_to.curve_key[0] != '\0')
        key = client->moved_to.curve_key;
    wire_close(&client->socket);
    client->opened_ms = client->probed_ms = clock_monotonic_ms();
    client->heard_ms = 0;
    client->socket = wire_dealer(client->options.zmq, client->options.keys, follow_client_endpoint(client), key);
    struct hello hello = {.service = "department", .protocol = 1};
    if (client->socket != NULL)
        (void)wire_send(client->socket, NULL, MESSAGE_hello, &hello);
    if (client->stage != STOPPED)
        follow_client_ask(client);
}

static void connect_next(struct follow_client *client) {
    client->endpoint = (client->endpoint + 1) % client->endpoints.count;
    follow_client_connect(client);
}

static void say_applied(struct follow_client *client, uint64_t more) {
    struct credit credit = {.applied = client->received, .more = more};
    memcpy(credit.stream, client->stream, sizeof client->stream);
    if (client->socket == NULL || wire_send(client->socket, NULL, MESSAGE_credit, &credit) != 0)
        return;
    client->credit += more;
    client->said = client->received;
    client->said_ms = clock_monotonic_ms();
}

/* Called at the start of a turn: what was handed out before is applied by now. In a group others wait for that. */
static void grant(struct follow_client *client) {
    uint64_t more = client->options.credit - client->credit;
    bool said = client->received == client->said;
    bool late = clock_monotonic_ms() - client->said_ms >= SAY_MS;
    if (client->stage != FOLLOWING || (!client->placed && !follow_client_in_group(client)))
        return;
    if (more >= (client->options.credit + 1) / 2)
        say_applied(client, more);
    else if (follow_client_in_group(client) ? !said || late : !said && late)
        say_applied(client, 0);
}

/* ---- timers ----------------------------------------------------------------------------------------------------------- */

/* A grant of nothing: harmless to who knows us, answered with a refusal by who does not. */
static void probe(struct follow_client *client, int64_t now) {
    if (client->heard_ms == 0 || now - client->heard_ms < PROBE_MS || now - client->probed_ms < PROBE_MS)
        return;
    client->probed_ms = now;
    if (client->stage == FOLLOWING)
        say_applied(client, 0);
}

static void turn_timers(struct follow_client *client) {
    int64_t now = clock_monotonic_ms();
    int64_t silent_ms = client->heard_ms == 0 ? now - client->opened_ms : now - client->heard_ms;
    if (silent_ms > (client->heard_ms == 0 ? FIRST_SILENCE_MS : SILENCE_MS)) {
        follow_client_tell(client, &(struct follow_news){
                                       .event = FOLLOW_SILENT, .detail = follow_client_endpoint(client), .field = ""});
        connect_next(client);
        return;
    }
    probe(client, now);
    if (client->stage == NOBODY && now >= client->ask_ms)
        follow_client_ask(client);
    bool stuck = client->stage == FOLLOWING && !follow_client_in_group(client) && client->head > client->received &&
                 client->credit > 0;
    if (stuck && now - client->progress_ms > STUCK_MS)
        follow_client_ask(client);
}

void follow_client_turn(struct follow_client *client, int timeout_ms) {
    grant(client);
    wire_wait(client->socket, timeout_ms);
    follow_client_hear(client);
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
    return client->placed ? client->received : 0;
}

void follow_client_applied(struct follow_client *client) {
    if (client->stage == FOLLOWING && client->received != client->said)
        say_applied(client, 0);
}

static void place(struct follow_client *client, uint64_t from) {
    client->options.from = from;
    client->placed = from != 0 && from != FOLLOW_FROM_END;
    client->received = client->placed && !follow_client_in_group(client) ? from - 1 : 0;
}

void follow_client_from(struct follow_client *client, uint64_t from) {
    assert(from > 0);
    place(client, from);
    follow_client_ask(client);
}

static int check_options(const struct follow_client_options *options, struct reason *why) {
    struct filter filter;
    if (options->from == 0 && options->from_at <= 0)
        return refuse(why, "from", "starts at 1");
    if (options->credit < 2 || options->credit > CREDIT_MAX)
        return refuse(why, "credit", "must lie between 2 and %d", CREDIT_MAX);
    if (options->stream[0] == '\0' || strlen(options->stream) > CODE_MAX)
        return refuse(why, "stream", "must have 1 to %d bytes", CODE_MAX);
    if (options->group != NULL && (options->group[0] == '\0' || strlen(options->group) > CODE_MAX))
        return refuse(why, "group", "must have 1 to %d bytes", CODE_MAX);
    if (strlen(options->server_key) != WIRE_KEY_SIZE - 1)
        return refuse(why, "server_key", "must be a CURVE key of %d characters", WIRE_KEY_SIZE - 1);
    return filter_parse(&filter, options->filter == NULL ? "" : options->filter, NULL, why);
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
    place(client, options->from);
    client->stage = FOLLOWING;
    follow_client_connect(client);
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
