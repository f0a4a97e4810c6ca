#include "tests/unit/http_harness.h"

#include "tests/unit/upload_harness.h"

#define CLOSE "Host: a\r\nConnection: close\r\n"
#define FORM_BODY_BYTES_MAX 400000
#define URLENCODED "Content-Type: application/x-www-form-urlencoded\r\n"
#define MULTIPART "Content-Type: multipart/form-data; boundary=XX\r\n"
#define PART "--XX\r\nContent-Disposition: form-data; name="
#define END "\r\n--XX--\r\n"

static struct server server;
static char answer[ANSWER_BYTES_MAX];
static char request[FORM_BODY_BYTES_MAX + 1000];

/* ---- a server of its own ------------------------------------------------------------------------------------------------ */

static void say_form(struct http_request *asked, void *context) {
    static char text[FORM_BODY_BYTES_MAX];
    size_t size = 0, body_size;
    const struct reason *why;
    int fault = http_form_fault(asked, &why);
    (void)context;
    if (fault != 0) {
        size = (size_t)sprintf(text, "said by the handler: %s, %zu fields", why->field, http_form_count(asked));
        http_answer(asked, fault, "text/plain", text, size);
        return;
    }
    for (size_t i = 0; i < http_form_count(asked); i++) {
        const struct http_form_field *field = http_form_at(asked, i);
        size += (size_t)snprintf(text + size, sizeof text - size, "[%s=%zu,%s", field->name, field->size,
                                 field->size < 300 ? field->value : "long");
        if (field->file != NULL)
            size += (size_t)snprintf(text + size, sizeof text - size, "|%s|%s|%s|%llu", field->file_name,
                                     field->content_type == NULL ? "" : field->content_type, field->file,
                                     (unsigned long long)field->file_bytes);
        size += (size_t)snprintf(text + size, sizeof text - size, "]");
    }
    const uint8_t *body = http_body(asked, &body_size);
    const char *first = http_form_value(asked, "a");
    size += (size_t)snprintf(text + size, sizeof text - size, "first %s, body %.*s, form %d", first ? first : "absent",
                             (int)body_size, body ? (const char *)body : "", http_is_form(asked));
    http_answer(asked, 200, "text/plain", text, size);
}

static const struct http_route routes[] = {
    {"POST", "/form", say_form, "forms only", NULL, HTTP_BODY_FORM, FORM_BODY_BYTES_MAX},
    {"POST", "/any", say_form, "forms and others", NULL, HTTP_BODY_ANY},
    {"POST", "/file", say_form, "forms and a file", NULL, HTTP_BODY_FILE, FORM_BODY_BYTES_MAX},
};

static void *serve_forms(void *argument) {
    struct server *of = argument;
    while (!of->stop) {
        struct pollfd ready = {.fd = http_fd(of->http), .events = POLLIN};
        int timeout = http_timeout_ms(of->http);
        poll(&ready, 1, timeout < 0 || timeout > 5 ? 5 : timeout);
        http_turn(of->http);
        if (!of->release) /* files stay unfinished while it is set */
            finish_made();
    }
    http_close(&of->http);
    return NULL;
}

static void start_forms(const struct http_upload *with) {
    struct http_options options = {.address = "127.0.0.1",
                                   .body_bytes_max = BODY_BYTES_MAX,
                                   .request_ms_max = REQUEST_MS_MAX,
                                   .connections_max = 16,
                                   .routes = routes,
                                   .route_count = sizeof routes / sizeof routes[0],
                                   .context = &server,
                                   .upload = with};
    struct reason why;
    memset(&server, 0, sizeof server);
    assert_int_equal(http_open(&server.http, &options, &why), 0);
    server.port = http_port(server.http);
    assert_int_equal(pthread_create(&server.thread, NULL, serve_forms, &server), 0);
}

static int start(void **state) {
    (void)state;
    start_forms(&upload);
    return 0;
}

static int stop(void **state) {
    (void)state;
    server_stop(&server);
    assert_int_equal(live, 0);
    return 0;
}

static size_t write_request(const char *path, const char *type, const char *body, size_t size) {
    int head = sprintf(request, "POST %s HTTP/1.1\r\n" CLOSE "%sContent-Length: %zu\r\n\r\n", path, type, size);
    memcpy(request + head, body, size);
    return (size_t)head + size;
}

static void post(const char *path, const char *type, const char *body, size_t size) {
    size_t length = write_request(path, type, body, size);
    int fd = client_connect(&server);
    client_send(fd, request, length);
    client_read(fd, answer, NULL);
    close(fd);
}

