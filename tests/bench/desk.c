/* Load for an HTTP API: so many connections, each with one request under way, asked of lines of a file by chance; prints how many
 * were answered in a second and how long they took.
 *
 *   zt-bench-desk HOST:PORT[,HOST:PORT] TOKEN FILE CONNECTIONS SECONDS
 *
 * A line is METHOD, PATH and BODY, separated by tabs. POST gets an Idempotency-Key of its own and If-Match: *. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/histogram.h"

#define CONNECTIONS_MAX 1024
#define LINES_MAX 200000
#define ANSWER_BYTES_MAX 1048576
#define REQUEST_BYTES_MAX 4096
#define SERVERS_MAX 8

struct line {
    char method[8];
    char *path, *body;
};

struct connection {
    int fd;
    size_t size;  /* of the answer so far */
    size_t whole; /* 0: not known yet */
    int64_t sent_us;
    char *answer;
};

static struct line lines[LINES_MAX];
static size_t line_count;
static struct connection connections[CONNECTIONS_MAX];
static struct histogram took;
static uint64_t asked, good, bad;
static const char *token;
static char first_bad[400];

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void read_lines(const char *path) {
    FILE *file = fopen(path, "re");
    char text[REQUEST_BYTES_MAX];
    assert(file != NULL);
    while (line_count < LINES_MAX && fgets(text, sizeof text, file) != NULL) {
        struct line *line = &lines[line_count++];
        text[strcspn(text, "\n")] = '\0';
        char *at = text;
        snprintf(line->method, sizeof line->method, "%s", strsep(&at, "\t"));
        line->path = strdup(strsep(&at, "\t"));
        line->body = strdup(at != NULL ? at : "");
    }
    fclose(file);
    assert(line_count > 0);
}

static void ask(struct connection *connection) {
    char text[REQUEST_BYTES_MAX + 1024];
    const struct line *line = &lines[(size_t)random() % line_count];
    int size = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n",
                        line->method, line->path, token);
    if (strcmp(line->method, "POST") == 0)
        size += snprintf(text + size, sizeof text - (size_t)size,
                         "If-Match: *\r\nIdempotency-Key: %d-%llu\r\nContent-Length: %zu\r\n\r\n%s", (int)getpid(),
                         (unsigned long long)asked, strlen(line->body), line->body);
    else
        size += snprintf(text + size, sizeof text - (size_t)size, "\r\n");
    asked++;
    connection->size = connection->whole = 0;
    connection->sent_us = now_us();
    ssize_t sent = send(connection->fd, text, (size_t)size, MSG_NOSIGNAL);
    assert(sent == size);
}

/* The size of the answer once its head is here; 0 before. */
static size_t whole_size(const struct connection *connection) {
    const char *end = strstr(connection->answer, "\r\n\r\n");
    const char *length = strcasestr(connection->answer, "Content-Length:");
    if (end == NULL || length == NULL)
        return 0;
    return (size_t)(end + 4 - connection->answer) + strtoul(length + 15, NULL, 10);
}

static void take(struct connection *connection) {
    ssize_t size = recv(connection->fd, connection->answer + connection->size, ANSWER_BYTES_MAX - connection->size, 0);
    assert(size > 0);
    connection->size += (size_t)size;
    connection->answer[connection->size] = '\0';
    if (connection->whole == 0)
        connection->whole = whole_size(connection);
    if (connection->whole == 0 || connection->size < connection->whole)
        return;
    histogram_add(&took, now_us() - connection->sent_us);
    if (strncmp(connection->answer, "HTTP/1.1 2", 10) == 0)
        good++;
    else if (bad++ == 0)
        snprintf(first_bad, sizeof first_bad, "%s", connection->answer);
    ask(connection);
}

static void connect_all(char *servers, size_t count, int epoll) {
    struct sockaddr_in addresses[SERVERS_MAX] = {0};
    size_t known = 0;
    for (char *server; known < SERVERS_MAX && (server = strsep(&servers, ",")) != NULL; known++) {
        char *host = strsep(&server, ":");
        addresses[known].sin_family = AF_INET;
        addresses[known].sin_port = htons((uint16_t)atoi(server));
        int status = inet_pton(AF_INET, host, &addresses[known].sin_addr);
        assert(status == 1);
    }
    for (size_t i = 0; i < count; i++) {
        struct connection *connection = &connections[i];
        connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        connection->answer = malloc(ANSWER_BYTES_MAX + 1);
        assert(connection->fd >= 0 && connection->answer != NULL);
        int status = connect(connection->fd, (struct sockaddr *)&addresses[i % known], sizeof addresses[0]);
        assert(status == 0);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        status = epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event);
        assert(status == 0);
        ask(connection);
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: zt-bench-desk HOST:PORT[,HOST:PORT] TOKEN FILE CONNECTIONS SECONDS\n");
        return 2;
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t seconds = atoi(argv[5]);
    token = argv[2];
    read_lines(argv[3]);
    connect_all(argv[1], (size_t)atoi(argv[4]), epoll);
    int64_t began = now_us(), end = began + seconds * 1000000;
    while (now_us() < end) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, 100);
        for (int i = 0; i < count; i++)
            take(events[i].data.ptr);
    }
    double over = (double)(now_us() - began) / 1e6;
    printf("%.0f %.1f %.1f %llu\n", (double)good / over, (double)histogram_at(&took, 0.5) / 1000,
           (double)histogram_at(&took, 0.99) / 1000, (unsigned long long)bad);
    if (bad > 0)
        fprintf(stderr, "the first that was refused: %s\n", first_bad);
    return bad > 0;
}
