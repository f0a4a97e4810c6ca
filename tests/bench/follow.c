/* Followers of notification's public endpoint, as many as lines of a file; see tests/bench/follow.
 *
 *     zt-bench-follow keys N
 *     zt-bench-follow replay ENDPOINTS SERVER_KEY FILE ENTRIES     one follower, from 1 on
 *     zt-bench-follow live ENDPOINTS SERVER_KEY FILE SECONDS       each line one, from the end; ms from the move to the follower
 *     zt-bench-follow slow ENDPOINTS SERVER_KEY FILE SECONDS       each line one that asks for everything and reads nothing
 *
 * A line of the file: UNIT PUBLIC_KEY SECRET_KEY. Prints `name value` lines. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/follow_client.h"
#include "common/histogram.h"

#define FOLLOWERS_MAX 2000
#define REPLAY_CREDIT 10000
#define LIVE_CREDIT 1000
#define SLOW_CREDIT 1000

struct one {
    char unit[49];
    struct wire_keys keys;
    struct follow_client *client;
    void *socket;
};

static struct {
    void *zmq;
    const char *endpoints, *server_key;
    struct one ones[FOLLOWERS_MAX];
    size_t count;
    uint64_t entries, bytes, refused;
    struct histogram late_ms;
} run;

static int64_t clock_ms(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_entry(void *context, const struct event *event) {
    struct moved_facts facts;
    (void)context;
    run.entries++;
    run.bytes += event->size;
    if (moved_facts_read(event->data, event->size, FACTS_NAMES, &facts) == 0)
        histogram_add(&run.late_ms, clock_ms(CLOCK_REALTIME) - facts.at);
}

static void on_news(void *context, const struct follow_news *news) {
    const struct one *one = context;
    if (news->event != FOLLOW_REFUSED && news->event != FOLLOW_TRUNCATED)
        return;
    run.refused++;
    fprintf(stderr, "%s: %s %s\n", one->unit, news->field, news->detail);
}

static void read_ones(const char *path) {
    FILE *file = fopen(path, "re");
    assert(file != NULL);
    while (run.count < FOLLOWERS_MAX) {
        struct one *one = &run.ones[run.count];
        if (fscanf(file, "%48s %40s %40s", one->unit, one->keys.public_key, one->keys.secret_key) != 3)
            break;
        run.count++;
    }
    fclose(file);
}

static void open_one(struct one *one, uint64_t from, uint32_t credit) {
    struct reason why;
    const struct follow_client_options options = {.zmq = run.zmq,
                                                  .keys = &one->keys,
                                                  .server_key = run.server_key,
                                                  .endpoints = run.endpoints,
                                                  .stream = one->unit,
                                                  .from = from,
                                                  .credit = credit,
                                                  .context = one,
                                                  .entry = on_entry,
                                                  .news = on_news};
    if (follow_client_open(&one->client, &options, &why) == 0)
        return;
    fprintf(stderr, "%s: %s\n", why.field, why.text);
    exit(1);
}

static void replay(uint64_t wanted) {
    struct one *one = &run.ones[0];
    open_one(one, 1, REPLAY_CREDIT);
    while (run.entries == 0 && run.refused == 0)
        follow_client_turn(one->client, 100);
    int64_t began = clock_ms(CLOCK_MONOTONIC);
    uint64_t before = run.entries;
    while (run.entries < wanted && run.refused == 0)
        follow_client_turn(one->client, 100);
    int64_t took = clock_ms(CLOCK_MONOTONIC) - began;
    printf("entries %" PRIu64 "\nbytes_of_data %" PRIu64 "\nseconds %.3f\nentries_per_s %.0f\n", run.entries,
           run.bytes / run.entries, (double)took / 1000, (double)(run.entries - before) * 1000 / (double)took);
    follow_client_close(&one->client);
}

static void live(int64_t seconds) {
    static zmq_pollitem_t polls[FOLLOWERS_MAX];
    for (size_t i = 0; i < run.count; i++)
        open_one(&run.ones[i], FOLLOW_FROM_END, LIVE_CREDIT);
    for (int64_t end = clock_ms(CLOCK_MONOTONIC) + seconds * 1000; clock_ms(CLOCK_MONOTONIC) < end;) {
        int count = 0;
        for (size_t i = 0; i < run.count; i++)
            if (follow_client_socket(run.ones[i].client) != NULL)
                polls[count++] = (zmq_pollitem_t){.socket = follow_client_socket(run.ones[i].client),
                                                  .events = ZMQ_POLLIN};
        (void)zmq_poll(polls, count, 20);
        for (size_t i = 0; i < run.count; i++)
            follow_client_turn(run.ones[i].client, 0);
    }
    printf("entries %" PRIu64 "\np50_ms %" PRId64 "\np99_ms %" PRId64 "\nmax_ms %" PRId64 "\n", run.entries,
           histogram_at(&run.late_ms, 0.5), histogram_at(&run.late_ms, 0.99), histogram_at(&run.late_ms, 1));
    for (size_t i = 0; i < run.count; i++)
        follow_client_close(&run.ones[i].client);
}

static void slow(unsigned seconds) {
    for (size_t i = 0; i < run.count; i++) {
        struct one *one = &run.ones[i];
        struct hello hello = {.service = "department", .protocol = 1};
        struct follow follow = {.from = 1, .credit = SLOW_CREDIT};
        memcpy(follow.stream, one->unit, sizeof follow.stream);
        one->socket = wire_dealer(run.zmq, &one->keys, run.endpoints, run.server_key);
        int hwm = 1; /* what it does not read stays with the owner and in the kernel */
        zmq_setsockopt(one->socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
        (void)!wire_send(one->socket, NULL, MESSAGE_hello, &hello);
        (void)!wire_send(one->socket, NULL, MESSAGE_follow, &follow);
    }
    sleep(seconds);
    for (size_t i = 0; i < run.count; i++)
        wire_close(&run.ones[i].socket);
}

static int make_keys(long count) {
    for (long i = 0; i < count; i++) {
        struct wire_keys keys;
        wire_keys_make(&keys);
        printf("%s %s\n", keys.public_key, keys.secret_key);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "keys") == 0)
        return make_keys(atol(argv[2]));
    if (argc != 6) {
        fputs("see tests/bench/follow.c\n", stderr);
        return 2;
    }
    run.zmq = zmq_ctx_new();
    zmq_ctx_set(run.zmq, ZMQ_MAX_SOCKETS, FOLLOWERS_MAX + 100);
    run.endpoints = argv[2];
    run.server_key = argv[3];
    read_ones(argv[4]);
    assert(run.count > 0);
    if (strcmp(argv[1], "replay") == 0)
        replay((uint64_t)atoll(argv[5]));
    if (strcmp(argv[1], "live") == 0)
        live(atoll(argv[5]));
    if (strcmp(argv[1], "slow") == 0)
        slow((unsigned)atol(argv[5]));
    zmq_ctx_term(run.zmq);
    return run.refused == 0 ? 0 : 1;
}
