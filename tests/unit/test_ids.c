#include "common/ids.h"

#include "common/incarnation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void the_low_seven_bits_of_a_case_id_are_its_shard(void **state) {
    static const struct {
        uint16_t shard;
        uint64_t incarnation, seq, id;
    } cases[] = {
        {0, 0, 1, 128},
        {1, 0, 1, 129},
        {127, 0, 1, 255},
        {127, 0, 0, 127},
        {5, 0, 7812500, 1000000005}, /* readable in a log: 10^9 and the shard */
        {127, 0, INCARNATION_CASES_MAX - 1, 12799999999},
        {127, 2, 1, 25600000255}, /* restored: behind all of those */
        {127, INCARNATION_MAX, INCARNATION_CASES_MAX - 1, UINT64_C(115212799999999)}, /* 18 digits at most */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(case_id_of(cases[i].incarnation, cases[i].shard, cases[i].seq) == cases[i].id);
        assert_int_equal(case_shard(cases[i].id), cases[i].shard);
        assert_int_equal(case_shard(cases[i].id), cases[i].id & 0x7f);
        assert_int_equal(case_seq(cases[i].id), cases[i].seq);
    }
}

static void no_two_shards_or_seqs_share_an_id(void **state) {
    (void)state;
    uint64_t before = case_id_of(0, SHARD_COUNT - 1, 0);
    for (uint64_t seq = 1; seq < 100; seq++) {
        for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
            uint64_t id = case_id_of(0, shard, seq);
            assert_int_equal(id, before + 1); /* dense: all ids of a seq lie side by side */
            assert_int_equal(case_shard(id), shard);
            before = id;
        }
    }
}

static void an_id_is_written_in_one_to_eighteen_digits(void **state) {
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"1", true},
                 {"000000000000000001", true},
                 {"999999999999999999", true},
                 {"", false},
                 {" 1", false},
                 {"-1", false},
                 {"1x", false},
                 {"1000000000000000000", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(is_id(cases[i].text), cases[i].good);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_low_seven_bits_of_a_case_id_are_its_shard),
        cmocka_unit_test(an_id_is_written_in_one_to_eighteen_digits),
        cmocka_unit_test(no_two_shards_or_seqs_share_an_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
