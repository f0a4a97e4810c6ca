/* What is asked of a loop that ends: its reader is closed before the last letters are taken, and these may lead to another read. */
#include "common/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
static void a_read_for_a_follower_after_the_reader_has_ended_is_dropped(void **state) {
    static const struct service service = {.name = "a",
                                           .read_query = "read",
                                           .heads_query = "heads",
                                           .start_query = "start",
                                           .mark_query = "load",
                                           .save_mark_query = "save"};
    static struct service_loop loop = {.service = &service};
    (void)state;
    loop_read(&loop, "1", 1, 10);
    loop_read_head(&loop, "1");
    loop_read_start(&loop, "1", 5, 1);
    loop_load_mark(&loop, "1", "group");
    loop_save_mark(&loop, "1", "group", 7);
}

static void on_answer(void *context, const PGresult *result) {
    assert_null(result);
    ++*(int *)context;
}

static void a_question_after_the_reader_has_ended_is_answered_as_failed(void **state) {
    static const struct service service = {.name = "a"};
    static struct service_loop loop = {.service = &service};
    int answers = 0;
    (void)state;
    service_query(&loop, "any", "key", on_answer, &answers);
    assert_int_equal(answers, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_for_a_follower_after_the_reader_has_ended_is_dropped),
        cmocka_unit_test(a_question_after_the_reader_has_ended_is_answered_as_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
