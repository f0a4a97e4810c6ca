#include "tests/unit/http_harness.h"

#include <fcntl.h>

#include "common/metrics.h"

static struct server server;
static char answer[ANSWER_BYTES_MAX];

static int start(void **state) {
    (void)state;
    server_start(&server, 64);
    return 0;
}

static int stop(void **state) {
    (void)state;
    server_stop(&server);
    return 0;
}

static void ask(const char *request) {
    int fd = client_connect(&server);
    assert_true(client_send(fd, request, strlen(request)));
    client_read(fd, answer, NULL);
    close(fd);
}

#define CLOSE "Host: a\r\nConnection: close\r\n"

static void answers_follow_the_request(void **state) {
    static const struct {
        const char *request;
        int status;
        const char *has;
    } examples[] = {
        {"GET /now HTTP/1.1\r\n" CLOSE "\r\n", 200, "\r\n\r\nnow"},
        {"GET /now HTTP/1.1\r\n" CLOSE "\r\n", 200, "Content-Type: text/plain; charset=utf-8\r\n"},
        {"GET /now HTTP/1.0\r\n\r\n", 200, "\r\n\r\nnow"},
        {"GET /now HTTP/1.1\r\nHost:\ta \r\nConnection: close\r\n\r\n", 200, "\r\n\r\nnow"},
        {"GET /now?a=b HTTP/1.1\r\n" CLOSE "\r\n", 200, "Content-Length: 3\r\n"},
        {"HEAD /now HTTP/1.1\r\n" CLOSE "\r\n", 200, "Content-Length: 3\r\n"},
        {"POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}", 201, "\r\n\r\n{}"},
        {"POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}", 201, "application/json; charset=utf-8\r\n"},
        {"POST /echo HTTP/1.1\r\n" CLOSE "\r\n", 201, "Content-Length: 0\r\n"},
        {"POST /echo HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n", 201,
         "\r\n\r\nabcde"},
        {"POST /echo HTTP/1.1\r\n" CLOSE "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", 100, "\r\n\r\nhi"},
        {"GET /query?q=%E6%BC%AF%e6%b2%b3+a%2Bb HTTP/1.1\r\n" CLOSE "\r\n", 200, "\r\n\r\n漯河 a+b"},
        {"GET /query?p=1 HTTP/1.1\r\n" CLOSE "\r\n", 200, "\r\n\r\nabsent"},
        {"GET /query?q HTTP/1.1\r\n" CLOSE "\r\n", 200, "Content-Length: 0\r\n"},
        {"GET /query?q=a%00b HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"query\""},
        {"GET /query?q=%ff HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"query\""},
        {"GET /query?q=%4 HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"query\""},
        {"GET /query?%zz=1 HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"query\""},
        {"GET /strict?r=1&q=a HTTP/1.1\r\n" CLOSE "\r\n", 200, "\r\n\r\na"},
        {"GET /strict?q=a&qr=1 HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"qr\""},
        {"GET /strict?Q=a HTTP/1.1\r\n" CLOSE "\r\n", 400, "there are: q r"},
        {"GET /parts/a%2Fb%E6%BC%AF HTTP/1.1\r\n" CLOSE "\r\n", 200, "\r\n\r\na/b漯"},
        {"GET /parts/%00 HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"path\""},
        {"GET /parts/%c0%80 HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"path\""},
        {"GET /parts/ HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /parts/a%2Fof/of/b%20c HTTP/1.1\r\n" CLOSE "\r\n", 200, "X-First: 1\r\nX-Second: two\r\n"},
        {"GET /parts/a%2Fof/of/b%20c HTTP/1.1\r\n" CLOSE "\r\n", 200, "\r\n\r\na/of|b c|127.0.0.1"},
        {"GET /parts/a/of/ HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /parts//of/b HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /parts/a/of/b/c HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /parts/a/off/b HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /parts/a/of/%00 HTTP/1.1\r\n" CLOSE "\r\n", 400, "{\"error\":{\"field\":\"path\""},
        {"PUT /parts/a/of/b HTTP/1.1\r\n" CLOSE "\r\n", 405, "Allow: GET, HEAD"},
        {"GET /parts/a/b HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /parts HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"GET /%6Eow HTTP/1.1\r\n" CLOSE "\r\n", 404, "application/json; charset=utf-8\r\n"},
        {"GET / HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"OPTIONS * HTTP/1.1\r\n" CLOSE "\r\n", 404, "{\"error\":{\"field\":\"path\""},
        {"DELETE /now HTTP/1.1\r\n" CLOSE "\r\n", 405, "Allow: GET, HEAD\r\n"},
        {"PUT /later HTTP/1.1\r\n" CLOSE "\r\n", 405, "Allow: GET, HEAD, POST\r\n"},
        {"FROB /echo HTTP/1.1\r\n" CLOSE "\r\n", 405, "{\"error\":{\"field\":\"method\""},
        {"GET /header HTTP/1.1\r\nX-WORD: hay \r\n" CLOSE "\r\n", 200, "\r\n\r\nhay"},
        {"POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 11\r\n\r\n{ \"a\": 0.1}", 200, "\r\n\r\n{\"a\":0.1}"},
        {"POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 7\r\n\r\n{\"a\":1}", 200,
         "application/json; charset=utf-8\r\n"},
        {"POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n[]", 400,
         "\"body\",\"reason\":\"must be a JSON object"},
        {"POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\n{", 400, "\"body\",\"reason\":\"line 1, column 1: "},
        {"POST /json HTTP/1.1\r\n" CLOSE "\r\n", 400, "\"body\",\"reason\":\"is missing"},
        {"POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 13\r\n\r\n{\"a\":1,\"a\":2}", 400, "duplicate"},
        {"POST /json HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}", 422, "\"body\",\"reason\":\"has 0 names\""},
        {"GET /busy HTTP/1.1\r\n" CLOSE "\r\n", 503, "Retry-After: 1\r\n"},
        {"GET /busy HTTP/1.1\r\n" CLOSE "\r\n", 503, "{\"field\":\"queue\",\"reason\":\"say \\\"later\\\"\\n\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        ask(examples[i].request);
        if (status_of(answer) != examples[i].status || strstr(answer, examples[i].has) == NULL)
            fail_msg("%s answered: %s", examples[i].request, answer);
        assert_non_null(strstr(answer, "Content-Length: "));
    }
}

static void head_has_no_body(void **state) {
    (void)state;
    ask("HEAD /now HTTP/1.1\r\n" CLOSE "\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void a_connection_carries_many_requests(void **state) {
    int fd = client_connect(&server);
    (void)state;
    for (int i = 0; i < 100; i++) {
        const char *request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
        assert_true(client_send(fd, request, strlen(request)));
        client_read(fd, answer, "\r\n\r\nbody");
        assert_int_equal(status_of(answer), 201);
    }
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state) {
    int fd = client_connect(&server);
    const char *request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
                          "GET /now HTTP/1.1\r\n" CLOSE "\r\n";
    (void)state;
    assert_true(client_send(fd, request, strlen(request)));
    client_read(fd, answer, NULL);
    assert_int_equal(answers_in(answer), 2);
    assert_true(strstr(answer, "\r\n\r\none") < strstr(answer, "\r\n\r\nnow"));
    close(fd);
}

static void bytes_may_come_one_at_a_time(void **state) {
    int fd = client_connect(&server);
    const char *request = "POST /echo?q=%E6%BC%AF HTTP/1.1\r\n" CLOSE "Content-Length: 5\r\n\r\nhello";
    (void)state;
    for (size_t i = 0; i < strlen(request); i++)
        assert_true(client_send(fd, request + i, 1));
    client_read(fd, answer, NULL);
    assert_non_null(strstr(answer, "\r\n\r\nhello"));
    close(fd);
}

static void a_body_may_be_as_long_as_the_limit(void **state) {
    char request[BODY_BYTES_MAX + 200];
    int head = sprintf(request, "POST /echo HTTP/1.1\r\n" CLOSE "Content-Length: %d\r\n\r\n", BODY_BYTES_MAX);
    (void)state;
    memset(request + head, 'x', BODY_BYTES_MAX);
    request[head + BODY_BYTES_MAX] = '\0';
    ask(request);
    assert_int_equal(status_of(answer), 201);
}

static void late_answers_reach_their_clients(void **state) {
    int fds[20];
    (void)state;
    for (int i = 0; i < 20; i++) {
        const char *request = i % 2 ? "GET /later HTTP/1.1\r\n" CLOSE "\r\n"
                                    : "POST /later HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx";
        fds[i] = client_connect(&server);
        assert_true(client_send(fds[i], request, strlen(request)));
    }
    server_await_kept(&server, 20);
    pause_ms(REQUEST_MS_MAX * 3 / 2); /* a handler's time is not counted against the client */
    server.release = true;
    for (int i = 0; i < 20; i++) {
        client_read(fds[i], answer, NULL);
        assert_non_null(strstr(answer, "\r\n\r\nlate"));
        close(fds[i]);
    }
}

static int open_files(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Waits as a service's loop does, with nothing else that would wake it. */
static void wait_and_turn(struct http *http) {
    struct pollfd ready = {.fd = http_fd(http), .events = POLLIN};
    poll(&ready, 1, http_timeout_ms(http));
    http_turn(http);
}

static void a_late_answer_wakes_the_loop_itself(void **state) {
    const char *request = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct server own = {.port = 0};
    struct http_options options = {.address = "127.0.0.1",
                                   .request_ms_max = 60000,
                                   .connections_max = 4,
                                   .routes = harness_routes,
                                   .route_count = sizeof harness_routes / sizeof harness_routes[0],
                                   .context = &own};
    struct reason why;
    int files = open_files();
    (void)state;
    assert_int_equal(http_open(&own.http, &options, &why), 0);
    assert_int_equal(http_timeout_ms(own.http), -1);
    own.port = http_port(own.http);
    int fd = client_connect(&own);
    for (int i = 0; i < 3; i++) {
        assert_true(client_send(fd, request, strlen(request)));
        while (own.kept_count == 0)
            wait_and_turn(own.http);
        own.kept_count = 0;
        http_answer(own.kept[0], 200, "text/plain", "late", 4);
        assert_int_equal(http_timeout_ms(own.http), 0);
        wait_and_turn(own.http);
        client_read(fd, answer, "\r\n\r\nlate");
    }
    http_close(&own.http);
    close(fd);
    assert_int_equal(open_files(), files);
}

static void a_client_may_leave_while_its_request_waits(void **state) {
    const char *request = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    struct linger abort_it = {.l_onoff = 1};
    (void)state;
    for (int i = 0; i < 10; i++) {
        int fd = client_connect(&server);
        assert_true(client_send(fd, request, strlen(request)));
        server_await_kept(&server, i + 1);
        if (i % 2) /* a reset, not an orderly end */
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
        close(fd);
    }
    server.release = true;
    ask("GET /now HTTP/1.1\r\n" CLOSE "\r\n");
    assert_int_equal(status_of(answer), 200);
    server_await_kept(&server, 0);
}

static void closing_answers_503_to_who_waits(void **state) {
    int fd = client_connect(&server);
    int half = client_connect(&server);
    const char *request = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";
    (void)state;
    assert_true(client_send(fd, request, strlen(request)));
    assert_true(client_send(half, request, 10));
    server_await_kept(&server, 1);
    server_stop(&server);
    client_read(fd, answer, NULL);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    client_read(half, answer, NULL);
    close(fd);
    close(half);
    server_start(&server, 64);
}

static void more_connections_than_allowed_wait_their_turn(void **state) {
    const char *request = "GET /now HTTP/1.1\r\n" CLOSE "\r\n";
    int idle[4];
    (void)state;
    server_stop(&server);
    server_start(&server, 4);
    for (int i = 0; i < 4; i++)
        idle[i] = client_connect(&server);
    int fd = client_connect(&server);
    assert_true(client_send(fd, request, strlen(request)));
    client_read(fd, answer, NULL); /* the idle ones run into their deadline */
    assert_int_equal(status_of(answer), 200);
    for (int i = 0; i < 4; i++)
        close(idle[i]);
    close(fd);
}

static void a_taken_port_is_refused(void **state) {
    struct http_options options = {.address = "127.0.0.1", .request_ms_max = 1, .connections_max = 1};
    struct http *second = NULL;
    struct reason why;
    (void)state;
    options.port = server.port;
    assert_int_equal(http_open(&second, &options, &why), -1);
    assert_string_equal(why.field, "port");
    options.address = "localhost";
    assert_int_equal(http_open(&second, &options, &why), -1);
    assert_string_equal(why.field, "address");
    assert_null(second);
}

static void every_address_means_ipv4_too(void **state) {
    struct http_options options = {.address = "::", .request_ms_max = 1000, .connections_max = 4};
    struct http *http = NULL;
    struct reason why;
    (void)state;
    if (http_open(&http, &options, &why) != 0)
        skip(); /* a machine without IPv6 */
    struct server shown = {.port = http_port(http)};
    close(client_connect(&shown));
    http_close(&http);
}

static void answers_are_counted(void **state) {
    long long before = metric_value(METRIC_http_requests_total);
    (void)state;
    ask("GET /now HTTP/1.1\r\n" CLOSE "\r\n");
    assert_int_equal(metric_value(METRIC_http_requests_total), before + 1);
}

int main(void) {
#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        HTTP_TEST(answers_follow_the_request),
        HTTP_TEST(head_has_no_body),
        HTTP_TEST(a_connection_carries_many_requests),
        HTTP_TEST(pipelined_requests_are_answered_in_order),
        HTTP_TEST(bytes_may_come_one_at_a_time),
        HTTP_TEST(a_body_may_be_as_long_as_the_limit),
        HTTP_TEST(late_answers_reach_their_clients),
        HTTP_TEST(a_late_answer_wakes_the_loop_itself),
        HTTP_TEST(a_client_may_leave_while_its_request_waits),
        HTTP_TEST(closing_answers_503_to_who_waits),
        HTTP_TEST(more_connections_than_allowed_wait_their_turn),
        HTTP_TEST(a_taken_port_is_refused),
        HTTP_TEST(every_address_means_ipv4_too),
        HTTP_TEST(answers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
