/* Every pair of state and command: made, with what it changes, or refused, with the reason. */
#include "services/routing/case_decide.h"

#include "tests/unit/case_harness.h"

#define STATES CASE_STATE_COUNT

/* What staff and reporters may do, written out once more: a line that case_life.def loses or gains shows here. The clock says what
 * becomes of the due instant: k stays, n another one, 0 none. */
static const struct {
    enum case_state from;
    const char *move;
    enum case_state to;
    char due;
} pairs[] = {
    {CASE_reported, "accept", CASE_accepted, 'n'},
    {CASE_reported, "ask", CASE_needs_info, 'n'},
    {CASE_reported, "decline", CASE_declined, '0'},
    {CASE_reported, "withdraw", CASE_closed, '0'},
    {CASE_reported, "merge", CASE_merged, '0'},
    {CASE_needs_info, "answer", CASE_reported, 'n'},
    {CASE_needs_info, "withdraw", CASE_closed, '0'},
    {CASE_declined, "appeal", CASE_reported, 'n'},
    {CASE_merged, "unmerge", CASE_accepted, 'n'},
    {CASE_accepted, "withdraw", CASE_closed, '0'},
    {CASE_accepted, "merge", CASE_merged, '0'},
    {CASE_accepted, "solve", CASE_claimed_done, 'n'},
    {CASE_accepted, "dispatch", CASE_dispatched, 'n'},
    {CASE_dispatched, "sign", CASE_handling, 'k'},
    {CASE_dispatched, "return", CASE_accepted, 'k'},
    {CASE_dispatched, "pass_up", CASE_dispatched, 'n'},
    {CASE_dispatched, "whistle", CASE_dispatched, 'k'},
    {CASE_dispatched, "transfer", CASE_dispatched, 'k'},
    {CASE_handling, "pass_up", CASE_dispatched, 'n'},
    {CASE_handling, "contact", CASE_handling, 'k'},
    {CASE_handling, "progress", CASE_handling, 'k'},
    {CASE_handling, "plan", CASE_handling, 'k'},
    {CASE_handling, "whistle", CASE_handling, 'k'},
    {CASE_handling, "transfer", CASE_dispatched, 'k'},
    {CASE_handling, "ask_extension", CASE_handling, 'k'},
    {CASE_handling, "suspend", CASE_suspended, 'n'},
    {CASE_handling, "claim_done", CASE_claimed_done, 'n'},
    {CASE_suspended, "resume", CASE_handling, 'n'},
    {CASE_claimed_done, "verify", CASE_callback, 'n'},
    {CASE_claimed_done, "reject", CASE_handling, 'n'},
    {CASE_callback, "attempt", CASE_callback, 'n'},
    {CASE_callback, "satisfied", CASE_closed, '0'},
    {CASE_callback, "dissatisfied", CASE_handling, 'n'},
    {CASE_closed, "reopen", CASE_accepted, 'n'},
};

/* Legal, but the case must have come there in another way; each has a test of its own (test_routing_guards.c). */
static const struct {
    enum case_state from;
    const char *move, *field;
} held_back[] = {
    {CASE_accepted, "designate", "move"},        {CASE_dispatched, "arrive", "actor_unit"},
    {CASE_dispatched, "finish", "actor_unit"},   {CASE_handling, "arrive", "actor_unit"},
    {CASE_handling, "finish", "actor_unit"},     {CASE_handling, "grant_extension", "move"},
    {CASE_handling, "refuse_extension", "move"},
};

static const char *const notes[] = {"urge", "press", "instruct", "list", "attach", "note"};

/* Brings a case into a state by legal moves only, on Wednesday between ten and half past. */
static void bring(struct trial *trial, enum case_state state) {
    static const char *const ways[STATES][8] = {
        [CASE_needs_info] = {"ask"},
        [CASE_declined] = {"decline"},
        [CASE_merged] = {"merge"},
        [CASE_accepted] = {"accept"},
        [CASE_dispatched] = {"accept", "dispatch"},
        [CASE_handling] = {"accept", "dispatch", "sign"},
        [CASE_suspended] = {"accept", "dispatch", "sign", "suspend"},
        [CASE_claimed_done] = {"accept", "dispatch", "sign", "claim_done"},
        [CASE_callback] = {"accept", "dispatch", "sign", "claim_done", "verify"},
        [CASE_closed] = {"accept", "dispatch", "sign", "claim_done", "verify", "satisfied"},
        [CASE_archived] = {"decline"},
    };
    open_trial(trial, "hotline", "noise", "v");
    trial->has_parent = true;
    trial->parent = trial->file;
    trial->parent.case_id = 777;
    trial->parent.opened_at -= MINUTE_MS;
    for (int i = 0; i < 8 && ways[state][i] != NULL; i++) {
        struct command command = command_of(trial, ways[state][i]);
        if (strcmp(ways[state][i], "dispatch") == 0)
            strcpy(command.unit, "v-desk");
        if (strcmp(ways[state][i], "verify") == 0)
            strcpy(command.actor, "zhao");
        if (command_case(trial, &command, june(4, 10, 5 * i)) != 0)
            fail_msg("%s: %s: %s", ways[state][i], trial->why.field, trial->why.text);
    }
    if (state == CASE_archived)
        pass_until(trial, "archive");
    assert_int_equal(trial->file.state, state);
}

