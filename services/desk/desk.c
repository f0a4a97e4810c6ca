#include "services/desk/desk.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/loop.h"
#include "services/desk/http_live.h"
#include "services/desk/http_moves.h"

#define FILES_READING_MAX 256 /* files that wait to be read for an answer; more get 503 */
#define SPAWN_WAIT_MS 50      /* while reports are under way their client looks for what is due */

struct desk *desk_of(void *context) {
    return ((struct service_loop *)context)->own;
}

const struct city *desk_city(const struct desk *desk) {
    return service_city(desk->loop);
}

int desk_is_ready(const struct desk *desk, struct reason *why) {
    if (desk->loop->stopping)
        return refuse(why, "", "this replica stops; try again");
    if (!desk->loop->connected)
        return refuse(why, "", "the database does not answer; try again");
    if (desk_city(desk) == NULL)
        return refuse(why, "city", "no city is loaded; run `zhitong city load FOLDER`");
    return 0;
}

static const struct member *owner(void *context, uint16_t shard) {
    const struct desk *desk = context;
    return desk->loop->view != NULL ? mesh_owner(desk->loop->view, "routing", shard) : NULL;
}

static const struct member *stream_owner(void *context, const char *stream) {
    const struct desk *desk = context;
    uint16_t shard = loop_stream_shard(desk->loop, stream);
    return desk->loop->view != NULL ? mesh_owner(desk->loop->view, "notification", shard) : NULL;
}

static const struct city *live_city(void *context) {
    return desk_city(context);
}

static void open_live(struct desk *desk) {
    const struct settings *settings = desk->loop->settings;
    const struct live_hub_options live = {.zmq = desk->loop->zmq,
                                          .keys = &desk->loop->keys,
                                          .clients_max = (size_t)settings_number(settings, "ZHITONG_LIVE_CLIENTS"),
                                          .session_max = (size_t)settings_number(settings, "ZHITONG_LIVE_PER_SESSION"),
                                          .bytes_max = (size_t)settings_number(settings, "ZHITONG_LIVE_BYTES"),
                                          .context = desk,
                                          .owner = stream_owner,
                                          .city = live_city};
    desk->live = live_hub_open(&live);
    desk->live_watch = live_watch_open(desk);
}

static void answered(void *context, const struct command_answer *answer) {
    (void)context;
    desk_move_answered((struct visit *)(uintptr_t)answer->tag, answer);
}

static void open_limits(struct desk *desk, const struct settings *settings) {
    int64_t span_ms = settings_number(settings, "ZHITONG_LOGIN_SPAN_SECONDS") * 1000;
    desk->logins = try_limit_open((uint32_t)settings_number(settings, "ZHITONG_LOGIN_FAILURES"), span_ms);
    desk->addresses = try_limit_open((uint32_t)settings_number(settings, "ZHITONG_ADDRESS_FAILURES"), span_ms);
}

