/* Answers without an end: common/http_stream.c. The server runs in the test's own thread, one turn after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/http.h"

#define TURNS_LEAST 20
#define REQUEST_MS_MAX 300
#define GOT_BYTES_MAX 65536
#define ASK "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"

static struct source { /* what the stream tells next */
    struct http_request *request;
    const char *text; /* "": nothing now; NULL: it is over */
    size_t endless;   /* bytes that are there beside the text */
    int reads, closings;
} source;

static long read_source(void *context, char *bytes, size_t room) {
    struct source *from = context;
    from->reads++;
    if (from->text == NULL)
        return -1;
    size_t size = strlen(from->text) < room ? strlen(from->text) : room;
    memcpy(bytes, from->text, size);
    from->text += size;
    if (size == 0 && from->endless > 0) {
        size = from->endless < room ? from->endless : room;
        memset(bytes, 'x', size);
        from->endless -= size;
    }
    return (long)size;
}

static void close_source(void *context) {
    struct source *from = context;
    from->closings++;
    from->request = NULL;
}

static void stream(struct http_request *request, void *context) {
    struct http_stream of = {.context = context, .read = read_source, .closed = close_source};
    source.request = request;
    http_add_header(request, "Cache-Control", "no-store");
    http_answer_stream(request, "text/event-stream", &of);
}

static const struct http_route routes[] = {{"GET", "/stream", stream, "an answer without an end", ""}};
static struct http *http;
static char got[GOT_BYTES_MAX + 1];
static size_t got_size;

static int client_open(const char *request) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(http_port(http))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
    return fd;
}

