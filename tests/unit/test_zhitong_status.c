#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "services/zhitong/status.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static char text[16384];

/* A city in which all is well. */
static struct status sound(void) {
    static const char *const names[] = {"intake", "routing", "escalation", "notification", "desk"};
    struct status status = {.city = {"town", "Town", 3, 1767225600000, false, 1, 0}};
    for (size_t i = 0; i < LENGTH(names); i++) {
        struct status_service *service = &status.services[status.service_count++];
        *service = (struct status_service){.ever = true, .replicas = 2, .shards = SHARD_COUNT};
        snprintf(service->name, sizeof service->name, "%s", names[i]);
    }
    status.services[1].upstream_count = 1;
    status.services[1].upstreams[0] = (struct status_upstream){"intake", 12, 300};
    status.services[1].head = 1234567;
    status.member_count = 1;
    status.members[0] = (struct status_member){7, "routing", "tcp://127.0.0.1:5000", true, 128, 1767225600000};
    status.clocks = (struct status_clocks){{1000000, ABOUT}, {3, COUNTED}, 250, 1767225660000};
    status.cases = (struct status_cases){
        {4000, COUNTED}, {{12, COUNTED}, {3, ABOUT}, {0, COUNTED}, {1, COUNTED}}, {50001, AT_LEAST}};
    status.streams = (struct status_streams){120, 12000, 2, "fire night", 300, 1767225600000};
    status.endpoints = (struct status_endpoints){14, 0, {20, COUNTED}, {0, COUNTED}, "", "", "fire_hook", 300};
    status.disk = (struct status_disk){12300000000, 1, {{"routing", 5000000000}}, 42, 0, 120000000000, 252000000000};
    return status;
}

static const char *page_of(const struct status *status, bool colours) {
    struct advices advices;
    const struct status_page page = {status, &advices, NULL, colours};
    FILE *out = fmemopen(text, sizeof text, "w");
    status_judge(status, &advices);
    status_print(out, &page);
    fclose(out);
    return text;
}

static void assert_says(const char *line) {
    if (strstr(text, line) == NULL)
        fail_msg("not on the page: %s\n%s", line, text);
}

/* ---- the judgement ---------------------------------------------------------------------------------------------------- */

static void without_city(struct status *status) {
    status->city.code[0] = '\0';
}
static void behind_in_migrations(struct status *status) {
    status->city.migrations_missing = 2;
}
static void newer_database(struct status *status) {
    status->city.migrations_missing = -1;
}
static void driven(struct status *status) {
    status->city.driven = true;
    status->city.speed = 3600;
}
static void no_replica(struct status *status) {
    status->services[2].replicas = 0;
    status->services[2].shards = 0;
}
static void never_started(struct status *status) {
    no_replica(status);
    status->services[2].ever = false;
}
static void one_replica(struct status *status) {
    status->services[2].replicas = 1;
}
static void one_replica_of_each(struct status *status) {
    for (size_t i = 0; i < status->service_count; i++)
        status->services[i].replicas = 1;
}
static void lost_shards(struct status *status) {
    status->services[0].shards = 100;
}
static void behind_for_long(struct status *status) {
    status->services[1].upstreams[0].oldest_ms = STATUS_LAG_MS_MAX + 1;
}
static void behind_for_a_while(struct status *status) {
    status->services[1].upstreams[0].oldest_ms = STATUS_LAG_MS_MAX;
}
static void parked(struct status *status) {
    status->services[3].parked = 2;
}
static void late(struct status *status) {
    status->clocks.late_ms = STATUS_LATE_MS_MAX + 1000;
}
static void disabled(struct status *status) {
    status->endpoints.disabled = 1;
    strcpy(status->endpoints.first_disabled, "fire_hook");
}
static void dead_letters(struct status *status) {
    status->endpoints.dead.count = 3;
    strcpy(status->endpoints.first_dead, "fire_hook");
}
static void full_disk(struct status *status) {
    status->disk.free_bytes = status->disk.total_bytes / 11;
}
static void unknown_disk(struct status *status) {
    status->disk.free_bytes = status->disk.total_bytes = -1;
}
static void no_tomorrow(struct status *status) {
    status->disk.without_tomorrow = 1;
}
static void key_that_ends(struct status *status) {
    status->key_count = 1;
    status->keys[0] = (struct status_key){"police", "hmac", 1767225600000};
}

