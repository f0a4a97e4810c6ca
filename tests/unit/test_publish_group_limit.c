/* How many groups share a stream. */
#include "tests/unit/publish_events.h"

static void load_no_mark(void *context, const char *stream, const char *group) {
    (void)context, (void)stream, (void)group;
}

static void a_stream_has_so_many_groups_and_no_more(void **state) {
    struct stage stage;
    struct ear *ears[GROUPS_PER_STREAM_MAX + 2] = {NULL};
    uint64_t refusals = 0;
    (void)state;
    open_stage(&stage, 30);
    stage.owner.publisher->options.load_mark = load_no_mark;
    for (int i = 0; i <= GROUPS_PER_STREAM_MAX; i++) {
        struct follow follow = {.from = 1, .credit = 10};
        snprintf(follow.group, sizeof follow.group, "g%d", i);
        ears[i] = ear_open(&stage);
        ear_follow(ears[i], follow);
    }
    for (int turn = 0; turn < 500 && refusals == 0; turn++) {
        converse(ears, 20, NULL, 0);
        for (int i = 0; i <= GROUPS_PER_STREAM_MAX; i++)
            refusals += ears[i]->refusals;
    }
    assert_int_equal(refusals, 1); /* of whoever came last */
    for (int i = 0; i <= GROUPS_PER_STREAM_MAX; i++) {
        if (ears[i]->refusals > 0)
            assert_string_equal(ears[i]->refused.field, "group");
        ear_close(ears[i]);
    }
    close_stage(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_stream_has_so_many_groups_and_no_more)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