/* Turns for a while, and some turns however late it is by then; with fd ≥ 0 what comes there is kept. True: the server closed it. */
static bool turn(int fd, int ms) {
    int64_t until = clock_monotonic_ms() + ms;
    for (int i = 0; i < TURNS_LEAST || clock_monotonic_ms() < until; i++) {
        struct pollfd ready[] = {{.fd = http_fd(http), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        int timeout = http_timeout_ms(http);
        poll(ready, fd < 0 ? 1 : 2, timeout < 0 || timeout > 5 ? 5 : timeout);
        http_turn(http);
        ssize_t size = fd < 0 ? -1 : recv(fd, got + got_size, GOT_BYTES_MAX - got_size, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && fd >= 0 && errno == ECONNRESET))
            return true;
        got_size += size > 0 ? (size_t)size : 0;
        got[got_size] = '\0';
        if (got_size > GOT_BYTES_MAX / 2)
            got_size = 0;
    }
    return false;
}

static void pause_a_moment(void) {
    (void)poll(NULL, 0, 20);
}

static int start(void **state) {
    struct http_options options = {.address = "127.0.0.1",
                                   .body_bytes_max = 1000,
                                   .request_ms_max = REQUEST_MS_MAX,
                                   .connections_max = 8,
                                   .routes = routes,
                                   .route_count = 1,
                                   .context = &source};
    struct reason why;
    (void)state;
    source = (struct source){.text = ""};
    got_size = 0;
    got[0] = '\0';
    return http_open(&http, &options, &why);
}

static int stop(void **state) {
    (void)state;
    http_close(&http);
    return 0;
}

static void what_is_there_comes_at_once_and_more_after_a_wake(void **state) {
    int fd = client_open(ASK);
    (void)state;
    source.text = "first;";
    assert_false(turn(fd, 50));
    assert_non_null(strstr(got, "200 OK"));
    assert_non_null(strstr(got, "text/event-stream; charset=utf-8"));
    assert_non_null(strstr(got, "no-store"));
    assert_non_null(strstr(got, "first;"));
    int reads = source.reads;
    assert_false(turn(fd, 50));
    assert_int_equal(source.reads, reads); /* it rests */
    for (int i = 0; i < 3; i++) {
        source.text = i == 0 ? "second;" : i == 1 ? "third;" : "fourth;";
        http_stream_wake(source.request);
        http_stream_wake(source.request);
        assert_false(turn(fd, 30));
    }
    assert_non_null(strstr(strstr(strstr(got, "second;"), "third;"), "fourth;"));
    assert_int_equal(source.closings, 0);
    close(fd);
}

static void it_outlives_the_time_of_a_request(void **state) {
    int fd = client_open(ASK);
    (void)state;
    assert_false(turn(fd, 3 * REQUEST_MS_MAX));
    source.text = "late;";
    http_stream_wake(source.request);
    assert_false(turn(fd, 50));
    assert_non_null(strstr(got, "late;"));
    close(fd);
}

static void a_client_that_leaves_is_noticed_with_the_next_bytes(void **state) {
    int fd = client_open(ASK);
    (void)state;
    turn(fd, 30);
    assert_false(http_stream_is_left(source.request));
    close(fd);
    pause_a_moment();
    assert_true(http_stream_is_left(source.request));
    for (int i = 0; i < 3 && source.request != NULL; i++) {
        source.text = "anybody?";
        http_stream_wake(source.request);
        turn(-1, 30);
    }
    assert_null(source.request);
    assert_int_equal(source.closings, 1);
}

static void its_end_ends_the_answer_and_not_the_connection(void **state) {
    int fd = client_open(ASK);
    (void)state;
    turn(fd, 30);
    source.text = NULL;
    http_stream_wake(source.request);
    assert_false(turn(fd, 50));
    assert_non_null(strstr(got, "0\r\n\r\n"));
    assert_int_equal(source.closings, 1);
    got_size = 0;
    source.text = "again;";
    assert_int_equal(send(fd, ASK, strlen(ASK), 0), (ssize_t)strlen(ASK));
    assert_false(turn(fd, 50));
    assert_non_null(strstr(got, "again;"));
    close(fd);
}

static void who_ends_it_is_called_no_more(void **state) {
    int fd = client_open(ASK);
    (void)state;
    turn(fd, 30);
    source.text = "too late";
    http_stream_end(source.request);
    int reads = source.reads;
    turn(fd, 50);
    assert_int_equal(source.reads, reads);
    assert_int_equal(source.closings, 0);
    assert_null(strstr(got, "too late"));
    assert_non_null(strstr(got, "0\r\n\r\n"));
    close(fd);
}

static void a_client_that_takes_nothing_is_cut(void **state) {
    int fd = client_open(ASK);
    (void)state;
    source.endless = SIZE_MAX;
    turn(-1, 200);
    http_stream_wake(source.request);
    for (int i = 0; i < 60 && source.request != NULL; i++)
        turn(-1, 100);
    assert_null(source.request);
    close(fd);
}

static void an_old_client_gets_it_without_chunks(void **state) {
    int fd = client_open("GET /stream HTTP/1.0\r\n\r\n");
    (void)state;
    source.text = "plain;";
    assert_false(turn(fd, 50));
    assert_non_null(strstr(got, "\r\n\r\nplain;"));
    source.text = NULL;
    http_stream_wake(source.request);
    assert_true(turn(fd, 100));
    close(fd);
}

static void only_the_head_is_sent_to_who_asks_for_it(void **state) {
    int fd = client_open("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    (void)state;
    source.text = "no;";
    assert_false(turn(fd, 50));
    assert_non_null(strstr(got, "200 OK"));
    assert_null(strstr(got, "no;"));
    assert_int_equal(source.closings, 1);
    close(fd);
}

static void closing_the_server_ends_them_all(void **state) {
    int resting = client_open(ASK), full = client_open(ASK);
    (void)state;
    turn(resting, 50);
    source.endless = SIZE_MAX;
    turn(-1, 50);
    http_close(&http);
    assert_int_equal(source.closings, 2);
    close(resting);
    close(full);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {TEST(what_is_there_comes_at_once_and_more_after_a_wake),
                                       TEST(it_outlives_the_time_of_a_request),
                                       TEST(a_client_that_leaves_is_noticed_with_the_next_bytes),
                                       TEST(its_end_ends_the_answer_and_not_the_connection),
                                       TEST(who_ends_it_is_called_no_more),
                                       TEST(a_client_that_takes_nothing_is_cut),
                                       TEST(an_old_client_gets_it_without_chunks),
                                       TEST(only_the_head_is_sent_to_who_asks_for_it),
                                       TEST(closing_the_server_ends_them_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