static int pair_of(enum case_state from, const char *move) {
    for (size_t i = 0; i < LENGTH(pairs); i++)
        if (pairs[i].from == from && strcmp(pairs[i].move, move) == 0)
            return (int)i;
    return -1;
}

static bool is_note(const char *move) {
    for (size_t i = 0; i < LENGTH(notes); i++)
        if (strcmp(notes[i], move) == 0)
            return true;
    return false;
}

static const char *held_back_field(enum case_state from, const char *move) {
    for (size_t i = 0; i < LENGTH(held_back); i++)
        if (held_back[i].from == from && strcmp(held_back[i].move, move) == 0)
            return held_back[i].field;
    return NULL;
}

static void check_refused(struct trial *trial, const struct command *command, const char *field) {
    struct case_file before = trial->file;
    assert_int_equal(command_case(trial, command, june(4, 10, 30)), -1);
    if (strcmp(trial->why.field, field) != 0)
        fail_msg("%s from %s: refused with %s, not %s: %s", command->move, case_state_spec(before.state)->name,
                 trial->why.field, field, trial->why.text);
    assert_true(strlen(trial->why.text) > 10);
    assert_memory_equal(&trial->file, &before, sizeof before);
}

static void check_made(struct trial *trial, struct command *command, enum case_state to, char due) {
    struct case_file before = trial->file;
    if (strcmp(command->move, "press") == 0)
        command->until_at = june(4, 10, 45);
    if (before.state == CASE_claimed_done)
        strcpy(command->actor, "zhao"); /* somebody else */
    if (command_case(trial, command, june(4, 10, 30)) != 0)
        fail_msg("%s from %s: %s: %s", command->move, case_state_spec(before.state)->name, trial->why.field,
                 trial->why.text);
    const struct case_file *file = &trial->file;
    assert_int_equal(file->state, to);
    assert_int_equal(file->version, before.version + 1);
    assert_true(file->tier >= before.tier);
    if (due == 'k' && file->due_at != before.due_at)
        fail_msg("%s from %s moves the due instant", command->move, case_state_spec(before.state)->name);
    if (due == 'n' && (file->due_at == 0 || file->due_at == before.due_at))
        fail_msg("%s from %s leaves the due instant", command->move, case_state_spec(before.state)->name);
    if (due == '0')
        assert_int_equal(file->due_at, 0);
    assert_int_equal(case_state_spec(to)->open, file->due_at != 0);
    if (case_state_spec(to)->open)
        assert_true(file->next_at > june(4, 10, 30) - DAY_MS && file->unit[0] != '\0');
    assert_int_equal(trial->moved.due_before, file->due_at != before.due_at ? before.due_at : 0);
    assert_string_equal(trial->moved.move, command->move);
    assert_string_equal(trial->moved.from, case_state_spec(before.state)->name);
    assert_string_equal(trial->moved.state, case_state_spec(to)->name);
    assert_string_equal(trial->moved.actor, command->actor);
    assert_string_equal(trial->moved.role, command->role);
    assert_string_equal(trial->moved.note, "seen");
    assert_int_equal(trial->moved.next_at, file->next_at);
    assert_int_equal(message_check(MESSAGE_case_moved, &trial->moved, &trial->why), 0);
}

static void every_pair_of_state_and_move_is_made_or_refused(void **state) {
    size_t count, made = 0, noted = 0, held = 0;
    const struct move_spec *moves = case_moves(&count);
    for (int from = CASE_none + 1; from < STATES; from++) {
        for (size_t i = 0; i < count; i++) {
            if (i > 0 && strcmp(moves[i - 1].name, moves[i].name) == 0)
                continue; /* the same name again */
            struct trial trial = {0};
            bring(&trial, (enum case_state)from);
            struct command command = command_of(&trial, moves[i].name);
            int pair = pair_of((enum case_state)from, moves[i].name);
            const char *field = held_back_field((enum case_state)from, moves[i].name);
            bool open = case_state_spec((enum case_state)from)->open;
            if (pair >= 0)
                check_made(&trial, &command, pairs[pair].to, pairs[pair].due);
            else if (is_note(moves[i].name) && open)
                check_made(&trial, &command, (enum case_state)from, '?');
            else if (field != NULL)
                check_refused(&trial, &command, field);
            else if (case_move(moves[i].name, (enum case_state)from) == NULL)
                check_refused(&trial, &command, "move");
            else
                check_refused(&trial, &command, "role"); /* a deadline's, a calendar's */
            made += pair >= 0;
            noted += is_note(moves[i].name) && open;
            held += field != NULL;
            city_close(&trial.city);
        }
    }
    assert_int_equal(made, LENGTH(pairs));
    assert_int_equal(noted, LENGTH(notes) * 8);
    assert_int_equal(held, LENGTH(held_back));
    (void)state;
}

