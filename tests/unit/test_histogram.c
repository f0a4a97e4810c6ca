#include "common/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void empty_has_no_percentile(void **state) {
    (void)state;
    static struct histogram histogram;
    assert_int_equal(histogram_at(&histogram, 0.99), 0);
}

static void one_value_comes_back_within_one_percent(void **state) {
    (void)state;
    static const int64_t values[] = {0, 1, 127, 128, 255, 256, 257, 999, 1000, 65535, 65536, 1234567, 86400000000};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct histogram *histogram = calloc(1, sizeof *histogram);
        histogram_add(histogram, values[i]);
        int64_t got = histogram_at(histogram, 0.5);
        assert_true(llabs(got - values[i]) * 100 <= values[i]);
        assert_int_equal(histogram->greatest, values[i]);
        free(histogram);
    }
}

static void percentiles_of_an_even_spread_lie_within_one_percent(void **state) {
    (void)state;
    static struct histogram histogram;
    for (int64_t value = 1; value <= 100000; value++)
        histogram_add(&histogram, value);
    static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double want = shares[i] * 100000;
        double got = (double)histogram_at(&histogram, shares[i]);
        assert_true(got >= want * 0.99 && got <= want * 1.01);
    }
}

static void percentiles_never_pass_the_greatest(void **state) {
    (void)state;
    static struct histogram histogram;
    histogram_add(&histogram, 1000000);
    histogram_add(&histogram, 1000003);
    assert_true(histogram_at(&histogram, 1) <= 1000003);
}

static void the_impossible_is_counted_and_not_lost(void **state) {
    (void)state;
    static struct histogram histogram;
    histogram_add(&histogram, -5);
    histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.count, 2);
    assert_int_equal(histogram_at(&histogram, 0.5), 0);
    assert_true(histogram_at(&histogram, 1) > INT64_C(1) << 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_no_percentile),
        cmocka_unit_test(one_value_comes_back_within_one_percent),
        cmocka_unit_test(percentiles_of_an_even_spread_lie_within_one_percent),
        cmocka_unit_test(percentiles_never_pass_the_greatest),
        cmocka_unit_test(the_impossible_is_counted_and_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
