/* Load for intake's HTTP API: so many connections that each POST a report and wait for its answer.
 *
 *   zt-bench-intake HOST:PORT CITY CONNECTIONS SECONDS RATE CASES [API_KEY]
 *   zt-bench-intake HOST:PORT idle CONNECTIONS SECONDS
 *
 * Reports are made from the channels, items and areas of the folder CITY. RATE is how many are offered in a second, whatever comes
 * back; 0: the next one as soon as the last one is answered. The ids of the cases that were answered 201 go to the file CASES. Prints
 * `name value` lines. Exit 1: something else came than 201, or 503 and 429 with Retry-After. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/histogram.h"

#define CONNECTIONS_MAX 10000
#define CODES_MAX 512
#define ANSWER_BYTES_MAX 4095
#define BODY_BYTES_MAX 1200
#define DRAIN_US_MAX 10000000 /* how long the last answers are waited for */
#define DESCRIPTION \
    "路口的路灯从昨晚起不亮，行人和骑车的人看不清路面，已经有人在这里摔倒，请尽快派人来看看。" \
    "The lamp at the corner has been out since last night; somebody fell over the kerb, please send somebody soon."

struct codes {
    char codes[CODES_MAX][49];
    size_t count;
};

struct connection {
    int fd;
    bool waits; /* for an answer */
    size_t size;
    int64_t sent_us;
    char answer[ANSWER_BYTES_MAX + 1];
};

static struct codes channels, items, areas;
static struct connection *connections;
static size_t connection_count, next_free; /* the connection that was free longest, about */
static struct histogram took, took_busy;
static uint64_t asked, accepted, busy, wrong, late;
static const char *api_key = "";
static FILE *cases;
static char first_wrong[600];

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The first column of a CSV file, whose codes hold no quotes; `with` must stand in the line. */
static void read_codes(const char *folder, const char *name, const char *with, struct codes *codes) {
    char path[500], line[4000];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    assert(file != NULL && fgets(line, sizeof line, file) != NULL);
    while (codes->count < CODES_MAX && fgets(line, sizeof line, file) != NULL) {
        size_t size = strcspn(line, ",");
        if (size == 0 || size > 48 || strstr(line, with) == NULL)
            continue;
        memcpy(codes->codes[codes->count], line, size);
        codes->codes[codes->count++][size] = '\0';
    }
    fclose(file);
    assert(codes->count > 0);
}

static const char *one_of(const struct codes *codes) {
    return codes->codes[(size_t)random() % codes->count];
}

static void post(struct connection *connection) {
    char text[BODY_BYTES_MAX + 600], body[BODY_BYTES_MAX];
    int size = snprintf(body, sizeof body,
                        "{\"channel\":\"%s\",\"item\":\"%s\",\"area\":\"%s\",\"address\":\"%ld Long Street 长街\","
                        "\"lat\":%.6f,\"long\":%.6f,\"title\":\"路灯不亮 %llu\",\"description\":\"" DESCRIPTION "\"}",
                        one_of(&channels), one_of(&items), one_of(&areas), random() % 1000,
                        33.5 + (double)(random() % 100000) / 250000, 114 + (double)(random() % 100000) / 250000,
                        (unsigned long long)asked);
    assert(size < (int)sizeof body);
    size = snprintf(text, sizeof text,
                    "POST /reports HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n%s%s%s"
                    "Idempotency-Key: %d-%llu\r\nContent-Length: %d\r\n\r\n%s",
                    api_key[0] != '\0' ? "X-API-Key: " : "", api_key, api_key[0] != '\0' ? "\r\n" : "", (int)getpid(),
                    (unsigned long long)asked, size, body);
    asked++;
    connection->size = 0;
    connection->waits = true;
    connection->sent_us = now_us();
    ssize_t sent = send(connection->fd, text, (size_t)size, MSG_NOSIGNAL);
    assert(sent == size);
}

static void take_answer(struct connection *connection) {
    const char *text = connection->answer, *id = strstr(text, "\"case\":\"");
    int status = atoi(text + 9);
    bool tells = strcasestr(text, "\r\nRetry-After:") != NULL;
    connection->waits = false;
    if (status == 201 && id != NULL) {
        accepted++;
        histogram_add(&took, now_us() - connection->sent_us);
        fprintf(cases, "%.*s\n", (int)strspn(id + 8, "0123456789"), id + 8);
    } else if ((status == 503 || status == 429) && tells) {
        busy++;
        histogram_add(&took_busy, now_us() - connection->sent_us);
    } else if (wrong++ == 0) {
        snprintf(first_wrong, sizeof first_wrong, "%.500s", text);
    }
}

