/* A batch that its own side could not finish must not be committed in part, and one whose standby was not waited for is
 * not taken for kept. Needs a PostgreSQL: tests/integration/db_undo.sh
 * starts one and sets ZHITONG_TEST_DATABASE_URL; without it the test is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "common/db.h"

static const struct db_query queries[] = {
    {"undo_add", "INSERT INTO undo_trial VALUES (1)"},
    {"undo_count", "SELECT count(*) FROM undo_trial"},
    {"undo_read_only", "SET default_transaction_read_only = on"},
    {"undo_wait_for_standby", "SET synchronous_commit = on"},
    {"undo_cancel_waiting",
     "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid <> pg_backend_pid()"},
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

static void a_server_that_takes_no_writes_any_more_is_left(void **state) {
    const char *url = trial_url();
    struct db *db = open_trial(url);
    (void)state;
    PQclear(db_ask(db, "undo_read_only", NULL));
    assert_int_equal(PQstatus(db_raw(db)), CONNECTION_OK);
    assert_null(db_ask(db, "undo_add", NULL));
    assert_int_equal(db_failure(db), DB_WORLD);
    assert_int_equal(PQstatus(db_raw(db)), CONNECTION_BAD);
    db_close(&db);
    assert_int_equal(rows(url), 1);
}

/* Until one commit that waits for a standby was found and cancelled. */
static void *cancel_waiting(void *context) {
    struct db *db = context;
    for (int64_t found = 0; found == 0;) {
        SCOPED_RESULT
        *result = db_ask(db, "undo_cancel_waiting", NULL);
        found = result == NULL ? -1 : db_int8(result, 0, 0);
    }
    return NULL;
}

static void a_commit_whose_wait_for_the_standby_was_cancelled_is_not_taken_for_kept(void **state) {
    const char *url = trial_url(); /* its synchronous_standby_names names one that is not there */
    struct db *db = open_trial(url), *other = open_trial(url);
    pthread_t thread;
    (void)state;
    PQclear(db_ask(db, "undo_wait_for_standby", NULL));
    assert_int_equal(pthread_create(&thread, NULL, cancel_waiting, other), 0);
    assert_null(db_ask(db, "undo_add", NULL));
    assert_int_equal(db_failure(db), DB_WORLD);
    assert_string_equal(db_reason(db)->field, "standby");
    assert_int_equal(PQstatus(db_raw(db)), CONNECTION_OK);
    pthread_join(thread, NULL);
    db_close(&db);
    db_close(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_with_a_statement_that_could_not_be_sent_leaves_nothing),
        cmocka_unit_test(a_batch_that_is_given_up_leaves_nothing),
        cmocka_unit_test(a_good_batch_is_kept),
        cmocka_unit_test(a_server_that_takes_no_writes_any_more_is_left),
        cmocka_unit_test(a_commit_whose_wait_for_the_standby_was_cancelled_is_not_taken_for_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