static void *desk_open(struct service_loop *loop, struct reason *why) {
    const struct settings *settings = loop->settings;
    struct desk *desk = calloc(1, sizeof *desk);
    assert(desk != NULL);
    desk->loop = loop;
    if (sodium_init() < 0) {
        (void)refuse(why, "libsodium", "does not start");
        free(desk);
        return NULL;
    }
    if (file_store_open(&desk->files, settings, why) != 0) {
        free(desk);
        return NULL;
    }
    if (secret_keys_of_settings(&desk->keys, settings, why) != 0) {
        file_store_close(&desk->files);
        free(desk);
        return NULL;
    }
    if (spawn_open(&desk->spawn, settings, loop->zmq, why) != 0) {
        file_store_close(&desk->files);
        secret_keys_close(&desk->keys);
        free(desk);
        return NULL;
    }
    const struct asks_options asks = {loop->service, settings_text(settings, "ZHITONG_DATABASE_URL"),
                                      (size_t)settings_number(settings, "ZHITONG_CONNECTIONS"), loop->in};
    const struct command_calls_options calls = {.zmq = loop->zmq,
                                                .keys = &loop->keys,
                                                .context = desk,
                                                .owner = owner,
                                                .answered = answered,
                                                .patience_ms = settings_number(settings, "ZHITONG_COMMAND_MS"),
                                                .busy_ends = true};
    desk->asks = asks_open(&asks);
    desk->calls = command_calls_open(&calls);
    desk->audit = audit_open(desk->asks);
    desk->hasher = hasher_open(loop->in, (size_t)settings_number(settings, "ZHITONG_LOGINS_WAITING"));
    desk->reports = reports_open(loop->in, asks.database_url,
                                 (size_t)settings_number(settings, "ZHITONG_REPORTS_WAITING"));
    desk->reading = errands_open(loop->in, FILES_READING_MAX);
    desk->sessions = session_cache_open();
    desk->commands_max = (size_t)settings_number(settings, "ZHITONG_COMMANDS_WAITING");
    desk->behind_proxy = settings_flag(settings, "ZHITONG_BEHIND_PROXY");
    snprintf(desk->idle_seconds, sizeof desk->idle_seconds, "%lld",
             settings_number(settings, "ZHITONG_SESSION_IDLE_SECONDS"));
    snprintf(desk->life_seconds, sizeof desk->life_seconds, "%lld",
             settings_number(settings, "ZHITONG_SESSION_SECONDS"));
    open_limits(desk, settings);
    open_live(desk);
    return desk;
}

static void desk_turn(void *own) {
    struct desk *desk = own;
    command_calls_turn(desk->calls);
    if (desk->spawn != NULL)
        spawn_turn(desk->spawn);
    if (desk->loop->stopping)
        live_hub_end_all(desk->live);
    live_hub_turn(desk->live);
    live_watch_turn(desk->live_watch);
}

static size_t desk_sockets(void *own, void **sockets, size_t room) {
    const struct desk *desk = own;
    size_t count = command_calls_sockets(desk->calls, sockets, room);
    count += live_hub_sockets(desk->live, sockets + count, room - count);
    return desk->spawn == NULL ? count : count + spawn_sockets(desk->spawn, sockets + count, room - count);
}

static int desk_wait_ms(void *own) {
    const struct desk *desk = own;
    int wait = command_calls_wait_ms(desk->calls), live = live_hub_wait_ms(desk->live);
    wait = live >= 0 && (wait < 0 || wait > live) ? live : wait;
    bool spawning = desk->spawn != NULL && spawn_waiting(desk->spawn) > 0;
    return spawning && (wait < 0 || wait > SPAWN_WAIT_MS) ? SPAWN_WAIT_MS : wait;
}

static bool desk_idle(void *own) {
    return ((const struct desk *)own)->visits == 0;
}

static void desk_stop(void *own) {
    struct desk *desk = own;
    hasher_stop(desk->hasher);
    reports_stop(desk->reports);
    errands_stop(desk->reading);
    asks_stop(desk->asks);
}

/* Visits that are still under way (none after a drain) lose their request with the server. */
static void desk_close(void *own) {
    struct desk *desk = own;
    command_calls_close(&desk->calls);
    live_hub_close(&desk->live);
    live_watch_close(&desk->live_watch);
    spawn_close(&desk->spawn);
    audit_close(&desk->audit);
    hasher_close(&desk->hasher);
    reports_close(&desk->reports);
    errands_close(&desk->reading);
    file_store_close(&desk->files);
    asks_close(&desk->asks);
    session_cache_close(&desk->sessions);
    secret_keys_close(&desk->keys);
    try_limit_close(&desk->logins);
    try_limit_close(&desk->addresses);
    free(desk);
}

const struct service_extra desk_extra = {.open = desk_open,
                                         .turn = desk_turn,
                                         .sockets = desk_sockets,
                                         .wait_ms = desk_wait_ms,
                                         .idle = desk_idle,
                                         .stop = desk_stop,
                                         .close = desk_close};
