/* The city and its policies as tests/integration/city_versions.sh left them in a PostgreSQL, which sets ZHITONG_TEST_DATABASE_URL
 * and, in ZHITONG_TEST_VERSIONS, which story it told; without both the tests are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/city_private.h"
#include "common/db.h"
#include "common/queries.h"

static struct city *read_city(const char *story) {
    const struct db_query *const tables[] = {city_queries, NULL};
    const char *url = getenv("ZHITONG_TEST_DATABASE_URL"), *told = getenv("ZHITONG_TEST_VERSIONS");
    struct city *city = NULL;
    struct db *db = NULL;
    struct reason why;

    if (url == NULL || told == NULL || strcmp(told, story) != 0)
        skip();
    assert_int_equal(db_open(&db, url, "city", tables, &why), 0);
    if (city_read(&city, db, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    db_close(&db);
    return city;
}

static uint32_t minutes_of(const struct policy *policy) {
    struct rung_asked asked = {"lamp", "blue", 1, LADDER_resolve};
    struct rung rung;
    struct reason why;

    assert_int_equal(policy_rung(policy, &asked, &rung, &why), 0);
    return rung.limit.amount;
}

/* Version 1: five minutes. 2: only a unit's name. 3: seven minutes from 2099 on. 4: nine minutes from now on. */
static void a_case_gets_the_policy_of_the_day_on_which_it_opens(void **state) {
    struct city *city = read_city("four");
    int64_t now = ((int64_t)time(NULL) + 1) * 1000, later = date_of(2099, 1, 2) * DAY_MS;

    (void)state;
    assert_int_equal(city_version(city), 4);
    assert_int_equal(policy_version(city_policy_at(city, 0)), 1);
    assert_int_equal(policy_version(city_policy_at(city, now)), 4);
    assert_int_equal(policy_version(city_policy_at(city, later)), 3);
    assert_int_equal(minutes_of(city_policy(city, 1)), 5);
    assert_int_equal(minutes_of(city_policy(city, 3)), 7);
    assert_int_equal(minutes_of(city_policy(city, 4)), 9);
    assert_int_equal(policy_version(city_policy(city, 0)), 1);
    assert_int_equal(policy_version(city_policy(city, 2)), 1); /* it brought no policy */
    assert_int_equal(policy_rules(city_policy(city, 1))->merge_metres, 500);
    assert_int_equal(policy_rules(city_policy(city, 4))->merge_metres, 250);
    assert_int_equal(city_item(city, "lamp")->limit.amount, 9); /* as it is loaded */
    assert_int_equal(city_calendar_version(city), 1);
    city_close(&city);
}

static void the_newest_versions_are_held(void **state) {
    struct city *city = read_city("many"); /* 1 to 70 */

    (void)state;
    assert_int_equal(city->policy_count, POLICIES_KEPT_MAX);
    assert_int_equal(policy_version(city_policy(city, 70)), 70);
    assert_int_equal(policy_version(city_policy(city, 6)), 7); /* gone: the oldest that is held */
    assert_int_equal(policy_version(city_policy(city, 0)), 7);
    city_close(&city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_gets_the_policy_of_the_day_on_which_it_opens),
        cmocka_unit_test(the_newest_versions_are_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
