#include "services/desk/spawn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define WINDOW 64 /* reports under way */

struct handed {
    bool under_way;
    uint64_t tag;       /* its number, so that a late answer to another one finds nobody */
    int64_t give_up_at; /* monotonic ms */
    spawn_done *done;
    void *context;
};

struct spawn {
    struct wire_keys keys;
    char server_key[WIRE_KEY_SIZE];
    struct submit_client *client;
    int64_t patience_ms;
    uint64_t last_tag;
    struct handed handed[WINDOW];
    size_t waiting;
};

static void finish(struct spawn *spawn, struct handed *handed, const struct spawn_answer *answer) {
    handed->under_way = false;
    spawn->waiting--;
    handed->done(handed->context, answer);
}

static void answered(void *context, const struct submit_answer *from) {
    struct spawn *spawn = context;
    struct handed *handed = &spawn->handed[from->tag % WINDOW];
    if (!handed->under_way || handed->tag != from->tag)
        return;
    struct spawn_answer answer = {.outcome = from->accepted ? SPAWN_ACCEPTED : SPAWN_REFUSED,
                                  .repeated = from->repeated,
                                  .case_id = from->case_id,
                                  .why = from->why};
    memcpy(answer.receipt, from->receipt, sizeof answer.receipt);
    finish(spawn, handed, &answer);
}

int spawn_open(struct spawn **out, const struct settings *settings, void *zmq, struct reason *why) {
    const char *key = settings_text(settings, "ZHITONG_INTAKE_KEY");
    *out = NULL;
    if (key[0] == '\0')
        return 0;
    struct spawn *spawn = calloc(1, sizeof *spawn);
    assert(spawn != NULL);
    spawn->patience_ms = settings_number(settings, "ZHITONG_COMMAND_MS");
    struct submit_options options = {.zmq = zmq,
                                     .keys = &spawn->keys,
                                     .server_key = spawn->server_key,
                                     .endpoints = settings_text(settings, "ZHITONG_INTAKE_ENDPOINTS"),
                                     .window = WINDOW,
                                     .context = spawn,
                                     .answered = answered};
    if (wire_keys_read(&spawn->keys, key, why) != 0 ||
        server_key_read(spawn->server_key, settings_text(settings, "ZHITONG_INTAKE_SERVER_KEY"), why) != 0 ||
        submit_client_open(&spawn->client, &options, why) != 0) {
        free(spawn);
        return -1;
    }
    *out = spawn;
    return 0;
}

void spawn_close(struct spawn **spawn) {
    if (*spawn == NULL)
        return;
    submit_client_close(&(*spawn)->client);
    free(*spawn);
    *spawn = NULL;
}

int spawn_send(struct spawn *spawn, const struct submit *report, spawn_done *done, void *context, struct reason *why) {
    struct handed *handed = &spawn->handed[(spawn->last_tag + 1) % WINDOW];
    if (handed->under_way || submit_client_room(spawn->client) == 0)
        return refuse(why, "", "too many reports are under way; try again");
    *handed = (struct handed){.under_way = true,
                              .tag = spawn->last_tag + 1,
                              .give_up_at = clock_monotonic_ms() + spawn->patience_ms,
                              .done = done,
                              .context = context};
    if (submit_client_send(spawn->client, report, handed->tag, why) != 0) {
        handed->under_way = false;
        return -1;
    }
    spawn->last_tag++;
    spawn->waiting++;
    return 0;
}

void spawn_turn(struct spawn *spawn) {
    int64_t now = clock_monotonic_ms();
    submit_client_turn(spawn->client, 0);
    for (size_t i = 0; spawn->waiting > 0 && i < WINDOW; i++)
        if (spawn->handed[i].under_way && spawn->handed[i].give_up_at <= now)
            finish(spawn, &spawn->handed[i], &(struct spawn_answer){.outcome = SPAWN_UNKNOWN});
}

size_t spawn_sockets(const struct spawn *spawn, void **sockets, size_t room) {
    return submit_client_sockets(spawn->client, sockets, room);
}

size_t spawn_waiting(const struct spawn *spawn) {
    return spawn->waiting;
}
