#include "common/command_calls.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define LINKS_MAX 32
#define SILENCE_MS 1000 /* then a command is sent again */
#define RETRY_MS 100    /* pause after moved, and while nobody is known */

struct call_waiting {
    struct call_waiting *next;
    struct command command;
    uint64_t tag;
    int64_t send_at, give_up_at; /* monotonic ms */
    bool sent;
};

struct link {
    struct member peer;
    void *socket;
    int64_t good_at; /* monotonic ms when it was opened or last heard */
};

struct command_calls {
    struct command_calls_options options;
    struct link links[LINKS_MAX];
    size_t link_count;
    struct call_waiting *first;
    size_t waiting;
};

/* ---- links ------------------------------------------------------------------------------------------------------ */

static void open_link(struct command_calls *calls, struct link *link) {
    wire_close(&link->socket);
    link->socket = wire_dealer(calls->options.zmq, calls->options.keys, link->peer.endpoint, link->peer.curve_key);
    link->good_at = clock_monotonic_ms();
}

static void drop_links(struct command_calls *calls) {
    for (size_t i = 0; i < calls->link_count; i++)
        wire_close(&calls->links[i].socket);
    calls->link_count = 0;
}

static struct link *link_to(struct command_calls *calls, uint16_t shard) {
    const struct member *owner = calls->options.owner(calls->options.context, shard);
    if (owner == NULL)
        return NULL;
    for (size_t i = 0; i < calls->link_count; i++)
        if (calls->links[i].peer.member == owner->member)
            return &calls->links[i];
    if (calls->link_count == LINKS_MAX)
        drop_links(calls); /* of replicas long gone; the living ones are opened again when they are needed */
    struct link *link = &calls->links[calls->link_count++];
    *link = (struct link){.peer = *owner};
    open_link(calls, link);
    return link;
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

/* A replica that did not know our key yet when we knocked never answers on that connection: knock again. */
static void send_one(struct command_calls *calls, struct call_waiting *waiting, int64_t now) {
    struct link *link = link_to(calls, case_shard(waiting->command.case_id));
    if (link == NULL) {
        waiting->send_at = now + RETRY_MS;
        return;
    }
    if (waiting->sent && now - link->good_at > SILENCE_MS)
        open_link(calls, link);
    if (link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_command, &waiting->command);
    waiting->sent = true;
    waiting->send_at = now + SILENCE_MS;
}

static void finish(struct command_calls *calls, struct call_waiting **at, struct command_answer *answer) {
    struct call_waiting *waiting = *at;
    *at = waiting->next;
    calls->waiting--;
    answer->tag = waiting->tag;
    answer->done = answer->outcome == COMMAND_DONE;
    free(waiting);
    calls->options.answered(calls->options.context, answer);
}

static void send_due(struct command_calls *calls, int64_t now) {
    for (struct call_waiting *waiting = calls->first; waiting != NULL; waiting = waiting->next)
        if (waiting->send_at <= now)
            send_one(calls, waiting, now);
}

/* `answered` may send another command, which comes first in the list: begin again after each. */
static void give_up(struct command_calls *calls, int64_t now) {
    struct call_waiting **at = &calls->first;
    while (*at != NULL) {
        if ((*at)->give_up_at > now) {
            at = &(*at)->next;
            continue;
        }
        struct command_answer answer = {.outcome = COMMAND_UNKNOWN};
        (void)refuse(&answer.why, "",
                     "no answer in time; whether it was done is not known: ask again with the same key");
        finish(calls, at, &answer);
        at = &calls->first;
    }
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static struct call_waiting **waiting_for(struct command_calls *calls, const char *key) {
    struct call_waiting **at = &calls->first;
    while (*at != NULL && strcmp((*at)->command.key, key) != 0)
        at = &(*at)->next;
    return at;
}

static void take_moved(struct command_calls *calls, const struct moved *moved) {
    uint16_t shard = (uint16_t)(strtoul(moved->stream, NULL, 10) % SHARD_COUNT);
    int64_t send_at = clock_monotonic_ms() + RETRY_MS;
    for (struct call_waiting *waiting = calls->first; waiting != NULL; waiting = waiting->next)
        if (case_shard(waiting->command.case_id) == shard && waiting->send_at > send_at)
            waiting->send_at = send_at;
}

static void take_busy(struct command_calls *calls, const struct busy *busy) {
    struct call_waiting **at = waiting_for(calls, busy->key);
    if (*at == NULL)
        return;
    if (!calls->options.busy_ends) {
        (*at)->send_at = clock_monotonic_ms() + (int64_t)busy->retry_after_ms;
        return;
    }
    struct command_answer answer = {.outcome = COMMAND_BUSY, .retry_after_ms = busy->retry_after_ms};
    (void)refuse(&answer.why, "", "too busy now; nothing was done, ask again with the same key");
    finish(calls, at, &answer);
}

static void take_answer(struct command_calls *calls, const uint8_t *data, size_t size) {
    union {
        struct done done;
        struct refused refused;
        struct busy busy;
        struct moved moved;
    } message;
    struct command_answer answer = {.outcome = COMMAND_DONE};
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_done || type == MESSAGE_refused || type == MESSAGE_busy || type == MESSAGE_moved;
    if (!known || message_decode(type, data, size, &message, &answer.why) != 0)
        return;
    if (type == MESSAGE_moved) {
        take_moved(calls, &message.moved);
        return;
    }
    if (type == MESSAGE_busy) {
        take_busy(calls, &message.busy);
        return;
    }
    struct call_waiting **at = waiting_for(calls, type == MESSAGE_done ? message.done.key : message.refused.key);
    if (*at == NULL)
        return;
    if (type == MESSAGE_done) {
        answer.version = (uint32_t)message.done.version;
        memcpy(answer.state, message.done.state, sizeof answer.state);
    } else {
        answer.outcome = COMMAND_REFUSED;
        (void)refuse(&answer.why, message.refused.field, "%s", message.refused.reason);
    }
    finish(calls, at, &answer);
}

static void read_link(struct command_calls *calls, struct link *link) {
    struct packet packet;
    int status;
    while (link->socket != NULL && (status = packet_read(&packet, link->socket, false)) != 0) {
        if (status < 0)
            continue;
        size_t size;
        const uint8_t *data = packet_data(&packet, &size);
        link->good_at = clock_monotonic_ms();
        take_answer(calls, data, size);
        packet_close(&packet);
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

void command_calls_send(struct command_calls *calls, const struct command *command, uint64_t tag) {
    struct call_waiting *waiting = calloc(1, sizeof *waiting);
    assert(waiting != NULL);
    waiting->command = *command;
    waiting->tag = tag;
    waiting->give_up_at = calls->options.patience_ms > 0 ? clock_monotonic_ms() + calls->options.patience_ms
                                                         : INT64_MAX;
    waiting->next = calls->first;
    calls->first = waiting;
    calls->waiting++;
}

size_t command_calls_waiting(const struct command_calls *calls) {
    return calls->waiting;
}

void command_calls_turn(struct command_calls *calls) {
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < calls->link_count; i++)
        read_link(calls, &calls->links[i]);
    send_due(calls, now);
    give_up(calls, now);
}

size_t command_calls_sockets(const struct command_calls *calls, void **sockets, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < calls->link_count && count < room; i++)
        if (calls->links[i].socket != NULL)
            sockets[count++] = calls->links[i].socket;
    return count;
}

int command_calls_wait_ms(const struct command_calls *calls) {
    int64_t next = INT64_MAX, now = clock_monotonic_ms();
    for (const struct call_waiting *waiting = calls->first; waiting != NULL; waiting = waiting->next) {
        next = waiting->send_at < next ? waiting->send_at : next;
        next = waiting->give_up_at < next ? waiting->give_up_at : next;
    }
    if (next == INT64_MAX)
        return -1;
    return next <= now ? 0 : (int)(next - now);
}

struct command_calls *command_calls_open(const struct command_calls_options *options) {
    struct command_calls *calls = calloc(1, sizeof *calls);
    assert(calls != NULL);
    calls->options = *options;
    return calls;
}

void command_calls_close(struct command_calls **calls) {
    if (*calls == NULL)
        return;
    drop_links(*calls);
    while ((*calls)->first != NULL) {
        struct call_waiting *next = (*calls)->first->next;
        free((*calls)->first);
        (*calls)->first = next;
    }
    free(*calls);
    *calls = NULL;
}
