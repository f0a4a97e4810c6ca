#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/routing/case_clocks.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define SIGN "sign 1788222600000 30 1 0 0 1800000 0 1 1;"

static void what_was_written_is_read_as_the_same(void **state) {
    static struct case_file file, again;
    struct reason why;
    (void)state;
    file.clocks[RUNNING_accept].moves_up = true; /* each of what makes a clock one that must be kept */
    file.clocks[RUNNING_sign].from = 1788222600000;
    file.clocks[RUNNING_sign].limit_at = 1788224400000;
    file.clocks[RUNNING_sign].up_at = 1788224400001;
    file.clocks[RUNNING_contact].limit = (struct limit){30, WORKING_MINUTES};
    file.clocks[RUNNING_progress].told = 2;
    static const enum task_state states[] = {TASK_called, TASK_arrived, TASK_finished};
    for (size_t i = 0; i < LENGTH(states); i++) {
        snprintf(file.tasks[i].unit, sizeof file.tasks[i].unit, "unit-%zu", i);
        file.tasks[i].state = states[i];
        file.tasks[i].by_at = (int64_t)i * 1000;
    }
    file.task_count = LENGTH(states);
    case_kept_write(&file);
    again.kept = file.kept;
    assert_int_equal(case_kept_read(&again, &why), 0);
    assert_int_equal(again.task_count, file.task_count);
    assert_memory_equal(again.tasks, file.tasks, sizeof file.tasks);
    assert_memory_equal(again.clocks, file.clocks, sizeof file.clocks);
}

static void what_nobody_wrote_is_refused(void **state) {
    static const struct {
        const char *clocks, *tasks;
        bool good;
    } examples[] = {
        {"", "", true},
        {SIGN, "c-water called 0;", true},
        {"sign", "", false},
        {"sign 1788222600000 30 1 0 0 1800000 0 1 1", "", false},
        {"sign 1788222600000 30 9 0 0 1800000 0 1 1;", "", false},
        {"sign 1788222600000 30 1 0 9 1800000 0 1 1;", "", false},
        {"sign 1788222600000 -30 1 0 0 1800000 0 1 1;", "", false},
        {"sign 1788222600000 30 1 -1 0 1800000 0 1 1;", "", false},
        {"", "works resting 0;", false},
        {"sign 1788222600000 30 1 0 0 1800000 0 256 1;", "", false},
        {"sign 9999999999999999999 30 1 0 0 1800000 0 1 1;", "", false},
        {"sing 1788222600000 30 1 0 0 1800000 0 1 1;", "", false},
        {"sign 0 0 3 2 0 50 50 0 0;", "", false},
        {SIGN "x", "", false},
        {SIGN, "c-water", false},
        {SIGN, "c-water called 0", false},
        {SIGN, "c-water called x;", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        static struct case_file file;
        struct reason why = {.field = ""};
        memset(&file, 0, sizeof file);
        strcpy(file.kept.clocks, examples[i].clocks);
        strcpy(file.kept.tasks, examples[i].tasks);
        int status = case_kept_read(&file, &why);
        if ((status == 0) != examples[i].good)
            fail_msg("%s / %s: %d", examples[i].clocks, examples[i].tasks, status);
        assert_string_equal(why.field, status == 0 ? "" : "kept");
    }
}

static void more_tasks_than_there_is_room_for_are_refused(void **state) {
    static struct case_file file;
    struct reason why = {.field = ""};
    size_t used = 0;
    (void)state;
    for (int i = 0; i <= TASKS_MAX; i++)
        used += (size_t)snprintf(file.kept.tasks + used, sizeof file.kept.tasks - used, "u%d called 0;", i);
    assert_true(used < sizeof file.kept.tasks);
    assert_int_equal(case_kept_read(&file, &why), -1);
    assert_string_equal(why.field, "kept");
}

static void a_list_of_units_has_each_once_and_an_end(void **state) {
    static char units[UNITS_TEXT_MAX + 1];
    char code[CODE_MAX + 1];
    int added = 0;
    (void)state;
    assert_true(units_add(units, "a") && units_add(units, "ab") && units_add(units, "a"));
    assert_string_equal(units, "a ab");
    do
        snprintf(code, sizeof code, "a-unit-with-a-code-of-a-good-length-%03d", added++);
    while (units_add(units, code) && added < 1000);
    assert_true(added < 1000 && strlen(units) <= UNITS_TEXT_MAX);
}

static void clocks_and_tasks_that_have_no_room_stay_within_it(void **state) {
    static struct case_file file;
    char text[60];
    (void)state;
    for (int i = 0; i < RUNNING_COUNT; i++)
        file.clocks[i].from = 1788222600000;
    running_print(&file, text, sizeof text);
    assert_true(strlen(text) < sizeof text);
    memset(file.tasks, 0, sizeof file.tasks);
    file.task_count = TASKS_MAX;
    for (int i = 0; i < TASKS_MAX; i++)
        strcpy(file.tasks[i].unit, "a-unit");
    case_tasks_print(&file, text, sizeof text);
    assert_true(strlen(text) < sizeof text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_as_the_same),
        cmocka_unit_test(what_nobody_wrote_is_refused),
        cmocka_unit_test(more_tasks_than_there_is_room_for_are_refused),
        cmocka_unit_test(a_list_of_units_has_each_once_and_an_end),
        cmocka_unit_test(clocks_and_tasks_that_have_no_room_stay_within_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
