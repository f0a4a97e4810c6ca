#include "common/measures.h"

#include "tests/unit/measure_examples.h"

/* "a 1/2": of 2 the unit a has 1; tenths as "a 0.5/1". */
static void check_measure(const char *history, int64_t now, enum measure measure, const char *expected) {
    struct code_book book = {0};
    struct case_facts facts = fold(history, &book);
    const struct score_rules rules = {now, true, true};
    struct score scores[PLACES_MAX];
    char got[400] = "";
    size_t count = facts_score(&facts, &rules, scores);
    for (size_t i = 0; i < count; i++) {
        const struct measured *measured = &scores[i].measured[measure];
        if (measured->of == 0)
            continue;
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s %g/%llu", used > 0 ? ", " : "",
                 code_book_code(&book, scores[i].unit), (double)measured->tenths / 10,
                 (unsigned long long)measured->of);
    }
    code_book_close(&book);
    if (strcmp(got, expected) != 0)
        fail_msg("%s of \"%s\" at %lld is \"%s\", not \"%s\"", measure_spec(measure)->name, history, (long long)now,
                 got, expected);
}

static void each_rate_and_slot_counts_what_it_says(void **state) {
    (void)state;
    bool hit[MEASURE_COUNT] = {0};
    for (size_t i = 0; i < EXAMPLE_COUNT; i++) {
        hit[examples[i].measure] = true;
        check_measure(examples[i].history, examples[i].now, examples[i].measure, examples[i].expected);
    }
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++)
        if (!hit[measure])
            fail_msg("%s has no example", measure_spec(measure)->name);
}

static void a_channel_that_calls_nobody_back_owes_no_call(void **state) {
    (void)state;
    struct code_book book = {0};
    struct case_facts facts = fold(DONE "60:verify:closed:.", &book);
    const struct score_rules rules = {99, false, false};
    struct score scores[PLACES_MAX];
    assert_int_equal(facts_score(&facts, &rules, scores), 1);
    assert_int_equal(scores[0].measured[SLOT_called_back].of, 0);
    assert_int_equal(scores[0].measured[RATE_proactive].tenths, 0);
    code_book_close(&book);
}

static void a_case_whose_beginning_is_gone_is_not_measured(void **state) {
    (void)state;
    static struct case_moved entries[WORDS_MAX];
    struct code_book book = {0};
    struct case_facts facts = {0}, gap = {0};
    const struct score_rules rules = {99, true, true};
    struct score scores[PLACES_MAX];
    size_t count = read_history(DONE, 129, entries);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            facts_follow(&facts, &entries[i], &book);
        if (i != 1)
            facts_follow(&gap, &entries[i], &book);
    }
    assert_int_equal(facts_score(&facts, &rules, scores), 0);
    assert_int_equal(facts_score(&gap, &rules, scores), 0);
    code_book_close(&book);
}

static void units_beyond_the_limit_are_charged_to_nobody(void **state) {
    (void)state;
    struct code_book book = {0};
    static struct case_moved entries[WORDS_MAX];
    struct case_facts facts = {0};
    read_history(OPEN, 129, entries);
    for (int i = 0; i < PLACES_MAX + 3; i++) {
        entries[0].version = (uint64_t)i + 1;
        snprintf(entries[0].unit, sizeof entries[0].unit, "u%d", i);
        facts_follow(&facts, &entries[0], &book);
    }
    assert_int_equal(facts.place_count, PLACES_MAX);
    assert_true(facts.uncharged > 0);
    code_book_close(&book);
}

static void the_composite_needs_all_three_of_its_parts(void **state) {
    (void)state;
    struct measured measured[MEASURE_COUNT] = {
        [RATE_contacted_in_time] = {5, 1}, [RATE_solved] = {10, 1}, [RATE_satisfied] = {8, 1}};
    assert_true(fabs(measured_composite(measured) - (5 + 45 + 36)) < 1e-9);
    measured[RATE_solved] = (struct measured){0, 0};
    assert_true(isnan(measured_composite(measured)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rate_and_slot_counts_what_it_says),
        cmocka_unit_test(a_channel_that_calls_nobody_back_owes_no_call),
        cmocka_unit_test(a_case_whose_beginning_is_gone_is_not_measured),
        cmocka_unit_test(units_beyond_the_limit_are_charged_to_nobody),
        cmocka_unit_test(the_composite_needs_all_three_of_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
