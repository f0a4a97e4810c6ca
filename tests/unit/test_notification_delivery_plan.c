#include "services/notification/delivery_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NOW INT64_C(1795637583000)
#define HOUR INT64_C(3600000)

static void the_waits_are_those_of_the_schedule_and_a_fifth_more_at_most(void **state) {
    static const int64_t seconds[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    const struct verdict again = {.kind = VERDICT_AGAIN};
    (void)state;
    for (int attempts = 1; attempts <= ATTEMPTS_MAX; attempts++) {
        int64_t least = INT64_MAX, most = -1;
        for (uint64_t seq = 1; seq < 500; seq++) {
            const struct delivery_facts facts = {
                .verdict = &again, .attempts = attempts, .endpoint = 7, .seq = seq, .scale_percent = 100};
            int64_t wait = delivery_wait_ms(&facts);
            assert_int_equal(wait, delivery_wait_ms(&facts)); /* the same whoever asks again */
            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
        }
        if (attempts == ATTEMPTS_MAX) {
            assert_int_equal(most, -1);
            continue;
        }
        int64_t planned = seconds[attempts - 1] * 1000;
        assert_true(least >= planned && most < planned * 12 / 10);
        assert_true(most - least > planned / 10); /* they do not all come at once */
    }
}

static void an_answer_may_ask_for_more_time_and_a_test_for_less(void **state) {
    static const struct {
        int64_t asked;
        int percent;
        int64_t least, most;
    } examples[] = {{0, 100, 5000, 6000},
                    {2000, 100, 5000, 6000},
                    {60000, 100, 60000, 60000},
                    {INT64_MAX, 100, RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MAX},
                    {0, 1, 50, 60},
                    {2000, 1, 2000, 2000}};
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        const struct verdict verdict = {VERDICT_AGAIN, examples[i].asked};
        const struct delivery_facts facts = {
            .verdict = &verdict, .attempts = 1, .scale_percent = examples[i].percent, .now = NOW, .since = NOW};
        struct delivery_after after;
        delivery_decide(&facts, &after);
        assert_int_equal(after.state, DELIVERY_RETRY);
        assert_in_range(after.next_at - NOW, examples[i].least, examples[i].most);
        assert_int_equal(after.pause_ms,
                         examples[i].asked < RETRY_AFTER_MS_MAX ? examples[i].asked : RETRY_AFTER_MS_MAX);
        assert_false(after.disable);
    }
}

static void what_comes_of_an_attempt(void **state) {
    static const struct {
        enum verdict_kind verdict;
        int attempts;
        int64_t succeeded_at;
        enum delivery_state after;
        bool disable;
    } examples[] = {
        {VERDICT_SENT, 1, 0, DELIVERY_SENT, false},
        {VERDICT_SENT, 10, 0, DELIVERY_SENT, false},
        {VERDICT_AGAIN, 1, 0, DELIVERY_RETRY, false},
        {VERDICT_AGAIN, 9, 0, DELIVERY_RETRY, false},
        {VERDICT_AGAIN, 10, 0, DELIVERY_DEAD, true},               /* nothing ever was taken */
        {VERDICT_AGAIN, 10, NOW - 76 * HOUR, DELIVERY_DEAD, true}, /* nothing since the first attempt */
        {VERDICT_AGAIN, 10, NOW - 1, DELIVERY_DEAD, false},        /* others are taken: only this one is bad */
        {VERDICT_DEAD, 1, 0, DELIVERY_DEAD, false},
        {VERDICT_DISABLE, 1, NOW - 1, DELIVERY_RETRY, true}, /* it waits for whoever enables it again */
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        const struct verdict verdict = {.kind = examples[i].verdict};
        const struct delivery_facts facts = {.verdict = &verdict,
                                             .now = NOW,
                                             .since = NOW - 75 * HOUR,
                                             .succeeded_at = examples[i].succeeded_at,
                                             .attempts = examples[i].attempts,
                                             .scale_percent = 100};
        struct delivery_after after;
        delivery_decide(&facts, &after);
        if (after.state != examples[i].after || after.disable != examples[i].disable)
            fail_msg("example %zu: state %d, disable %d", i, (int)after.state, after.disable);
    }
}

static void endpoints_share_slots_with_their_like(void **state) {
    static const struct {
        struct endpoint_health health;
        enum delivery_pool pool;
        uint32_t window; /* of 16 */
    } examples[] = {
        {{0, 0, 0, 0}, POOL_NEW, 4},       {{0, NOW, 5, 0}, POOL_PROVEN, 16},
        {{1, NOW, 5, 0}, POOL_PROVEN, 16}, {{2, NOW, 5, 0}, POOL_PROVEN, 16},
        {{3, NOW, 5, 0}, POOL_SLOW, 1},    {{1, 0, 5, 0}, POOL_SLOW, 1},
        {{900, 0, 0, 0}, POOL_SLOW, 1},    {{0, NOW, 2001, 0}, POOL_SLOW, 2},
        {{0, NOW, 5, 2001}, POOL_SLOW, 2}, {{0, NOW, 2000, 2000}, POOL_PROVEN, 16},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        assert_int_equal(endpoint_pool(&examples[i].health), examples[i].pool);
        assert_int_equal(endpoint_window(&examples[i].health, 16), examples[i].window);
        assert_int_equal(endpoint_window(&examples[i].health, 1), 1);
    }
}

static void probes_of_a_failing_endpoint_come_ever_more_seldom(void **state) {
    static const struct {
        uint32_t failures;
        int percent;
        int64_t pause;
    } examples[] = {{0, 100, 0},
                    {2, 100, 0},
                    {3, 100, 5000},
                    {4, 100, 10000},
                    {8, 100, 160000},
                    {9, 100, 300000},
                    {UINT32_MAX, 100, 300000},
                    {3, 1, 50}};
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++)
        assert_int_equal(circuit_pause_ms(examples[i].failures, examples[i].percent), examples[i].pause);
}

static void an_average_follows_what_is_measured(void **state) {
    int64_t average = 0;
    (void)state;
    for (int i = 0; i < 100; i++)
        average = average_after(average, 10000);
    assert_int_equal(average, 10000);
    for (int i = 0; i < 100; i++)
        average = average_after(average, 1);
    assert_in_range(average, 1, 10);
    assert_int_equal(average_after(0, 0), 1); /* 0 means: not known */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_waits_are_those_of_the_schedule_and_a_fifth_more_at_most),
        cmocka_unit_test(an_answer_may_ask_for_more_time_and_a_test_for_less),
        cmocka_unit_test(what_comes_of_an_attempt),
        cmocka_unit_test(endpoints_share_slots_with_their_like),
        cmocka_unit_test(probes_of_a_failing_endpoint_come_ever_more_seldom),
        cmocka_unit_test(an_average_follows_what_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