static void a_move_that_does_not_exist_is_refused(void **state) {
    struct trial trial = {0};
    open_trial(&trial, "hotline", "noise", "v");
    check_refused(&trial, &(struct command){.move = "vanish", .actor = "li.wei", .role = "dispatcher"}, "move");
    check_refused(&trial, &(struct command){.move = "", .actor = "li.wei", .role = "dispatcher"}, "move");
    city_close(&trial.city);
    (void)state;
}

static void a_command_for_another_version_is_refused(void **state) {
    static const struct {
        uint64_t version;
        int status;
    } cases[] = {{0, 0}, {1, 0}, {2, -1}, {UINT64_C(1) << 32 | 1, -1}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        open_trial(&trial, "sensor", "noise", "v");
        struct command command = command_of(&trial, "sign");
        command.version = cases[i].version;
        if (cases[i].status != 0)
            check_refused(&trial, &command, "version");
        else
            assert_int_equal(command_case(&trial, &command, june(4, 11, 0)), 0);
        city_close(&trial.city);
    }
    (void)state;
}

/* Takes away one thing that a move needs after the other. */
static void what_a_move_needs_and_does_not_get_is_named(void **state) {
    static const struct {
        enum case_state from;
        const char *move, *field;
        size_t offset;
    } cases[] = {
        {CASE_reported, "ask", "note", offsetof(struct command, note)},
        {CASE_reported, "decline", "reason", offsetof(struct command, reason)},
        {CASE_reported, "merge", "parent", offsetof(struct command, parent)},
        {CASE_accepted, "solve", "evidence", offsetof(struct command, evidence)},
        {CASE_dispatched, "sign", "plan", offsetof(struct command, plan)},
        {CASE_dispatched, "return", "unit", offsetof(struct command, unit)},
        {CASE_dispatched, "whistle", "parties", offsetof(struct command, parties)},
        {CASE_handling, "ask_extension", "days", offsetof(struct command, days)},
        {CASE_handling, "suspend", "until_at", offsetof(struct command, until_at)},
        {CASE_handling, "claim_done", "reply_accepted", offsetof(struct command, reply_accepted)},
        {CASE_handling, "claim_done", "reply_spoken", offsetof(struct command, reply_spoken)},
        {CASE_handling, "claim_done", "reply_done", offsetof(struct command, reply_done)},
        {CASE_handling, "claim_done", "reply_by", offsetof(struct command, reply_by)},
        {CASE_callback, "satisfied", "rating", offsetof(struct command, rating)},
        {CASE_handling, "attach", "file", offsetof(struct command, file)},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        bring(&trial, cases[i].from);
        struct command command = command_of(&trial, cases[i].move);
        memset((char *)&command + cases[i].offset, 0, 8);
        check_refused(&trial, &command, cases[i].field);
        city_close(&trial.city);
    }
    (void)state;
}

static void who_may_not_is_refused(void **state) {
    static const struct {
        enum case_state from;
        const char *move, *role, *unit, *field;
    } cases[] = {
        {CASE_dispatched, "sign", "", "v-desk", "role"},
        {CASE_dispatched, "sign", "king", "v-desk", "role"},
        {CASE_dispatched, "sign", "auditor", "v-desk", "role"},
        {CASE_dispatched, "sign", "department_lead", "c-water", "actor_unit"},
        {CASE_dispatched, "sign", "department_lead", "", "actor_unit"},
        {CASE_reported, "accept", "dispatcher", "queue-none", "actor_unit"},
        {CASE_handling, "suspend", "township_desk", "v-desk", "actor_unit"}, /* not above itself */
        {CASE_handling, "grant_extension", "department_lead", "v-desk", "role"},
        {CASE_handling, "urge", "dispatcher", "", "actor_unit"},
        {CASE_claimed_done, "verify", "verifier", "s-centre", "actor"}, /* li.wei said so himself */
        {CASE_callback, "satisfied", "department_lead", "v-desk", "role"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct trial trial = {0};
        bring(&trial, cases[i].from);
        struct command command = command_of(&trial, cases[i].move);
        strcpy(command.role, cases[i].role);
        strcpy(command.actor_unit, cases[i].unit);
        check_refused(&trial, &command, cases[i].field);
        city_close(&trial.city);
    }
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_pair_of_state_and_move_is_made_or_refused, make_full_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_move_that_does_not_exist_is_refused, make_full_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_command_for_another_version_is_refused, make_full_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_a_move_needs_and_does_not_get_is_named, make_full_folder, remove_folder),
        cmocka_unit_test_setup_teardown(who_may_not_is_refused, make_full_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
