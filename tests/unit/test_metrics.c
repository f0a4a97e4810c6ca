#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>

#include "common/metrics.h"

static char text[65536];

static const char *scrape(void) {
    size_t size = metrics_write(text, sizeof text);
    assert_true(size > 0 && size < sizeof text);
    assert_int_equal(strlen(text), size);
    return text;
}

static void counters_and_gauges_are_shown(void **state) {
    (void)state;
    metric_add(METRIC_handled_total, 2);
    metric_add(METRIC_handled_total, 40);
    metric_set(METRIC_shards, 64);
    metric_set(METRIC_shards, 63);
    metric_set(METRIC_behind_ms, 1234);
    scrape();
    assert_non_null(strstr(text, "# HELP zhitong_handled_total entries and requests applied and committed\n"
                                 "# TYPE zhitong_handled_total counter\n"
                                 "zhitong_handled_total{service=\"tested\"} 42\n"));
    assert_non_null(strstr(text, "# TYPE zhitong_shards gauge\nzhitong_shards{service=\"tested\"} 63\n"));
    assert_non_null(strstr(text, "zhitong_behind_seconds{service=\"tested\"} 1.234\n"));
    assert_int_equal(metric_value(METRIC_handled_total), 42);
}

static void the_histogram_is_cumulative_and_ends_in_inf(void **state) {
    static const double seen[] = {0.5, 1, 1.5, 3, 700, 10000, 10001, -5, NAN};
    (void)state;
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        metric_observe_ms(METRIC_commit_ms, seen[i]);
    scrape();
#define AT_MOST(le, n) "zhitong_commit_seconds_bucket{service=\"tested\",le=\"" le "\"} " n "\n"
    assert_non_null(
        strstr(text, "# TYPE zhitong_commit_seconds histogram\n" AT_MOST("0.001", "4") AT_MOST("0.002", "5")
                         AT_MOST("0.005", "6") AT_MOST("0.01", "6") AT_MOST("0.02", "6") AT_MOST("0.05", "6")
                             AT_MOST("0.1", "6") AT_MOST("0.2", "6") AT_MOST("0.5", "6") AT_MOST("1", "7")
                                 AT_MOST("2", "7") AT_MOST("5", "7") AT_MOST("10", "8")
                                     AT_MOST("+Inf", "9") "zhitong_commit_seconds_sum{service=\"tested\"} 20.707000\n"
                                                          "zhitong_commit_seconds_count{service=\"tested\"} 9\n"));
}

static void names_keep_prometheus_rules(void **state) {
    static const struct {
        const char *name, *type;
    } metrics[] = {
#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"
#define METRIC(name, type, unit, meaning) {#name, type},
#include "common/metrics.def"
#undef METRIC
    };
    (void)state;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        size_t size = strlen(metrics[i].name);
        int total = size > 6 && strcmp(metrics[i].name + size - 6, "_total") == 0;
        assert_int_equal(total, strcmp(metrics[i].type, "counter") == 0);
        assert_int_equal(strspn(metrics[i].name, "abcdefghijklmnopqrstuvwxyz_"), size);
    }
}

static void the_process_tells_of_itself(void **state) {
    static const char *const names[] = {"process_cpu_seconds_total",
                                        "process_resident_memory_bytes",
                                        "process_virtual_memory_bytes",
                                        "process_start_time_seconds",
                                        "process_open_fds",
                                        "process_max_fds",
                                        "process_threads"};
    (void)state;
    scrape();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char sample[80];
        snprintf(sample, sizeof sample, "\n%s{service=\"tested\"} ", names[i]);
        const char *at = strstr(text, sample);
        assert_non_null(at);
        assert_true(atof(at + strlen(sample)) >= 0);
    }
    const char *started = strstr(text, "\nprocess_start_time_seconds{service=\"tested\"} ");
    assert_true(fabs(atof(strchr(started, '}') + 1) - (double)time(NULL)) < 600);
    assert_non_null(strstr(text, "\nzhitong_build_info{service=\"tested\",version=\""));
}

static void a_small_buffer_cuts_the_text(void **state) {
    char small[101];
    (void)state;
    small[100] = 'z';
    size_t size = metrics_write(small, 100);
    assert_true(size <= 100);
    assert_memory_equal(small, "# HELP zhitong_", 15);
    assert_int_equal(small[100], 'z');
}

static void markdown_has_a_row_for_each(void **state) {
    char table[16384];
    int rows = 0;
    (void)state;
    FILE *out = fmemopen(table, sizeof table, "w");
    metrics_markdown(out);
    fclose(out);
    for (const char *at = table; (at = strchr(at, '\n')) != NULL; at++)
        rows++;
    assert_int_equal(rows, METRIC_COUNT + 2 + 8);
    assert_non_null(strstr(table, "| `zhitong_behind_seconds` | gauge | seconds |"));
}

static void *count(void *unused) {
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        metric_add(METRIC_replayed_total, 1);
        metric_observe_ms(METRIC_commit_ms, 1);
        if (i % 5000 == 0) {
            char own[65536];
            metrics_write(own, sizeof own);
        }
    }
    return NULL;
}

static void threads_lose_no_count(void **state) {
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metric_value(METRIC_replayed_total), 80000);
    assert_non_null(strstr(scrape(), "zhitong_commit_seconds_count{service=\"tested\"} 80009\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_tells_of_itself),
        cmocka_unit_test(counters_and_gauges_are_shown),
        cmocka_unit_test(the_histogram_is_cumulative_and_ends_in_inf),
        cmocka_unit_test(names_keep_prometheus_rules),
        cmocka_unit_test(a_small_buffer_cuts_the_text),
        cmocka_unit_test(markdown_has_a_row_for_each),
        cmocka_unit_test(threads_lose_no_count),
    };
    metrics_start("tested");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