static void a_form_is_answered_by_what_is_in_it(void **state) {
    static const struct {
        const char *path, *type, *body;
        int status;
        const char *has;
    } examples[] = {
        {"/form", URLENCODED, "a=1&b=%E6%BC%AF&a=2", 200, "[a=1,1][b=3,漯][a=1,2]first 1, body , form 1"},
        {"/form", URLENCODED, "", 200, "\r\n\r\nfirst absent, body , form 1"},
        {"/form", URLENCODED, "a=1%0D%0A2%0A3%094", 200, "[a=7,1\n2\n3\t4]"},
        {"/form", URLENCODED, "a=1%0D2", 400, "{\"error\":{\"field\":\"a\""},
        {"/form", URLENCODED, "a=%ff", 400, "{\"error\":{\"field\":\"a\""},
        {"/form", URLENCODED, "b=1&a=%01", 400, "{\"error\":{\"field\":\"a\""},
        {"/form", URLENCODED, "a=%00", 400, "{\"error\":{\"field\":\"a\""},
        {"/form", URLENCODED, "a=%zz&b=1", 400, "percent"},
        {"/form", "Content-Type: text/xml\r\n", "a=1", 415, "{\"error\":{\"field\":\"Content-Type\""},
        {"/form", "", "a=1", 415, "{\"error\":{\"field\":\"Content-Type\""},
        {"/form", "Content-Type: multipart/form-data\r\n", "a=1", 415, "boundary"},
        {"/form", MULTIPART, PART "a\r\n\r\n1\r\n" PART "b; filename=\"\"\r\n\r\n" END, 200, "\r\n[a=1,1]first 1, "},
        {"/form", MULTIPART, PART "p; filename=x.jpg\r\nContent-Type: image/jpeg\r\n\r\nabc" END, 200,
         "[p=0,|x.jpg|image/jpeg|abc|3]first absent"},
        {"/form", MULTIPART, PART "p; filename=x\r\n\r\n" END, 200, "[p=0,|x|||0]"},
        {"/form", MULTIPART, PART "p; filename=unwanted\r\n\r\nabc" END, 415, "is not wanted"},
        {"/form", MULTIPART, PART "p; filename=x\r\n\r\nbad thing" END, 415, "is bad\""},
        {"/form", MULTIPART, PART "p; filename=x\r\n\r\nlate" END, 422, "is bad after all"},
        {"/form", MULTIPART, PART "p; filename=x\r\n\r\ngood\r\n" PART "q; filename=y\r\n\r\nbad" END, 415, "is bad\""},
        {"/form", MULTIPART, PART "p; filename=x\r\n\r\ngood", 400, "last boundary"},
        {"/any", "Content-Type: application/json\r\n", "{}", 200, "\r\n\r\nfirst absent, body {}, form 0"},
        {"/any", URLENCODED, "a=1", 200, "\r\n\r\n[a=1,1]first 1, body , form 1"},
        {"/any", URLENCODED, "a=1&b=%FF", 400, "\r\n\r\nsaid by the handler: b, 0 fields"},
        {"/form", URLENCODED, "a=1&b=%FF", 400, "\"field\":\"b\""},
        {"/file", "Content-Type: image/png\r\n", "abc", 200, "[file=0,||image/png|abc|3]first absent, body , form 0"},
        {"/file", "", "", 400, "is empty"},
        {"/file", MULTIPART, PART "p; filename=x\r\n\r\nabc" END, 200, "[p=0,|x||abc|3]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        post(examples[i].path, examples[i].type, examples[i].body, strlen(examples[i].body));
        if (status_of(answer) != examples[i].status || strstr(answer, examples[i].has) == NULL)
            fail_msg("%s %s answered: %s", examples[i].path, examples[i].body, answer);
    }
    assert_int_equal(live, 0);
}

static void a_form_may_come_one_byte_at_a_time(void **state) {
    const char *body = PART "a\r\n\r\n1\r\n" PART "p; filename=x\r\n\r\nabc" END;
    size_t size = write_request("/form", MULTIPART, body, strlen(body));
    int fd = client_connect(&server);
    (void)state;
    for (size_t i = 0; i < size; i++)
        assert_true(client_send(fd, request + i, 1));
    client_read(fd, answer, NULL);
    assert_non_null(strstr(answer, "[a=1,1][p=0,|x||abc|3]first 1"));
    close(fd);
}

static void texts_and_files_have_limits(void **state) {
    static char body[FORM_BODY_BYTES_MAX];
    size_t size = 0;
    (void)state;
    memset(body, 'x', sizeof body);
    memcpy(body, "a=", 2);
    post("/form", URLENCODED, body, HTTP_FORM_TEXT_BYTES_MAX + 2);
    assert_non_null(strstr(answer, "[a=65536,long]"));
    post("/form", URLENCODED, body, HTTP_FORM_TEXT_BYTES_MAX + 3);
    assert_int_equal(status_of(answer), 400);
    assert_non_null(strstr(answer, "{\"field\":\"a\",\"reason\":\"is longer than 65536"));
    for (int i = 0; i < 5; i++)
        memcpy(body + i * 60000, "&b=", 3);
    post("/form", URLENCODED, body, 300000);
    assert_int_equal(status_of(answer), 400);
    assert_non_null(strstr(answer, "262144 bytes together"));
    for (int i = 0; i <= HTTP_FORM_FILES_MAX; i++)
        size += (size_t)sprintf(body + size, PART "p; filename=x\r\n\r\nabc\r\n");
    size += (size_t)sprintf(body + size, "--XX--\r\n");
    post("/form", MULTIPART, body, size);
    assert_int_equal(status_of(answer), 400);
    assert_non_null(strstr(answer, "more than 10 files"));
    assert_int_equal(live, 0);
}

static void a_form_that_is_too_long_is_refused_before_it_is_read(void **state) {
    int fd = client_connect(&server);
    size_t size = (size_t)sprintf(
        request, "POST /form HTTP/1.1\r\n" CLOSE URLENCODED "Content-Length: %d\r\n\r\na=", FORM_BODY_BYTES_MAX + 1);
    (void)state;
    assert_true(client_send(fd, request, size));
    client_read(fd, answer, NULL);
    assert_int_equal(status_of(answer), 413);
    close(fd);
    fd = client_connect(&server);
    size = (size_t)sprintf(request,
                           "POST /any HTTP/1.1\r\n" CLOSE URLENCODED "Transfer-Encoding: chunked\r\n\r\n3e9\r\n");
    memset(request + size, 'x', 1001);
    memcpy(request + size, "a=", 2);
    size += 1001;
    size += (size_t)sprintf(request + size, "\r\n0\r\n\r\n");
    client_send(fd, request, size);
    client_read(fd, answer, NULL);
    assert_int_equal(status_of(answer), 413);
    close(fd);
}

static void an_upload_that_stops_is_cut_and_forgotten(void **state) {
    const char *body = PART "p; filename=x\r\n\r\nabc\r\n" PART "q; filename=y\r\n\r\nabc";
    size_t size = write_request("/form", MULTIPART, body, strlen(body));
    int fd = client_connect(&server);
    (void)state;
    client_send(fd, request, size - 1);
    client_read(fd, answer, NULL);
    assert_int_equal(status_of(answer), 408);
    close(fd);
    for (int i = 0; i < PATIENCE_MS && live != 0; i++)
        pause_ms(1);
    assert_int_equal(live, 0);
}

/* Sends so many bytes every 20 ms until the answer comes; returns its status. */
static int send_slowly(size_t size, size_t each) {
    static char body[20000];
    int fd = client_connect(&server);
    memset(body, 'x', sizeof body);
    memcpy(body, "a=", 2);
    size_t length = write_request("/form", URLENCODED, body, size);
    size_t head = length - size;
    assert_true(client_send(fd, request, head));
    for (size_t at = head; at < length; at += each) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 20) > 0 || !client_send(fd, request + at, at + each > length ? length - at : each))
            break;
    }
    client_read(fd, answer, NULL);
    close(fd);
    return status_of(answer);
}

