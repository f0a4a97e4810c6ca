#include "common/measure_sums.h"

#include "common/facts_bytes.h"
#include "tests/unit/measure_examples.h"

/* Whatever a history is: facts that were written and read again after every entry end up the same. */
static void facts_can_be_kept_between_any_two_entries(void **state) {
    (void)state;
    static struct case_moved entries[WORDS_MAX];
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        struct code_book book = {0};
        struct case_facts whole = fold(examples[i].history, &book), kept = {0};
        size_t count = read_history(examples[i].history, 129, entries);
        uint8_t bytes[FACTS_BYTES_MAX], again[FACTS_BYTES_MAX];
        struct reason why;
        for (size_t j = 0; j < count; j++) {
            facts_follow(&kept, &entries[j], &book);
            size_t size = facts_pack(&kept, &book, bytes);
            assert_int_equal(facts_unpack(&kept, &book, bytes, size, &why), 0);
        }
        size_t size = facts_pack(&whole, &book, again);
        assert_int_equal(facts_pack(&kept, &book, bytes), size);
        assert_memory_equal(bytes, again, size);
        code_book_close(&book);
    }
}

static void bytes_that_are_no_facts_are_refused(void **state) {
    (void)state;
    struct code_book book = {0};
    struct case_facts facts = fold(DONE, &book), read;
    uint8_t bytes[FACTS_BYTES_MAX + 1] = {0};
    struct reason why;
    size_t size = facts_pack(&facts, &book, bytes);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(facts_unpack(&read, &book, bytes, cut, &why), -1);
    assert_int_equal(facts_unpack(&read, &book, bytes, size + 1, &why), -1);
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= 0xff;
        assert_in_range(facts_unpack(&read, &book, bytes, size, &why) + 1, 0, 1);
        bytes[at] ^= 0xff;
    }
    code_book_close(&book);
}

static struct sums sum_in_order(const size_t *order, size_t count, struct code_book *book) {
    struct sums sums = {.ask = {.by = SUMS_BY_unit, .now = 500, .to_at = 1000}};
    for (size_t i = 0; i < count; i++) {
        struct case_facts facts = fold(examples[order[i]].history, book);
        sums_add(&sums, order[i] + 1, &facts);
    }
    return sums;
}

static void the_order_of_cases_does_not_matter(void **state) {
    (void)state;
    enum { COUNT = EXAMPLE_COUNT };
    struct code_book book = {0};
    size_t order[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        order[i] = i;
    struct sums one = sum_in_order(order, COUNT, &book);
    srand(7);
    for (size_t i = COUNT - 1; i > 0; i--) {
        size_t j = (size_t)rand() % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    struct sums other = sum_in_order(order, COUNT, &book);
    assert_int_equal(one.count, other.count);
    assert_memory_equal(&one.total, &other.total, sizeof one.total);
    for (size_t i = 0; i < one.count; i++)
        assert_memory_equal(&one.cells[i], sums_cell(&other, one.cells[i].key), sizeof one.cells[i]);
    sums_close(&one);
    sums_close(&other);
    code_book_close(&book);
}

static void an_excluded_case_counts_nowhere_and_is_shown(void **state) {
    (void)state;
    struct code_book book = {0};
    struct exclusion appeals[] = {{.case_id = 1}, {.case_id = 7}};
    struct sums sums = {.ask = {.now = 500, .to_at = 1000, .exclusions = appeals, .exclusion_count = 2}};
    struct case_facts facts = fold(SIGNED, &book);
    sums_add(&sums, 7, &facts);
    sums_add(&sums, 8, &facts);
    assert_int_equal(sums.excluded, 1);
    assert_true(appeals[1].met && !appeals[0].met);
    assert_int_equal(sums.total.cases, 1);
    assert_int_equal(sums.total.measured[RATE_resolved_in_time].of, 1);
    sums_close(&sums);
    code_book_close(&book);
}

static void a_case_counts_in_the_period_of_its_opening_or_of_its_closing(void **state) {
    (void)state;
    struct code_book book = {0};
    struct case_facts facts = fold(VERIFIED "70:satisfied:closed:.,r5", &book);
    struct sums opened = {.ask = {.now = 500, .from_at = 10, .to_at = 70}};
    struct sums closed = {.ask = {.now = 500, .from_at = 70, .to_at = 71}};
    sums_add(&opened, 1, &facts);
    sums_add(&closed, 1, &facts);
    assert_int_equal(opened.total.measured[RATE_signed_in_time].of, 1);
    assert_int_equal(opened.total.measured[RATE_satisfied].of, 0);
    assert_int_equal(closed.total.measured[RATE_signed_in_time].of, 0);
    assert_int_equal(closed.total.measured[RATE_satisfied].of, 1);
    sums_close(&opened);
    sums_close(&closed);
    code_book_close(&book);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_can_be_kept_between_any_two_entries),
        cmocka_unit_test(bytes_that_are_no_facts_are_refused),
        cmocka_unit_test(the_order_of_cases_does_not_matter),
        cmocka_unit_test(an_excluded_case_counts_nowhere_and_is_shown),
        cmocka_unit_test(a_case_counts_in_the_period_of_its_opening_or_of_its_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