static const struct {
    void (*change)(struct status *status);
    bool urgent;
    const char *what, *help; /* NULL: nothing is said; help: what the command begins with */
} judged[] = {
    {without_city, true, "no city is loaded", "zhitong city load"},
    {behind_in_migrations, true, "2 migrations are not applied yet", "zhitong migrate"},
    {newer_database, true, "the database is of a newer version than this command", ""},
    {driven, false, "time is driven, 3600 times as fast as the real one", "zhitong time real"},
    {no_replica, true, "escalation: no replica is alive", "systemctl start zhitong@escalation"},
    {never_started, false, "escalation was never started here", "systemctl start zhitong@escalation"},
    {one_replica, false, "escalation: 1 replica is alive, another service has 2", "systemctl start zhitong@escalation"},
    {one_replica_of_each, false, NULL, NULL},
    {lost_shards, true, "intake: 28 of its shards have no living owner", "journalctl -u zhitong@intake"},
    {behind_for_long, true, "routing is 12 entries behind intake, the oldest waits for 10 s",
     "zhitong audit --wait 20"},
    {behind_for_a_while, false, NULL, NULL},
    {parked, true, "notification: 2 entries are parked, and what follows of the same cases waits",
     "zhitong parked list --service notification"},
    {late, true, "a clock should have fired 6 s ago and has not", "journalctl -u zhitong@escalation"},
    {disabled, true, "1 endpoint is disabled: fire_hook", "zhitong endpoints show fire_hook"},
    {dead_letters, true, "3 deliveries were given up (dead letters), of fire_hook",
     "zhitong deliveries list --dead --endpoint fire_hook"},
    {full_disk, true, "the database's disk has less than 10 % free", "make room"},
    {unknown_disk, false, NULL, NULL},
    {no_tomorrow, true, "1 log has no day partition for tomorrow", "journalctl -g partitions_failed"},
    {key_that_ends, false, "1 key ends within 14 days: whoever uses them needs new ones by then", ""},
};

static void each_trouble_is_named_with_what_helps(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(judged); i++) {
        struct status status = sound();
        struct advices advices;
        judged[i].change(&status);
        status_judge(&status, &advices);
        assert_int_equal(advices.count, judged[i].what != NULL);
        assert_int_equal(advices_urgent(&advices), judged[i].urgent);
        if (judged[i].what == NULL)
            continue;
        assert_string_equal(advices.at[0].what, judged[i].what);
        assert_memory_equal(advices.at[0].help, judged[i].help, strlen(judged[i].help));
        assert_int_equal(advices.at[0].help[0] != '\0', judged[i].help[0] != '\0');
    }
}

static void a_name_is_quoted_for_the_shell(void **state) {
    struct status status = sound();
    struct advices advices;
    (void)state;
    dead_letters(&status);
    strcpy(status.endpoints.first_dead, "fire's hook");
    status_judge(&status, &advices);
    assert_non_null(strstr(advices.at[0].help, "--endpoint 'fire'\\''s hook'; "));
}

static void a_sound_city_gets_no_advice(void **state) {
    struct status status = sound();
    struct advices advices;
    (void)state;
    status_judge(&status, &advices);
    assert_int_equal(advices.count, 0);
    assert_false(advices_urgent(&advices));
}

