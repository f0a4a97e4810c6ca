#include "common/service.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/host.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/metrics.h"

#define POLL_ITEMS_MAX 96

/* ---- the loop ------------------------------------------------------------------------------------------------------- */

static void wait_for_something(struct service_loop *loop, int signals) {
    zmq_pollitem_t items[POLL_ITEMS_MAX] = {0};
    void *sockets[POLL_ITEMS_MAX];
    int fds[] = {mailbox_fd(loop->in), signals, http_fd(loop->operations),
                 loop->public_http ? http_fd(loop->public_http) : -1};
    int count = 0;
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            items[count++] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    if (loop_knows_keys(loop))
        items[count++] = (zmq_pollitem_t){.socket = zap_socket(loop->zap), .events = ZMQ_POLLIN};
    items[count++] = (zmq_pollitem_t){.socket = loop->mesh_socket, .events = ZMQ_POLLIN};
    if (loop->public_socket != NULL)
        items[count++] = (zmq_pollitem_t){.socket = loop->public_socket, .events = ZMQ_POLLIN};
    size_t links = follow_sockets(loop->links, sockets, POLL_ITEMS_MAX - (size_t)count);
    if (loop->own != NULL)
        links += loop->service->extra->sockets(loop->own, sockets + links, POLL_ITEMS_MAX - (size_t)count - links);
    for (size_t i = 0; i < links; i++)
        items[count++] = (zmq_pollitem_t){.socket = sockets[i], .events = ZMQ_POLLIN};
    (void)zmq_poll(items, count, loop_wait_ms(loop));
}

static bool signalled(int signals) {
    struct signalfd_siginfo info;
    return read(signals, &info, sizeof info) == sizeof info;
}

static bool drained(const struct service_loop *loop) {
    bool idle = loop->own == NULL || loop->service->extra->idle(loop->own);
    return loop_idle(loop) && loop->requests.count == 0 && idle;
}

static bool has_peers(const struct service_loop *loop) {
    const struct mesh_view *view = loop->view;
    if (view == NULL || !loop->connected)
        return false;
    for (size_t i = 0; i < view->member_count; i++)
        if (view->members[i].member != view->self && strcmp(view->members[i].service, loop->service->name) == 0)
            return true;
    return false;
}

/* There is somebody to hand over to, and what is ours has not been claimed yet. */
static bool hands_over(const struct service_loop *loop) {
    return has_peers(loop) && loop->view->owned_count > 0;
}

/* After SIGTERM the works under way are finished, then the shards are left to the others; followers hear from us who has them
 * and need not find out by our silence, also those whom a peer had sent here before it heard that we go. */
static void run_loop(struct service_loop *loop, int signals) {
    int64_t stop_by = 0;
    bool handed_over = false;
    for (;;) {
        wait_for_something(loop, signals);
        loop_turn(loop);
        int64_t now = clock_monotonic_ms();
        if (signalled(signals) && !loop->stopping) {
            loop->stopping = true;
            mesh_claim_no_more(loop->mesh);
            stop_by = now + DRAIN_MS_MAX;
            journal_say(JOURNAL_INFO, "stopping", "finishing the work under way");
        }
        if (!loop->stopping)
            continue;
        if (!loop->left && drained(loop)) {
            loop->left = true;
            mesh_leave(loop->mesh);
            stop_by = now + HAND_OVER_MS_MAX;
        }
        if (loop->left && !handed_over && !hands_over(loop)) {
            handed_over = true;
            stop_by = now + (loop->service->public_streams && has_peers(loop) ? LATECOMERS_MS : 0);
        }
        if (now >= stop_by)
            return;
    }
}

/* A database that does not answer (a commit that waits for a standby that is gone) must not keep us: we end as if we were killed, which
 * loses nothing, before a supervisor does it with less to say. */
static void *cut_off(void *context) {
    struct timespec patience = {.tv_sec = CLOSE_SECONDS_MAX};
    nanosleep(&patience, NULL);
    journal_say(JOURNAL_WARNING, "cut_off",
                "the database does not answer: what was under way ends as if this replica were killed");
    (void)context;
    _exit(1);
}

static void end_in_time(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, cut_off, NULL) == 0)
        pthread_detach(thread);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static int serve(const struct service *service, struct settings *settings) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    struct service_loop *loop = calloc(1, sizeof *loop);
    assert(loop != NULL && signals >= 0);
    loop->service = service;
    loop->settings = settings;
    struct reason why;
    int status = loop_open(loop, &why);
    if (status == 0) {
        run_loop(loop, signals);
        loop_last_word(loop);
    } else
        journal_say(JOURNAL_ERROR, "cannot_start", "%s: %s", why.field, why.text);
    end_in_time();
    loop_close(loop);
    free(loop);
    close(signals);
    journal_say(JOURNAL_INFO, "stopped", "%s", status == 0 ? "drained" : "not started");
    return status == 0 ? 0 : 1;
}

static enum journal_level level_of(const char *name) {
    const char *names[] = {"debug", "info", "warning", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0)
            return (enum journal_level)i;
    return JOURNAL_INFO;
}

/* Whoever listens on all addresses must say which of them the others are to take: they would find nobody, and its shards would stand
 * still. */
static int check_reachable(const struct settings *settings, struct reason *why) {
    const char *listen = settings_text(settings, "ZHITONG_LISTEN_HOST");
    if (settings_text(settings, "ZHITONG_ADVERTISE_HOST")[0] != '\0' || !host_is_every_address(listen))
        return 0;
    return refuse(
        why, "ZHITONG_ADVERTISE_HOST",
        "must be set where ZHITONG_LISTEN_HOST is %s: the name or address by which the other hosts reach this one",
        listen);
}

int service_main(const struct service *service, int argc, char **argv) {
    if (command_line_prints(service, argc, argv))
        return 0;
    bool only_check = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc > (only_check ? 2 : 1)) {
        fprintf(stderr, "zt-%s: unknown argument %s; see --help\n", service->name, argv[only_check ? 2 : 1]);
        return 2;
    }
    struct settings *settings = NULL;
    struct reason why;
    const struct setting_table tables[2] = {{common_settings, common_setting_count},
                                            {service->settings, service->setting_count}};
    if (settings_open(&settings, tables, &why) != 0 || check_reachable(settings, &why) != 0) {
        fprintf(stderr, "zt-%s: %s: %s\n", service->name, why.field, why.text);
        settings_close(&settings);
        return 2;
    }
    journal_start(service->name, level_of(settings_text(settings, "ZHITONG_LOG_LEVEL")));
    metrics_start(service->name);
    int status = only_check ? command_line_check(service, settings) : serve(service, settings);
    settings_close(&settings);
    return status;
}
