/* Replicas: each is the service's own loop. They come, go, crash and stall as the world says. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/journal.h"
#include "tests/simulation/simulated.h"
#include "tests/simulation/world.h"

#define PUBLIC_PORT 40000
#define SERVICES 4
#define STOP_MS_MAX 5000

int intake_main(int argc, char **argv);
int routing_main(int argc, char **argv);
int escalation_main(int argc, char **argv);
int notification_main(int argc, char **argv);

static struct service services[SERVICES];
static size_t service_count;

/* ---- what a service calls, replaced --------------------------------------------------------------------------------------------------- */

/* The mains of the services hand in their tables. What is not simulated is left out: HTTP, the courier. */
int service_main(const struct service *service, int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct service *copy = &services[service_count++];
    *copy = *service;
    copy->extra = NULL;
    copy->routes = NULL;
    copy->route_count = 0;
    copy->tend_query = NULL; /* partitions are real days */
    return 0;
}

int __wrap_http_open(struct http **out, const struct http_options *options, struct reason *why) {
    (void)options;
    (void)why;
    *out = NULL;
    return 0;
}
void __wrap_http_close(struct http **open) {
    *open = NULL;
}
uint16_t __wrap_http_port(const struct http *http) {
    (void)http;
    return 0;
}
int __wrap_http_fd(const struct http *http) {
    (void)http;
    return -1;
}
int __wrap_http_timeout_ms(struct http *http) {
    (void)http;
    return -1;
}
void __wrap_http_turn(struct http *http) {
    (void)http;
}

/* A loop begins to mint in a shard of its process's number. */
int __wrap_getpid(void) {
    return world.current != NULL ? world.current->number * 37 : 0;
}

__attribute__((format(printf, 3, 4))) void __wrap_journal_say(enum journal_level level, const char *event,
                                                              const char *format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)level;
    bool is_libpq = strcmp(event, "database_lost") == 0 ||
                    strcmp(event, "batch_retried") == 0; /* its words name sockets */
    if (!is_libpq)
        trace("%s: %s", event, text);
}

/* ---- one replica ------------------------------------------------------------------------------------------------------------------------- */

int node_public_port(const struct node *node) {
    return PUBLIC_PORT + node->number;
}

struct node *node_of_service(const char *service, size_t nth) {
    for (size_t i = 0; i < world.node_count; i++)
        if (strcmp(world.nodes[i].service->name, service) == 0 && nth-- == 0)
            return &world.nodes[i];
    return NULL;
}

static void set_environment(const struct node *node) {
    char role[64], url[2000], port[16];
    snprintf(role, sizeof role, "zhitong_%s", node->service->name);
    database_role_url(url, role);
    snprintf(port, sizeof port, "%d", node_public_port(node));
    clearenv();
    setenv("ZHITONG_DATABASE_URL", url, 1);
    setenv("ZHITONG_BATCH_INPUTS", node->number % 2 == 0 ? "3" : "500", 1);
    setenv("ZHITONG_LANES", node->number % 3 == 1 ? "2" : "1", 1);
    setenv("ZHITONG_FOLLOW_WINDOW", node->number % 2 == 0 ? "4" : "1000", 1);
    setenv("ZHITONG_HUNG_MS", "600000", 1); /* it is measured in real time */
    setenv("ZHITONG_TAIL_BYTES", node->number % 2 == 0 ? "2000" : "1000000", 1);
    if (node->service->public_requests || node->service->public_streams) {
        setenv("ZHITONG_PUBLIC_PORT", port, 1);
        setenv("ZHITONG_PUBLIC_KEYS", "of the simulation", 1);
    }
}

