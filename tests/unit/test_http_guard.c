#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/http_guard.h"

/* What the guard reads from raw bytes is tried over real sockets in test_http_hostile.c; here the rules by themselves,
 * without the layout. */
struct example {
    const char *method, *version;
    const char *fields[5][2];
    const char *refused; /* the field; NULL: passes */
    uint64_t body_bytes;
};

#define WELL "GET", "HTTP/1.1"
#define HOST \
    { "Host", "a" }

static void rules_name_the_field(void **state) {
    static const struct example examples[] = {
        {WELL, {HOST}, NULL, 0},
        {WELL, {{"host", "a.example:80"}}, NULL, 0},
        {WELL, {{"Host", "[::1]:8080"}}, NULL, 0},
        {WELL, {{"Host", "a \t"}}, NULL, 0},
        {"GET", "HTTP/1.0", {{NULL, NULL}}, NULL, 0},
        {WELL, {HOST, {"X", "a\tb \xc3\xb6 c"}}, NULL, 0},
        {WELL, {HOST, {"!#$%&'*+-.^_`|~09azAZ", ""}}, NULL, 0},
        {"POST", "HTTP/1.1", {HOST, {"content-length", "007"}}, NULL, 7},
        {"POST", "HTTP/1.1", {HOST, {"Content-Length", "999999999999999999"}}, NULL, 999999999999999999},
        {"POST", "HTTP/1.1", {HOST, {"Transfer-Encoding", "Chunked"}}, NULL, 0},
        {"GE T", "HTTP/1.1", {HOST}, "request line", 0},
        {"", "HTTP/1.1", {HOST}, "request line", 0},
        {"GET", "HTTP/1.2", {HOST}, "request line", 0},
        {"GET", "HTTP/1.1 ", {HOST}, "request line", 0},
        {"GET", "", {HOST}, "request line", 0},
        {WELL, {{NULL, NULL}}, "Host", 0},
        {WELL, {HOST, HOST}, "Host", 0},
        {WELL, {HOST, {"HOST", "b"}}, "Host", 0},
        {"GET", "HTTP/1.0", {HOST, HOST}, "Host", 0},
        {WELL, {{"Host", ""}}, "Host", 0},
        {WELL, {{"Host", "a b"}}, "Host", 0},
        {WELL, {{"Host", "u@a"}}, "Host", 0},
        {WELL, {{"Host", "a, b"}}, "Host", 0},
        {WELL, {HOST, {"X ", "b"}}, "head", 0},
        {WELL, {HOST, {"", "b"}}, "head", 0},
        {WELL, {HOST, {"X\xc3\xb6", "b"}}, "head", 0},
        {WELL, {HOST, {"X", "a\rb"}}, "head", 0},
        {WELL, {HOST, {"X", "a\x7f"}}, "head", 0},
        {WELL, {HOST, {"Content-Type", "a/b"}, {"content-type", "a/b"}}, "Content-Type", 0},
        {WELL, {HOST, {"Content-Length", "1"}, {"Content-Length", "1"}}, "Content-Length", 0},
        {WELL, {HOST, {"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}}, "Content-Length", 0},
        {WELL, {HOST, {"Content-Length", ""}}, "Content-Length", 0},
        {WELL, {HOST, {"Content-Length", "1,1"}}, "Content-Length", 0},
        {WELL, {HOST, {"Content-Length", "1000000000000000000"}}, "Content-Length", 0},
        {WELL, {HOST, {"Transfer-Encoding", "chunked "}}, "Transfer-Encoding", 0},
        {WELL, {HOST, {"Transfer-Encoding", "identity"}}, "Transfer-Encoding", 0},
        {WELL, {HOST, {"Transfer-Encoding", ""}}, "Transfer-Encoding", 0},
        {WELL, {HOST, {"Transfer-Encoding", "chunked"}, {"transfer-encoding", "x"}}, "Transfer-Encoding", 0},
        {"POST", "HTTP/1.0", {{"Transfer-Encoding", "chunked"}}, "Transfer-Encoding", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct http_guard_field fields[5];
        struct http_guard_head head = {
            .method = examples[i].method, .target_clean = true, .version = examples[i].version, .fields = fields};
        struct reason why = {.field = "none"};
        uint64_t body_bytes = 12345;
        while (head.field_count < 5 && examples[i].fields[head.field_count][0] != NULL) {
            const char *const *field = examples[i].fields[head.field_count];
            fields[head.field_count++] = (struct http_guard_field){
                .name = field[0], .name_size = strlen(field[0]), .value = field[1], .value_size = strlen(field[1])};
        }
        int refused = http_guard_check(&head, &body_bytes, &why);
        if (refused != (examples[i].refused == NULL ? 0 : -1) ||
            (refused != 0 && strcmp(why.field, examples[i].refused) != 0))
            fail_msg("example %zu: %d %s %s", i, refused, why.field, why.text);
        assert_true(body_bytes == (refused == 0 ? examples[i].body_bytes : 12345));
    }
}

static void a_target_is_a_path_in_visible_ascii(void **state) {
    (void)state;
    assert_true(http_guard_target("/", 1));
    assert_true(http_guard_target("*", 1));
    assert_true(http_guard_target("/a/b?c=%20&d", 12));
    assert_false(http_guard_target("", 0));
    assert_false(http_guard_target("a", 1));
    assert_false(http_guard_target("**", 2));
    assert_false(http_guard_target("http://a/", 9));
    assert_false(http_guard_target("/a b", 4));
    assert_false(http_guard_target("/a#b", 4));
    assert_false(http_guard_target("/a\0b", 4));
    assert_false(http_guard_target("/\xc3\xb6", 3));
    assert_false(http_guard_target("/\x7f", 2));
}

static void a_target_that_is_not_clean_is_refused(void **state) {
    struct http_guard_head head = {.method = "GET", .version = "HTTP/1.0"};
    struct reason why;
    uint64_t body_bytes;
    (void)state;
    assert_int_equal(http_guard_check(&head, &body_bytes, &why), -1);
    assert_string_equal(why.field, "request line");
}

/* The buffer as libmicrohttpd leaves it: what separated the pieces is NUL. */
static void pieces_must_lie_end_to_end(void **state) {
    static const char buffer[] = "GET\0/a\0HTTP/1.1\0\0Host\0 a\0\0X\0 b\0\0\0\0";
    struct http_guard_field fields[] = {
        {.name = buffer + 17, .value = buffer + 23, .name_size = 4, .value_size = 1},
        {.name = buffer + 26, .value = buffer + 29, .name_size = 1, .value_size = 1},
    };
    const struct http_guard_head whole = {.method = buffer,
                                          .target = buffer + 4,
                                          .target_size = 2,
                                          .target_clean = true,
                                          .version = buffer + 7,
                                          .fields = fields,
                                          .field_count = 2,
                                          .end = buffer + 34};
    struct reason why;
    uint64_t body_bytes;
    (void)state;
    assert_int_equal(http_guard_check(&whole, &body_bytes, &why), 0);

    struct http_guard_head broken = whole;
    broken.end++; /* something after the last value */
    assert_int_equal(http_guard_check(&broken, &body_bytes, &why), -1);
    broken = whole;
    broken.target_size = 1; /* something after the path */
    assert_int_equal(http_guard_check(&broken, &body_bytes, &why), -1);
    fields[0].value_size = 0; /* something after the first value */
    assert_int_equal(http_guard_check(&whole, &body_bytes, &why), -1);
    fields[0].value_size = 1;
    fields[1].name_size = 2; /* a name that runs into its value */
    assert_int_equal(http_guard_check(&whole, &body_bytes, &why), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_name_the_field),
        cmocka_unit_test(a_target_is_a_path_in_visible_ascii),
        cmocka_unit_test(a_target_that_is_not_clean_is_refused),
        cmocka_unit_test(pieces_must_lie_end_to_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
