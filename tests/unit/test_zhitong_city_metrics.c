#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/zhitong/city_metrics.h"

static char text[65536];

static struct city_facts *facts_of_a_town(void) {
    static struct city_facts facts;
    facts = (struct city_facts){.up = true, .urgent = 2, .read_ms = 1234};
    struct status *status = &facts.status;
    status->city = (struct status_city){"town", "Town", 3, 1767225600000, true, 60, 0};
    status->service_count = 2;
    status->services[0] = (struct status_service){
        .name = "intake", .ever = true, .replicas = 2, .shards = 128, .head = 9000000000};
    status->services[1] = (struct status_service){.name = "routing",
                                                  .replicas = 1,
                                                  .upstream_count = 2,
                                                  .upstreams = {{"intake", 7, 1500}, {"escalation", 0, -1}}};
    status->cases.open[3].count = 12;
    status->disk = (struct status_disk){.free_bytes = -1, .total_bytes = -1};
    status->key_count = 1;
    status->keys[0] = (struct status_key){"a\"b\\c\nd", "hmac", 1767225600500};
    return &facts;
}

static void write_down(const struct city_facts *facts) {
    FILE *out = fmemopen(text, sizeof text, "w");
    city_metrics_write(out, facts);
    fclose(out);
}

static void each_value_stands_with_its_labels_and_in_its_base_unit(void **state) {
    static const char *const lines[] = {
        "zhitong_city_up 1\n",
        "# TYPE zhitong_city_needs_a_person gauge\nzhitong_city_needs_a_person 2\n",
        "zhitong_city_read_seconds 1.234\n",
        "zhitong_city_time_driven 1\n",
        "zhitong_city_replicas{of=\"routing\"} 1\n",
        "# TYPE zhitong_city_log_entries_total counter\nzhitong_city_log_entries_total{of=\"intake\"} 9000000000\n",
        "zhitong_city_behind_entries{of=\"routing\",upstream=\"escalation\"} 0\n",
        "zhitong_city_behind_seconds{of=\"routing\",upstream=\"intake\"} 1.500\n",
        "zhitong_city_cases_open{tier=\"4\"} 12\n",
        "zhitong_city_key_ends_timestamp_seconds{name=\"a\\\"b\\\\c\\nd\",kind=\"hmac\"} 1767225600.500\n",
    };
    (void)state;
    write_down(facts_of_a_town());
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (strstr(text, lines[i]) == NULL)
            fail_msg("not there: %s\n%s", lines[i], text);
}

static void what_is_not_known_is_left_out(void **state) {
    (void)state;
    write_down(facts_of_a_town());
    assert_null(strstr(text, "\nzhitong_city_database_disk_free_bytes "));
    assert_null(strstr(text, "zhitong_city_behind_seconds{of=\"routing\",upstream=\"escalation\"}"));
}

static void without_a_database_only_that_is_told(void **state) {
    struct city_facts facts = {.up = false};
    (void)state;
    write_down(&facts);
    assert_string_equal(strrchr(text, '#'), "# TYPE zhitong_city_up gauge\nzhitong_city_up 0\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_stands_with_its_labels_and_in_its_base_unit),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(without_a_database_only_that_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