static void everything_wrong_at_once_stays_in_its_bounds(void **state) {
    struct status status = sound();
    struct advices advices;
    (void)state;
    for (size_t i = 0; i < LENGTH(judged); i++)
        judged[i].change(&status);
    while (status.service_count < STATUS_SERVICES_MAX)
        status.services[status.service_count++] = status.services[1];
    for (size_t i = 0; i < status.service_count; i++) {
        memset(status.services[i].name, 'x', STATUS_NAME_MAX);
        status.services[i].parked = INT64_MAX;
        status.services[i].replicas = 2;
        status.services[i].shards = 1;
        status.services[i].upstream_count = STATUS_UPSTREAMS_MAX;
        for (size_t u = 0; u < STATUS_UPSTREAMS_MAX; u++)
            status.services[i].upstreams[u] = (struct status_upstream){"intake", INT64_MAX, INT64_MAX};
    }
    status_judge(&status, &advices);
    assert_int_equal(advices.count, STATUS_ADVICE_MAX);
    page_of(&status, true);
}

/* ---- the page --------------------------------------------------------------------------------------------------------- */

static void the_page_says_it_in_lines(void **state) {
    struct status status = sound();
    (void)state;
    page_of(&status, false);
    assert_says("· Town, version 3 · 2026-01-01T00:00:00.000Z, real time\n");
    assert_says("routing           2  128/128      1,234,567       0  intake 12 (0.3 s)\n");
    assert_says("routing           7      128  2026-01-01T00:00:00.000Z   tcp://127.0.0.1:5000\n");
    assert_says(
        "clocks        about 1,000,000 armed · 3 due now, the oldest for 0.2 s · next 2026-01-01T00:01:00.000Z\n");
    assert_says(
        "streams       120 · 12,000 entries today · 2 groups, the slowest is fire night: 300 behind since 2026-01-01T00:00:00.000Z\n");
    assert_says("endpoints     14 · 0 disabled · 20 waiting · 0 given up · furthest behind is fire_hook, by 300\n");
    assert_says(
        "cases         4,000 reports today · about 16 open: tier 1 12, tier 2 3, tier 3 0, tier 4 1 · at least 50,001 overdue\n");
    assert_says("disk          12.3 GB: routing 5.0 GB · 42 day partitions · 120.0 GB free of 252.0 GB\n");
    assert_says("keys          none ends within 14 days\n");
    assert_says("\nnothing needs a person\n");
    assert_null(strchr(text, '\x1b'));
}

static void trouble_comes_with_its_command(void **state) {
    struct status status = sound();
    (void)state;
    parked(&status);
    driven(&status);
    page_of(&status, false);
    assert_says("driven time, 3600 times as fast\n");
    assert_says(
        "! notification: 2 entries are parked, and what follows of the same cases waits\n      zhitong parked list --service notification\n");
    assert_says("- time is driven");
    assert_null(strstr(text, "nothing needs"));
}

static void colours_are_only_given_when_asked_for(void **state) {
    struct status status = sound();
    (void)state;
    status.members[0].alive = false;
    page_of(&status, true);
    assert_says("\x1b[32mnothing needs a person\x1b[0m\n");
    assert_says("tcp://127.0.0.1:5000 (dead)\x1b[0m\n");
}

static void json_has_the_same(void **state) {
    struct status status = sound();
    struct advices advices;
    const struct status_page page = {&status, &advices, NULL, false};
    (void)state;
    parked(&status);
    status_judge(&status, &advices);
    FILE *out = fmemopen(text, sizeof text, "w");
    status_json(out, &page);
    fclose(out);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    assert_false(json_is_true(json_object_get(object, "good")));
    json_t *armed = json_object_get(json_object_get(object, "clocks"), "armed");
    assert_int_equal(json_integer_value(json_object_get(armed, "count")), 1000000);
    assert_string_equal(json_string_value(json_object_get(armed, "how")), "about");
    assert_int_equal(json_array_size(json_object_get(object, "services")), 5);
    json_decref(object);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_trouble_is_named_with_what_helps),
        cmocka_unit_test(a_name_is_quoted_for_the_shell),
        cmocka_unit_test(a_sound_city_gets_no_advice),
        cmocka_unit_test(everything_wrong_at_once_stays_in_its_bounds),
        cmocka_unit_test(the_page_says_it_in_lines),
        cmocka_unit_test(trouble_comes_with_its_command),
        cmocka_unit_test(colours_are_only_given_when_asked_for),
        cmocka_unit_test(json_has_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
