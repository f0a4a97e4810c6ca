/* A batch that its own side could not finish must not be committed in part. Needs a PostgreSQL: tests/integration/db_undo.sh
 * starts one and sets ZHITONG_TEST_DATABASE_URL; without it the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/db.h"

static const struct db_query queries[] = {
    {"undo_add", "INSERT INTO undo_trial VALUES (1)"},
    {"undo_count", "SELECT count(*) FROM undo_trial"},
    {NULL, NULL},
};

static struct db *open_trial(const char *url) {
    const struct db_query *const tables[] = {queries, NULL};
    struct db *db = NULL;
    struct reason why;
    assert_int_equal(db_open(&db, url, NULL, tables, &why), 0);
    return db;
}

static int64_t rows(const char *url) {
    struct db *db = open_trial(url);
    SCOPED_RESULT
    *result = db_ask(db, "undo_count", NULL);
    assert_non_null(result);
    int64_t count = db_int8(result, 0, 0);
    db_close(&db);
    return count;
}

static const char *trial_url(void) {
    const char *url = getenv("ZHITONG_TEST_DATABASE_URL");
    if (url == NULL)
        skip();
    return url;
}

static void a_batch_with_a_statement_that_could_not_be_sent_leaves_nothing(void **state) {
    const char *url = trial_url();
    struct params too_many = {.count = 70000}; /* libpq refuses it before the wire; the connection stays good */
    struct db *db = open_trial(url);
    (void)state;
    assert_int_equal(db_send(db, "undo_add", NULL), 0);
    assert_int_equal(db_send(db, "undo_add", &too_many), -1);
    assert_int_equal(db_sync(db), -1);
    assert_int_equal(db_failure(db), DB_WORLD);
    db_close(&db);
    assert_int_equal(rows(url), 0);
}

static void a_batch_that_is_given_up_leaves_nothing(void **state) {
    const char *url = trial_url();
    struct db *db = open_trial(url);
    (void)state;
    assert_int_equal(db_send(db, "undo_add", NULL), 0);
    PQclear(db_take(db));
    db_give_up(db, "changed its mind");
    assert_int_equal(db_sync(db), -1);
    db_close(&db);
    assert_int_equal(rows(url), 0);
}

static void a_good_batch_is_kept(void **state) {
    const char *url = trial_url();
    struct db *db = open_trial(url);
    (void)state;
    assert_int_equal(db_send(db, "undo_add", NULL), 0);
    assert_int_equal(db_sync(db), 0);
    db_close(&db);
    assert_int_equal(rows(url), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_with_a_statement_that_could_not_be_sent_leaves_nothing),
        cmocka_unit_test(a_batch_that_is_given_up_leaves_nothing),
        cmocka_unit_test(a_good_batch_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