static void start(struct node *node) {
    extern const struct setting common_settings[];
    const struct setting_table tables[2] = {{common_settings, common_setting_count},
                                            {node->service->settings, node->service->setting_count}};
    struct reason why;
    set_environment(node);
    world.current = node;
    trace("starts");
    if (settings_open(&node->settings, tables, &why) != 0)
        broken("setup", "%s: %s", why.field, why.text);
    node->loop = calloc(1, sizeof *node->loop);
    assert(node->loop != NULL);
    node->loop->service = node->service;
    node->loop->settings = node->settings;
    if (loop_open(node->loop, &why) != 0)
        broken("setup", "%s: %s: %s", node->service->name, why.field, why.text);
    node->wake_at = world.now_ms;
    node->start_at = NEVER;
    world.current = NULL;
}

static void end(struct node *node, int64_t back_after_ms) {
    world.current = node;
    loop_close(node->loop);
    free(node->loop);
    settings_close(&node->settings);
    node->loop = NULL;
    node->dying = false;
    node->stalled_until = 0;
    node->start_at = world.now_ms + back_after_ms;
    world.current = NULL;
}

/* As after kill -9: the server sees its connections end, the others hear nothing more, its memory is gone. */
void node_crash(struct node *node, int64_t back_after_ms) {
    if (node->loop == NULL)
        return;
    world.current = node;
    trace("crashes");
    world.happened[HAPPENED_crashes]++;
    node->dying = true;
    database_cut(node, false);
    end(node, back_after_ms);
}

void node_stop(struct node *node, int64_t back_after_ms) {
    if (node->loop == NULL || node->loop->stopping)
        return;
    world.current = node;
    trace("is asked to stop");
    world.current = NULL;
    world.happened[HAPPENED_stops]++;
    node->loop->stopping = true;
    node->start_at = world.now_ms + back_after_ms; /* when it has ended */
    node_wake(node);
}

void node_wake(struct node *node) {
    if (node->loop != NULL && node->wake_at > world.now_ms)
        node->wake_at = world.now_ms + chance_between(0, 1);
}

static int64_t next_at(const struct node *node) {
    if (node->loop == NULL)
        return node->start_at;
    return node->wake_at < node->stalled_until ? node->stalled_until : node->wake_at;
}

static void turn(struct node *node) {
    world.current = node;
    loop_turn(node->loop);
    int wait_ms = loop_wait_ms(node->loop);
    node->wake_at = world.now_ms + (wait_ms > 0 ? wait_ms : 1);
    bool idle = loop_idle(node->loop) && node->loop->requests.count == 0;
    if (node->loop->stopping && (idle || world.now_ms > node->start_at + STOP_MS_MAX))
        end(node, chance_between(10, 500));
    world.current = NULL;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------------------------- */

static struct node *next_node(void) {
    struct node *next = &world.nodes[0];
    for (size_t i = 1; i < world.node_count; i++)
        if (next_at(&world.nodes[i]) < next_at(next))
            next = &world.nodes[i];
    return next;
}

int64_t nodes_next_at(void) {
    return next_at(next_node());
}

void nodes_step(void) {
    struct node *node = next_node();
    if (node->loop == NULL)
        start(node);
    else
        turn(node);
}

void nodes_open(void) {
    static const int most[SERVICES] = {2, 3, 2, 3};
    if (service_count == 0) {
        intake_main(0, NULL);
        routing_main(0, NULL);
        escalation_main(0, NULL);
        notification_main(0, NULL);
    }
    for (size_t i = 0; i < SERVICES; i++) {
        int64_t count = chance_between(1, most[i]);
        for (int64_t nth = 0; nth < count; nth++) {
            struct node *node = &world.nodes[world.node_count];
            *node = (struct node){.number = (int)++world.node_count, .service = &services[i]};
            node->start_at = world.now_ms + chance_between(0, 300);
        }
    }
}

bool nodes_all_up(void) {
    for (size_t i = 0; i < world.node_count; i++)
        if (world.nodes[i].loop == NULL || world.nodes[i].loop->stopping || !loop_idle(world.nodes[i].loop))
            return false;
    return true;
}

void nodes_close(void) {
    for (size_t i = 0; i < world.node_count; i++) {
        struct node *node = &world.nodes[i];
        if (node->loop == NULL)
            continue;
        node->dying = true;
        database_cut(node, false);
        end(node, 0);
    }
}
