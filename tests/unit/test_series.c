#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/series.h"

static char text[262144];
static size_t rows_given;

/* Row n lags n entries and was tried again n times. */
static void list_many(struct service_loop *loop, struct series_sheet *sheet) {
    (void)loop;
    for (size_t n = 1; n <= rows_given; n++) {
        char value[32];
        const int64_t values[] = {(int64_t)n, (int64_t)n};
        snprintf(value, sizeof value, "row %zu", n);
        series_add(sheet, value, values);
    }
}

static void list_odd(struct service_loop *loop, struct series_sheet *sheet) {
    const int64_t values[] = {1, 2};
    char long_value[SERIES_VALUE_BYTES_MAX + 8];
    (void)loop;
    series_add(sheet, "say \"hi\" \\ and\nleave", values);
    memset(long_value, 'x', sizeof long_value);
    strcpy(long_value + SERIES_VALUE_BYTES_MAX - 1, "城"); /* its first byte would still fit */
    series_add(sheet, long_value, values);
    series_add(sheet, "other", values); /* somebody called so */
}

static struct series_sheet *gathered_before;

static void list_gathered(struct service_loop *loop, struct series_sheet *sheet) {
    (void)loop;
    series_add_all(sheet, gathered_before);
}

#define GROUP(list_function) \
    { \
        .label = "hook", .rows = "each hook", \
        .families = {{"hook_lag", SERIES_WORSE, "entries", "how far behind"}, \
                     {"hook_retries_total", SERIES_COUNTER, "attempts", "attempts after the first"}}, \
        .family_count = 2, .list = (list_function) \
    }
static const struct series_group many = GROUP(list_many), odd = GROUP(list_odd), of_sheet = GROUP(list_gathered);

static const char *scrape(const struct series_group *group, size_t rows) {
    FILE *out = fmemopen(text, sizeof text, "w");
    rows_given = rows;
    series_write(out, "tested", group, 1, NULL);
    fclose(out);
    return text;
}

static int lines(const char *beginning) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, beginning)) != NULL; at += strlen(beginning))
        count += at == text || at[-1] == '\n';
    return count;
}

static void each_row_is_a_series_of_its_family(void **state) {
    (void)state;
    assert_string_equal(scrape(&many, 2), "# HELP zhitong_hook_lag how far behind\n"
                                          "# TYPE zhitong_hook_lag gauge\n"
                                          "zhitong_hook_lag{service=\"tested\",hook=\"row 1\"} 1\n"
                                          "zhitong_hook_lag{service=\"tested\",hook=\"row 2\"} 2\n"
                                          "# HELP zhitong_hook_retries_total attempts after the first\n"
                                          "# TYPE zhitong_hook_retries_total counter\n"
                                          "zhitong_hook_retries_total{service=\"tested\",hook=\"row 1\"} 1\n"
                                          "zhitong_hook_retries_total{service=\"tested\",hook=\"row 2\"} 2\n");
}

static void the_worst_are_shown_and_the_rest_summed(void **state) {
    (void)state;
    const size_t rows = SERIES_SHOWN_MAX + 50;
    scrape(&many, rows);
    assert_int_equal(lines("zhitong_hook_lag{"), SERIES_SHOWN_MAX + 1);
    assert_non_null(strstr(text, "hook=\"row 250\"} 250\n"));
    assert_non_null(strstr(text, "hook=\"row 51\"} 51\n"));
    assert_null(strstr(text, "hook=\"row 50\"}"));
    assert_non_null(strstr(text, "zhitong_hook_lag{service=\"tested\",hook=\"other\"} 1275\n")); /* 1 + 2 + … + 50 */
    assert_int_equal(lines("zhitong_hook_retries_total{"), SERIES_SHOWN_MAX); /* no sum that may fall */
}

static void just_as_many_as_are_shown_need_no_sum(void **state) {
    (void)state;
    scrape(&many, SERIES_SHOWN_MAX);
    assert_int_equal(lines("zhitong_hook_lag{"), SERIES_SHOWN_MAX);
    assert_null(strstr(text, "other"));
}

static void what_another_thread_gathered_is_added(void **state) {
    (void)state;
    struct series_sheet *gathered = series_sheet_open(&many);
    rows_given = SERIES_SHOWN_MAX + 50;
    list_many(NULL, gathered);
    struct series_sheet *sheet = series_sheet_open(&many);
    const int64_t worst[] = {1000000, 0};
    series_add(sheet, "mine", worst);
    series_add_all(sheet, gathered);
    const struct series_group *from = &of_sheet;
    gathered_before = sheet;
    scrape(from, 0);
    assert_int_equal(lines("zhitong_hook_lag{"), SERIES_SHOWN_MAX + 1);
    assert_non_null(strstr(text, "hook=\"mine\"} 1000000\n"));
    assert_non_null(strstr(text, "zhitong_hook_lag{service=\"tested\",hook=\"other\"} 1326\n")); /* 1 + 2 + … + 51 */
    series_sheet_close(&sheet);
    series_sheet_close(&gathered);
}

static void nobody_breaks_the_page_by_his_name(void **state) {
    (void)state;
    scrape(&odd, 0);
    assert_non_null(strstr(text, "hook=\"say \\\"hi\\\" \\\\ and\\nleave\"} 1\n"));
    assert_null(strstr(text, "\xe5")); /* no half character */
    assert_int_equal(lines("zhitong_hook_lag{service=\"tested\",hook=\"other\"} 1\n"), 1);
    assert_int_equal(lines("zhitong_hook_retries_total{"), 2);
}

static void markdown_has_a_row_for_each_family(void **state) {
    (void)state;
    FILE *out = fmemopen(text, sizeof text, "w");
    series_markdown(out, &many, 1);
    fclose(out);
    assert_non_null(
        strstr(text, "| `zhitong_hook_lag{hook}` | gauge | entries | how far behind; a row for each hook |\n"));
    assert_non_null(strstr(text, "| `zhitong_hook_retries_total{hook}` | counter | attempts |"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_a_series_of_its_family),
        cmocka_unit_test(the_worst_are_shown_and_the_rest_summed),
        cmocka_unit_test(just_as_many_as_are_shown_need_no_sum),
        cmocka_unit_test(what_another_thread_gathered_is_added),
        cmocka_unit_test(nobody_breaks_the_page_by_his_name),
        cmocka_unit_test(markdown_has_a_row_for_each_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