static void bytes_that_come_buy_time_and_a_trickle_does_not(void **state) {
    (void)state;
    assert_int_equal(send_slowly(20000, 600), 200); /* 0.7 s at 30 bytes a ms, where REQUEST_MS_MAX is 0.3 s */
    assert_int_equal(send_slowly(20000, 40), 408);
    assert_int_equal(live, 0);
}

static void a_client_that_leaves_while_its_file_is_stored_is_forgotten(void **state) {
    const char *body = PART "p; filename=x\r\n\r\nabc" END;
    size_t size = write_request("/form", MULTIPART, body, strlen(body));
    int fd = client_connect(&server);
    (void)state;
    server.release = true; /* nothing is finished now */
    client_send(fd, request, size);
    for (int i = 0; i < PATIENCE_MS && live != 1; i++)
        pause_ms(1);
    assert_int_equal(live, 1);
    pause_ms(20);
    close(fd);
    pause_ms(20);
    server_stop(&server); /* and a server that stops answers it and lets go of the file */
    assert_int_equal(live, 0);
    start_forms(&upload);
}

static void without_a_store_files_are_refused_and_texts_are_not(void **state) {
    const char *body = PART "p; filename=x\r\n\r\nabc" END, *text = PART "a\r\n\r\nabc" END;
    (void)state;
    server_stop(&server);
    start_forms(NULL);
    post("/form", MULTIPART, body, strlen(body));
    assert_int_equal(status_of(answer), 415);
    assert_non_null(strstr(answer, "{\"field\":\"p\""));
    post("/form", MULTIPART, text, strlen(text));
    assert_int_equal(status_of(answer), 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_answered_by_what_is_in_it),
        cmocka_unit_test(a_form_may_come_one_byte_at_a_time),
        cmocka_unit_test(texts_and_files_have_limits),
        cmocka_unit_test(a_form_that_is_too_long_is_refused_before_it_is_read),
        cmocka_unit_test(an_upload_that_stops_is_cut_and_forgotten),
        cmocka_unit_test(bytes_that_come_buy_time_and_a_trickle_does_not),
        cmocka_unit_test(a_client_that_leaves_while_its_file_is_stored_is_forgotten),
        cmocka_unit_test(without_a_store_files_are_refused_and_texts_are_not),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
