#include "services/desk/session.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/try_limit.h"

#define TOKEN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 43 */

static void a_token_is_new_each_time_and_only_its_digest_is_kept(void **state) {
    char token[2][TOKEN_TEXT_SIZE], digest[2][DIGEST_TEXT_SIZE], header[80], found[DIGEST_TEXT_SIZE];
    (void)state;
    for (int i = 0; i < 2; i++)
        token_make(token[i], digest[i]);
    assert_string_not_equal(token[0], token[1]);
    assert_int_equal(strlen(token[0]), 43);
    assert_null(strstr(digest[0], token[0]));
    snprintf(header, sizeof header, "Bearer %s", token[0]);
    assert_true(token_read(header, NULL, found));
    assert_string_equal(found, digest[0]);
}

static void a_token_comes_as_bearer_or_cookie_or_not_at_all(void **state) {
    static const struct {
        const char *authorization, *cookies;
        bool found;
    } cases[] = {
        {"Bearer " TOKEN, NULL, true},
        {NULL, "zhitong=" TOKEN, true},
        {NULL, "a=b; zhitong=" TOKEN "; c=d", true},
        {NULL, "a=b;zhitong=" TOKEN, true},
        {"Bearer " TOKEN, "zhitong=rubbish", true}, /* the header counts */
        {"Basic " TOKEN, "zhitong=" TOKEN, false},
        {"Bearer " TOKEN "A", NULL, false},
        {"Bearer " TOKEN ";", NULL, false},
        {"Bearer ", NULL, false},
        {"Bearer", NULL, false},
        {NULL, "xzhitong=" TOKEN, false},
        {NULL, "zhitong2=" TOKEN, false},
        {NULL, "zhitong=" TOKEN "=", false},
        {NULL, "zhitong=\"" TOKEN "\"", false},
        {NULL, "zhitong=;", false},
        {NULL, "", false},
        {NULL, NULL, false},
        {"Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xc3\xa4"
         "A",
         NULL, false},
    };
    char digest[DIGEST_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (token_read(cases[i].authorization, cases[i].cookies, digest) != cases[i].found)
            fail_msg("line %zu", i);
}

static void a_session_seen_is_believed_for_a_moment_only(void **state) {
    struct session_cache *cache = session_cache_open();
    char token[TOKEN_TEXT_SIZE], digest[2][DIGEST_TEXT_SIZE];
    const struct person who = {.post = 7};
    (void)state;
    for (int i = 0; i < 2; i++)
        token_make(token, digest[i]);
    session_cache_keep(cache, digest[0], &who, 5000);
    assert_int_equal(session_cache_find(cache, digest[0], 5000 + SESSION_BELIEVED_MS - 1)->post, 7);
    assert_null(session_cache_find(cache, digest[0], 5000 + SESSION_BELIEVED_MS));
    assert_null(session_cache_find(cache, digest[1], 5000));
    session_cache_drop(cache, digest[1]);
    assert_non_null(session_cache_find(cache, digest[0], 5000));
    session_cache_drop(cache, digest[0]);
    assert_null(session_cache_find(cache, digest[0], 5000));
    session_cache_close(&cache);
}

static void classes_are_read_as_the_database_writes_them(void **state) {
    (void)state;
    assert_int_equal(privacy_read("{public}"), PRIVACY_public);
    assert_int_equal(privacy_read("{restricted,internal}"), PRIVACY_internal | PRIVACY_restricted);
    assert_int_equal(privacy_read("{}"), 0);
    assert_int_equal(privacy_named("internal"), PRIVACY_internal);
    assert_int_equal(privacy_named("secret"), 0);
}

static void so_many_failures_then_a_wait_until_the_span_is_over(void **state) {
    struct try_limit *limit = try_limit_open(3, 1000);
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_limit_try(limit, "li", 100 + i), 0);
    assert_int_equal(try_limit_try(limit, "li", 400), 700);
    assert_int_equal(try_limit_try(limit, "wang", 400), 0);
    assert_int_equal(try_limit_try(limit, "li", 1099), 1);
    assert_int_equal(try_limit_try(limit, "li", 1100), 0);
    try_limit_close(&limit);
}

static void a_success_forgets_and_our_own_fault_does_not_count(void **state) {
    struct try_limit *limit = try_limit_open(2, 1000);
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(try_limit_try(limit, "li", 0), 0);
        try_limit_take_back(limit, "li");
    }
    assert_int_equal(try_limit_try(limit, "li", 0), 0);
    assert_int_equal(try_limit_try(limit, "li", 0), 0);
    assert_int_not_equal(try_limit_try(limit, "li", 0), 0);
    try_limit_forget(limit, "li");
    assert_int_equal(try_limit_try(limit, "li", 0), 0);
    try_limit_close(&limit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_new_each_time_and_only_its_digest_is_kept),
        cmocka_unit_test(a_token_comes_as_bearer_or_cookie_or_not_at_all),
        cmocka_unit_test(a_session_seen_is_believed_for_a_moment_only),
        cmocka_unit_test(classes_are_read_as_the_database_writes_them),
        cmocka_unit_test(so_many_failures_then_a_wait_until_the_span_is_over),
        cmocka_unit_test(a_success_forgets_and_our_own_fault_does_not_count),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
