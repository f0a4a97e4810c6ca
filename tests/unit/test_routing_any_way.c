/* Whatever people do and however long they do nothing: a property of all ways through a life. */
#include "services/routing/case_decide.h"

#include "tests/unit/case_harness.h"

/* ---- any way at all ---------------------------------------------------------------------------------------------------------------- */

/* A generator that gives the same for a seed on every machine (Marsaglia, xorshift64). */
static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Whatever clocks and tasks there are: what the row keeps of them is what they were. */
static void check_kept(struct case_file file) {
    struct case_file back = file;
    struct bytes row = {0};
    struct reason why;
    case_kept_write(&file);
    size_t size = message_encode(MESSAGE_case_kept, &file.kept, &row);
    memset(back.clocks, 0, sizeof back.clocks);
    memset(back.tasks, 0, sizeof back.tasks);
    if (message_decode(MESSAGE_case_kept, row.data, size, &back.kept, &why) != 0 || case_kept_read(&back, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    assert_memory_equal(back.clocks, file.clocks, sizeof file.clocks);
    assert_int_equal(back.task_count, file.task_count);
    assert_memory_equal(back.tasks, file.tasks, file.task_count * sizeof *file.tasks);
    bytes_close(&row);
}

static void check_stands(const struct trial *trial, const struct case_file *before) {
    const struct case_file *file = &trial->file;
    bool open = case_state_spec(file->state)->open;
    assert_true(file->tier >= before->tier && file->tier <= TIER_MAX);
    assert_true(file->unit[0] != '\0');
    assert_int_equal(open, file->due_at != 0);
    assert_true(!open || file->next_at != 0);
    assert_true(file->state != CASE_handling || file->plan[0] != '\0');
    assert_true(file->state != CASE_merged || file->parent != 0);
    check_kept(*file);
    assert_int_equal(message_check(MESSAGE_case_moved, &trial->moved, NULL), 0);
    if (file->due_at != before->due_at)
        assert_int_equal(trial->moved.due_before, before->due_at);
}

/* Random people and clocks for a while; then nobody does anything and the clocks alone must bring the case to rest: on the
 * supervision list, or in the archive. */
static void whatever_happens_an_open_case_has_a_unit_a_due_and_a_next_instant(void **state) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (uint64_t run = 1; run <= 400; run++) {
        uint64_t seed = run * UINT64_C(0x9E3779B97F4A7C15);
        struct trial trial = {0};
        open_trial(&trial, run % 2 ? "hotline" : "sensor", "noise", run % 3 ? "v" : "w");
        int64_t now = june(4, 10, 0);
        for (int turn = 0; turn < 40; turn++) {
            struct case_file before = trial.file;
            now += (int64_t)(next_random(&seed) % 600) * MINUTE_MS;
            while (trial.file.next_at != 0 && trial.file.next_at <= now) {
                before = trial.file;
                int64_t at = trial.file.next_at;
                if (pass_deadline_at(&trial, at) != 1)
                    fail_msg("run %d: %s: %s", (int)run, trial.why.field, trial.why.text);
                check_stands(&trial, &before);
                /* Clocks that did not count in the state before may have something to say at once. */
                if (trial.file.next_at != 0 && trial.file.next_at <= at && trial.file.state == before.state)
                    fail_msg("run %d: %s %s at %lld, next %lld", (int)run, trial.moved.move, trial.moved.clock,
                             (long long)at, (long long)trial.file.next_at);
            }
            before = trial.file;
            struct command command = command_of(&trial, moves[next_random(&seed) % count].name);
            command.until_at = now + (int64_t)(next_random(&seed) % 20) * DAY_MS;
            snprintf(command.actor, sizeof command.actor, "person %d", (int)(next_random(&seed) % 3));
            if (command_case(&trial, &command, now) == 0)
                check_stands(&trial, &before);
            else
                assert_memory_equal(&trial.file, &before, sizeof before);
        }
        city_close(&trial.city);
    }
    (void)state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_full_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(whatever_happens_an_open_case_has_a_unit_a_due_and_a_next_instant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
