/* Tests of services/notification/people.h and common/end_token.h: when somebody is told, by which way, and the token that ends it. */
#include "services/notification/people.h"

#include <sys/stat.h>

#include "common/end_token.h"
#include "common/reporter.h"
#include "tests/unit/small_city.h"

#define NIGHT INT64_C(1772380800000) /* 2026-03-02 00:00 in the small city (+08:00) */
#define HOUR INT64_C(3600000)

static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("notices.csv", "event,audience,language,subject,text,sms\nassigned,unit,en,a,b,\nclosed,unit,en,a,b,\n"
                              "opened,reporter,en,a,b,\n");
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    city_draft_close(&draft);
    return city;
}

static const struct {
    const char *unit, *severity, *events;
    int quiet_from, quiet_to, digest_at, per_hour, told;
    int64_t now, due_at;
    enum people_when when;
    int64_t until;
} plans[] = {
    {"v-desk", "blue", "", -1, -1, -1, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "closed", -1, -1, -1, 0, 0, NIGHT, 0, PEOPLE_SKIP, 0},
    {"c-water", "blue", "", -1, -1, -1, 0, 0, NIGHT, 0, PEOPLE_SKIP, 0},
    /* quiet from 22:00 to 07:00 */
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT, 0, PEOPLE_HELD, NIGHT + 7 * HOUR},
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT - 3 * HOUR, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT - 2 * HOUR, 0, PEOPLE_HELD, NIGHT + 7 * HOUR},
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT + 7 * HOUR, 0, PEOPLE_NOW, 0},
    {"v-desk", "orange", "", 1320, 420, -1, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    {"v-desk", "red", "", 1320, 420, -1, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT, NIGHT + 7 * HOUR, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT, NIGHT + 8 * HOUR, PEOPLE_HELD, NIGHT + 7 * HOUR},
    {"v-desk", "blue", "", 1320, 420, -1, 0, 0, NIGHT, NIGHT - HOUR, PEOPLE_HELD, NIGHT + 7 * HOUR},
    /* without a beginning, without an end, or both at once: never quiet */
    {"v-desk", "blue", "", -1, 420, -1, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 1320, -1, -1, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 420, 420, -1, 0, 0, NIGHT + 7 * HOUR, 0, PEOPLE_NOW, 0},
    /* quiet from 12:00 to 14:00 */
    {"v-desk", "blue", "", 720, 840, -1, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 720, 840, -1, 0, 0, NIGHT + 14 * HOUR, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", 720, 840, -1, 0, 0, NIGHT + 13 * HOUR, 0, PEOPLE_HELD, NIGHT + 14 * HOUR},
    /* a digest at 08:00 */
    {"v-desk", "blue", "", -1, -1, 480, 0, 0, NIGHT, 0, PEOPLE_HELD, NIGHT + 8 * HOUR},
    {"v-desk", "blue", "", -1, -1, 480, 0, 0, NIGHT + 8 * HOUR, 0, PEOPLE_HELD, NIGHT + 32 * HOUR},
    {"v-desk", "red", "", -1, -1, 480, 0, 0, NIGHT, 0, PEOPLE_NOW, 0},
    /* three an hour */
    {"v-desk", "blue", "", -1, -1, -1, 3, 2, NIGHT + 1, 0, PEOPLE_NOW, 0},
    {"v-desk", "blue", "", -1, -1, -1, 3, 3, NIGHT + 1, 0, PEOPLE_HELD, NIGHT + HOUR},
    {"v-desk", "red", "", -1, -1, -1, 3, 3, NIGHT + 1, 0, PEOPLE_HELD, NIGHT + HOUR},
    /* who reported is not woken */
    {"@reporters", "red", "", 1320, 420, -1, 0, 0, NIGHT, 0, PEOPLE_HELD, NIGHT + 7 * HOUR},
};

static void each_wish_has_its_hour(void **state) {
    (void)state;
    struct city *city = open_city();
    for (size_t i = 0; i < LENGTH(plans); i++) {
        struct endpoint endpoint = {.carrier = carrier_named("email"),
                                    .quiet_from = plans[i].quiet_from,
                                    .quiet_to = plans[i].quiet_to,
                                    .digest_at = plans[i].digest_at,
                                    .per_hour = plans[i].per_hour,
                                    .told_this_hour = plans[i].told};
        struct case_moved moved = {.move = "open",
                                   .from = "none",
                                   .state = "dispatched",
                                   .unit = "v-desk",
                                   .due_at = plans[i].due_at,
                                   .reporter = true};
        struct people_plan plan;
        snprintf(endpoint.unit, sizeof endpoint.unit, "%s", plans[i].unit);
        snprintf(endpoint.events, sizeof endpoint.events, "%s", plans[i].events);
        snprintf(moved.severity, sizeof moved.severity, "%s", plans[i].severity);
        assert_int_equal(people_plan(&endpoint, &moved, city, plans[i].now, &plan), 0);
        if (plan.when != plans[i].when || (plan.when == PEOPLE_HELD && plan.until != plans[i].until))
            fail_msg("line %zu: %d until %+lld min", i, plan.when, (long long)(plan.until - NIGHT) / 60000);
    }
    city_close(&city);
}

static const struct {
    const char *unit, *severity;
    int quiet_from, quiet_to;
    int64_t now, until;
} quiet[] = {
    {"v-desk", "blue", -1, -1, NIGHT, 0},
    {"v-desk", "blue", 1320, 420, NIGHT, NIGHT + 7 * HOUR},
    {"v-desk", "blue", 1320, 420, NIGHT - 3 * HOUR, 0},
    {"v-desk", "blue", 720, 840, NIGHT + 13 * HOUR, NIGHT + 14 * HOUR},
    {"v-desk", "red", 1320, 420, NIGHT, 0},
    {"@reporters", "red", 1320, 420, NIGHT, NIGHT + 7 * HOUR},
};

static void what_waited_into_the_quiet_hours_waits_until_they_end(void **state) {
    (void)state;
    struct city *city = open_city();
    for (size_t i = 0; i < LENGTH(quiet); i++) {
        struct endpoint endpoint = {.quiet_from = quiet[i].quiet_from, .quiet_to = quiet[i].quiet_to, .digest_at = -1};
        struct case_moved moved = {.move = "open", .state = "dispatched", .unit = "v-desk"};
        snprintf(endpoint.unit, sizeof endpoint.unit, "%s", quiet[i].unit);
        snprintf(moved.severity, sizeof moved.severity, "%s", quiet[i].severity);
        int64_t until = people_quiet_until(&endpoint, &moved, city, quiet[i].now);
        if (until != quiet[i].until)
            fail_msg("line %zu: until %+lld min", i, (long long)(until - NIGHT) / 60000);
        assert_int_equal(people_quiet_until(&endpoint, &moved, NULL, quiet[i].now), 0);
    }
    city_close(&city);
}

static void without_a_city_it_waits(void **state) {
    (void)state;
    struct endpoint endpoint = {.unit = "v-desk"};
    struct case_moved moved = {.move = "open"};
    struct people_plan plan;
    assert_int_equal(people_plan(&endpoint, &moved, NULL, NIGHT, &plan), 0);
    assert_int_equal(plan.when, PEOPLE_HELD);
    assert_true(plan.until > NIGHT);
}

static void who_reported_is_reached_by_mail_else_by_number(void **state) {
    static const struct {
        const char *email, *phone, *mail, *sms, *carrier;
    } cases[] = {
        {"someone@example.org", "13900004711", "smtp://m", "http://s", "email"},
        {"", "13900004711", "smtp://m", "http://s", "sms"},
        {"someone@example.org", "13900004711", "", "http://s", "sms"},
        {"someone@example.org", "", "", "http://s", NULL},
        {"", "13900004711", "smtp://m", "", NULL},
        {"", "", "smtp://m", "http://s", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct carrier_settings settings = {.sms_status = 0};
        struct reporter_details details = {.name = "N"};
        struct people_found found = {.nobody = ""};
        snprintf(settings.smtp_url, sizeof settings.smtp_url, "%s", cases[i].mail);
        snprintf(settings.sms_url, sizeof settings.sms_url, "%s", cases[i].sms);
        snprintf(details.email, sizeof details.email, "%s", cases[i].email);
        snprintf(details.phone, sizeof details.phone, "%s", cases[i].phone);
        people_choose(&settings, &details, &found);
        assert_ptr_equal(found.carrier, cases[i].carrier != NULL ? carrier_named(cases[i].carrier) : NULL);
        assert_int_equal(found.nobody[0] == '\0', cases[i].carrier != NULL);
        assert_true(found.carrier == NULL || strcmp(found.shown, found.to.address) != 0);
    }
}

static void a_token_ends_its_own_case_and_nobody_makes_one(void **state) {
    (void)state;
    struct secret_keys *keys = NULL;
    struct reason why;
    char path[128], token[END_TOKEN_SIZE], other[END_TOKEN_SIZE];
    uint64_t case_id = 0;
    path_of(path, sizeof path, "keys");
    write_file("keys", "2 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    assert_int_equal(chmod(path, 0600), 0);
    if (secret_keys_open(&keys, path, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    end_token_print(keys, 4711, token);
    assert_true(end_token_read(keys, token, &case_id));
    assert_int_equal(case_id, 4711);
    snprintf(other, sizeof other, "r4712%s", token + 5);
    assert_false(end_token_read(keys, other, &case_id));
    token[10] = token[10] == '0' ? '1' : '0';
    const char *const wrong[] = {token, "", "r", "r-", "r4711-", "4711", "r99999999999999999999-00", "rx-0"};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        assert_false(end_token_read(keys, wrong[i], &case_id));
    secret_keys_close(&keys);
    unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_wish_has_its_hour),
        TEST(what_waited_into_the_quiet_hours_waits_until_they_end),
        cmocka_unit_test(without_a_city_it_waits),
        cmocka_unit_test(who_reported_is_reached_by_mail_else_by_number),
        TEST(a_token_ends_its_own_case_and_nobody_makes_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
