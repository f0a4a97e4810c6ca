/* What the server gives one client, and all of them together. */
#include "tests/unit/http_harness.h"

#define BODIES_BYTES_MAX 6000
#define PER_ADDRESS_MAX 3

static struct server server;
static char answer[ANSWER_BYTES_MAX];

static int start_with(int per_address) {
    struct http_options options = {.address = "127.0.0.1",
                                   .body_bytes_max = 4000,
                                   .request_ms_max = 2000,
                                   .connections_max = 64,
                                   .connections_per_address_max = per_address,
                                   .bodies_bytes_max = BODIES_BYTES_MAX,
                                   .routes = harness_routes,
                                   .route_count = sizeof harness_routes / sizeof harness_routes[0],
                                   .context = &server};
    struct reason why;
    memset(&server, 0, sizeof server);
    assert_int_equal(http_open(&server.http, &options, &why), 0);
    server.port = http_port(server.http);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, &server), 0);
    return 0;
}

static int start(void **state) {
    (void)state;
    return start_with(0);
}

static int start_per_address(void **state) {
    (void)state;
    return start_with(PER_ADDRESS_MAX);
}

static int stop(void **state) {
    (void)state;
    server_stop(&server);
    return 0;
}

/* A POST of 3,000 bytes of which 2,000 are sent: room for 4,000 is taken. */
static int client_half_a_body(void) {
    char text[2200];
    int head = snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n");
    memset(text + head, 'x', 2000);
    int fd = client_connect(&server);
    assert_true(client_send(fd, text, (size_t)head + 2000));
    return fd;
}

static void bodies_past_the_memory_for_all_get_503_and_retry_after(void **state) {
    (void)state;
    int first = client_half_a_body();
    pause_ms(100);
    int second = client_half_a_body();
    client_read(second, answer, NULL);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "\r\nRetry-After: 1\r\n"));
    close(second);
    char rest[1000];
    memset(rest, 'y', sizeof rest);
    assert_true(client_send(first, rest, sizeof rest));
    client_read(first, answer, "xy");
    assert_int_equal(status_of(answer), 201);
    close(first);
}

static void memory_is_free_again_when_a_request_ends(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        int fd = client_half_a_body();
        pause_ms(20);
        close(fd);
        pause_ms(100); /* until the server has seen it */
    }
    bodies_past_the_memory_for_all_get_503_and_retry_after(state);
}

static void packed_bodies_get_415_and_are_not_opened(void **state) {
    static const char *const codings[] = {"gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "x"};
    (void)state;
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        char text[200];
        int size = snprintf(text, sizeof text,
                            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: %s\r\nContent-Length: 2\r\n\r\nxy",
                            codings[i]);
        int fd = client_connect(&server);
        assert_true(client_send(fd, text, (size_t)size));
        client_read(fd, answer, NULL);
        close(fd);
        assert_int_equal(status_of(answer), 415);
        assert_non_null(strstr(answer, "\"field\":\"Content-Encoding\""));
    }
}

static void identity_is_no_packing(void **state) {
    const char *text = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\nxy";
    (void)state;
    int fd = client_connect(&server);
    assert_true(client_send(fd, text, strlen(text)));
    client_read(fd, answer, "xy");
    close(fd);
    assert_int_equal(status_of(answer), 201);
}

static bool is_served(int fd) {
    const char *text = "GET /now HTTP/1.1\r\nHost: a\r\n\r\n";
    (void)client_send(fd, text, strlen(text));
    return client_read(fd, answer, "now") > 0;
}

static void connections_past_those_of_one_address_are_closed(void **state) {
    int fds[PER_ADDRESS_MAX];
    (void)state;
    for (int i = 0; i < PER_ADDRESS_MAX; i++) {
        fds[i] = client_connect(&server);
        assert_true(is_served(fds[i]));
    }
    int more = client_connect(&server);
    assert_false(is_served(more));
    close(more);
    bool served = false;
    for (int tries = 0; tries < 50 && !served; tries++) { /* until the server has seen that one is gone */
        close(fds[0]);
        pause_ms(100);
        fds[0] = client_connect(&server);
        served = is_served(fds[0]);
    }
    assert_true(served);
    for (int i = 0; i < PER_ADDRESS_MAX; i++)
        close(fds[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies_past_the_memory_for_all_get_503_and_retry_after, start, stop),
        cmocka_unit_test_setup_teardown(memory_is_free_again_when_a_request_ends, start, stop),
        cmocka_unit_test_setup_teardown(packed_bodies_get_415_and_are_not_opened, start, stop),
        cmocka_unit_test_setup_teardown(identity_is_no_packing, start, stop),
        cmocka_unit_test_setup_teardown(connections_past_those_of_one_address_are_closed, start_per_address, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
