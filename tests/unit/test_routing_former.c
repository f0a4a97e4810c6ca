/* Who held a case before and has no part in it any more. */
#include "services/routing/case_units.h"

#include "tests/unit/case_harness.h"

static void a_unit_is_remembered_while_it_has_no_part_in_the_case(void **state) {
    static const struct {
        const char *former, *before, *unit, *support,
            *after; /* unit before the move; unit, support and former after it */
    } cases[] = {
        {"", "a", "a", "", ""},             /* stays */
        {"", "a", "b", "", "a"},            /* lost it */
        {"", "a", "b", "a", ""},            /* stays as support */
        {"a", "b", "c", "", "a b"},         /* in the order in which they lost it */
        {"a b", "c", "a", "", "b c"},       /* comes back */
        {"a b", "c", "c", "b", "a"},        /* is called as support */
        {"a b", "c", "b", "c a", ""},       /* all have a part again */
        {"ab abc", "a", "a", "", "ab abc"}, /* one code may begin another */
        {"a", "a", "b", "", "a"},           /* each once */
        {"", "", "a", "", ""},              /* opened */
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct case_file before = {0}, after;
        strcpy(before.kept.former, cases[i].former);
        strcpy(before.unit, cases[i].before);
        after = before;
        strcpy(after.unit, cases[i].unit);
        strcpy(after.support, cases[i].support);
        case_remember_unit(&before, &after);
        assert_string_equal(after.kept.former, cases[i].after);
    }
}

static void a_full_list_takes_no_more_and_keeps_what_it_has(void **state) {
    struct case_file before = {.unit = "one-more"}, after;
    (void)state;
    for (int i = 0; strlen(before.kept.former) + 9 <= UNITS_TEXT_MAX; i++)
        sprintf(before.kept.former + strlen(before.kept.former), "%s%08d", i > 0 ? " " : "", i);
    after = before;
    strcpy(after.unit, "new");
    case_remember_unit(&before, &after);
    assert_string_equal(after.kept.former, before.kept.former);
    strcpy(before.unit, "new");
    before = after;
    strcpy(after.unit, "00000003"); /* leaves it, and there is room again */
    case_remember_unit(&before, &after);
    assert_false(codes_hold(after.kept.former, "00000003"));
    assert_true(codes_hold(after.kept.former, "new"));
}

static void move_to(struct trial *trial, const char *move, const char *unit, int64_t at) {
    struct command command = command_of(trial, move);
    strcpy(command.unit, unit);
    command.parties[0] = '\0';
    if (command_case(trial, &command, at) != 0)
        fail_msg("%s to %s: %s: %s", move, unit, trial->why.field, trial->why.text);
}

static void who_returned_a_case_hears_of_it_from_its_next_unit_on(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    move_to(&trial, "return", "t-centre", june(4, 10, 5));
    move_to(&trial, "dispatch", "t-centre", june(4, 10, 10));
    assert_string_equal(trial.moved.unit, "t-centre");
    assert_string_equal(trial.moved.former, "v-desk");
    act(&trial, "sign", june(4, 10, 20)); /* and of everything after it */
    assert_string_equal(trial.moved.former, "v-desk");
    city_close(&trial.city);
}

static void who_had_a_case_before_a_transfer_stays_as_support_and_is_no_former_unit(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    move_to(&trial, "transfer", "t-centre", june(4, 10, 5));
    assert_string_equal(trial.moved.support, "v-desk");
    assert_string_equal(trial.moved.former, "");
    city_close(&trial.city);
}

static void a_case_that_goes_round_and_comes_back_forgets_nobody_and_names_nobody_twice(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    move_to(&trial, "return", "t-centre", june(4, 10, 5));
    move_to(&trial, "designate", "c-centre", june(4, 10, 10));
    assert_string_equal(trial.moved.former, "v-desk");
    move_to(&trial, "transfer", "v-desk", june(4, 10, 15)); /* comes back */
    assert_string_equal(trial.moved.unit, "v-desk");
    assert_string_equal(trial.moved.support, "c-centre");
    assert_string_equal(trial.moved.former, "");
    city_close(&trial.city);
}

static void who_lets_a_deadline_pass_stays_as_support_and_is_no_former_unit(void **state) {
    struct trial trial = {0};
    (void)state;
    open_noise(&trial);
    act(&trial, "pass_up", june(4, 10, 5));
    assert_string_equal(trial.moved.support, "v-desk");
    assert_string_equal(trial.moved.former, "");
    city_close(&trial.city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_is_remembered_while_it_has_no_part_in_the_case),
        cmocka_unit_test(a_full_list_takes_no_more_and_keeps_what_it_has),
        cmocka_unit_test_setup_teardown(who_returned_a_case_hears_of_it_from_its_next_unit_on, make_full_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(who_had_a_case_before_a_transfer_stays_as_support_and_is_no_former_unit,
                                        make_full_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_case_that_goes_round_and_comes_back_forgets_nobody_and_names_nobody_twice,
                                        make_full_folder, remove_folder),
        cmocka_unit_test_setup_teardown(who_lets_a_deadline_pass_stays_as_support_and_is_no_former_unit,
                                        make_full_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