/* True when an answer is complete. */
static bool take(struct connection *connection) {
    ssize_t size = recv(connection->fd, connection->answer + connection->size, ANSWER_BYTES_MAX - connection->size, 0);
    if (size <= 0) {
        fprintf(stderr, "intake closed a connection%s\n", connection->waits ? " that waited for an answer" : "");
        exit(1);
    }
    connection->size += (size_t)size;
    connection->answer[connection->size] = '\0';
    const char *end = strstr(connection->answer, "\r\n\r\n");
    const char *length = strcasestr(connection->answer, "\r\nContent-Length:");
    if (end == NULL || length == NULL ||
        connection->size < (size_t)(end + 4 - connection->answer) + strtoul(length + 17, NULL, 10))
        return false;
    take_answer(connection);
    return true;
}

static void connect_all(char *server, size_t count, int epoll) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *host = strsep(&server, ":");
    address.sin_port = htons((uint16_t)atoi(server != NULL ? server : ""));
    int status = inet_pton(AF_INET, host, &address.sin_addr);
    assert(status == 1 && count > 0 && count <= CONNECTIONS_MAX);
    connections = calloc(count, sizeof *connections);
    assert(connections != NULL);
    connection_count = count;
    for (size_t i = 0; i < count; i++) {
        struct connection *connection = &connections[i];
        connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert(connection->fd >= 0);
        status = connect(connection->fd, (struct sockaddr *)&address, sizeof address);
        assert(status == 0);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        status = epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
        assert(status == 0);
    }
}

/* Offers what is due on connections that are free; what finds none is late: never sent. */
static void offer(int64_t began, double rate, uint64_t *offered) {
    uint64_t due = (uint64_t)((double)(now_us() - began) / 1e6 * rate);
    while (*offered < due) {
        size_t looked = 0;
        while (looked < connection_count && connections[next_free].waits) {
            next_free = (next_free + 1) % connection_count;
            looked++;
        }
        if (looked == connection_count) {
            late += due - *offered;
            *offered = due;
            return;
        }
        post(&connections[next_free]);
        (*offered)++;
    }
}

static size_t waiting(void) {
    size_t count = 0;
    for (size_t i = 0; i < connection_count; i++)
        count += connections[i].waits;
    return count;
}

static void run(int epoll, int64_t seconds, double rate) {
    int64_t began = now_us(), end = began + seconds * 1000000;
    uint64_t offered = 0;
    for (size_t i = 0; rate == 0 && i < connection_count; i++)
        post(&connections[i]);
    for (int64_t now = began; now < end || (waiting() > 0 && now < end + DRAIN_US_MAX); now = now_us()) {
        struct epoll_event events[64];
        if (rate > 0 && now < end)
            offer(began, rate, &offered);
        int count = epoll_wait(epoll, events, 64, rate > 0 ? 1 : 100);
        for (int i = 0; i < count; i++)
            if (take(events[i].data.ptr) && rate == 0 && now_us() < end)
                post(events[i].data.ptr);
    }
    double over = (double)(now_us() - began) / 1e6;
    printf("asked %llu\naccepted %llu\nbusy %llu\nwrong %llu\nunanswered %zu\nlate %llu\n", (unsigned long long)asked,
           (unsigned long long)accepted, (unsigned long long)busy, (unsigned long long)wrong, waiting(),
           (unsigned long long)late);
    printf("rate %.0f\noffered %.0f\np50_ms %.1f\np99_ms %.1f\nbusy_p99_ms %.1f\n", (double)accepted / over,
           (double)asked / over, (double)histogram_at(&took, 0.5) / 1000, (double)histogram_at(&took, 0.99) / 1000,
           (double)histogram_at(&took_busy, 0.99) / 1000);
}

int main(int argc, char **argv) {
    bool idle = argc == 5 && strcmp(argv[2], "idle") == 0;
    if (!idle && argc != 7 && argc != 8) {
        fprintf(stderr, "usage: zt-bench-intake HOST:PORT CITY CONNECTIONS SECONDS RATE CASES [API_KEY]\n"
                        "       zt-bench-intake HOST:PORT idle CONNECTIONS SECONDS\n");
        return 2;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    connect_all(argv[1], (size_t)atoi(argv[3]), epoll);
    if (idle) {
        printf("connected %zu\n", connection_count);
        fflush(stdout);
        sleep((unsigned)atoi(argv[4]));
        return 0;
    }
    read_codes(argv[2], "channels.csv", ",yes,", &channels);
    read_codes(argv[2], "items.csv", ",", &items);
    read_codes(argv[2], "areas.csv", ",", &areas);
    cases = fopen(argv[6], "we");
    assert(cases != NULL);
    api_key = argc == 8 ? argv[7] : "";
    run(epoll, atoi(argv[4]), atof(argv[5]));
    fclose(cases);
    if (wrong > 0)
        fprintf(stderr, "the first answer that should not be: %s\n", first_wrong);
    return wrong > 0 || waiting() > 0;
}
