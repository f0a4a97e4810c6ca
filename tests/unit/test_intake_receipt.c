#include "common/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/intake/receipt_page.h"
#include "services/intake/report.h"

#define KEY_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define KEY_B "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

static struct secret_keys *ring(const char *text) {
    char path[] = "/tmp/zhitong-receipt.XXXXXX";
    struct secret_keys *keys = NULL;
    struct reason why;
    int handle = mkstemp(path); /* mode 0600 */
    assert_true(handle >= 0 && write(handle, text, strlen(text)) == (ssize_t)strlen(text));
    close(handle);
    assert_int_equal(secret_keys_open(&keys, path, &why), 0);
    unlink(path);
    return keys;
}

/* ---- codes --------------------------------------------------------------------------------------------------------------- */

static void a_code_fits_its_case_and_no_other(void **state) {
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    char text[RECEIPT_TEXT_SIZE], code[RECEIPT_CHARACTERS + 1];
    struct reason why;
    (void)state;
    for (uint64_t id = 1; id < 5000; id += 7) {
        receipt_print(keys, id, text);
        assert_int_equal(strlen(text), RECEIPT_TEXT_SIZE - 1);
        assert_int_equal(receipt_read(text, code, &why), 0);
        assert_true(receipt_fits(keys, id, code));
        assert_false(receipt_fits(keys, id + 1, code));
        assert_false(receipt_fits(keys, id + 128, code));
    }
    secret_keys_close(&keys);
}

static void each_wrong_character_shows_before_it_is_a_try(void **state) {
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    char text[RECEIPT_TEXT_SIZE], code[RECEIPT_CHARACTERS + 1], typed[RECEIPT_CHARACTERS + 1];
    struct reason why;
    int swapped = 0, seen = 0;
    (void)state;
    receipt_print(keys, 77, text);
    assert_int_equal(receipt_read(text, code, &why), 0);
    for (int at = 0; at < RECEIPT_CHARACTERS; at++)
        for (const char *digit = digits; *digit != '\0'; digit++) {
            memcpy(typed, code, sizeof typed);
            typed[at] = *digit;
            char read[RECEIPT_CHARACTERS + 1];
            if ((receipt_read(typed, read, &why) == 0) != (*digit == code[at]))
                fail_msg("%s for %s", typed, code);
        }
    for (uint64_t id = 1; id < 200; id++) {
        receipt_print(keys, id, text);
        assert_int_equal(receipt_read(text, code, &why), 0);
        for (int at = 0; at + 1 < RECEIPT_CHARACTERS; at++) {
            char read[RECEIPT_CHARACTERS + 1];
            memcpy(typed, code, sizeof typed);
            typed[at] = code[at + 1];
            typed[at + 1] = code[at];
            swapped += typed[at] != code[at];
            seen += typed[at] != code[at] && receipt_read(typed, read, &why) != 0;
        }
    }
    assert_true(seen * 100 >= swapped * 97);
    secret_keys_close(&keys);
}

static void a_code_is_read_as_people_type_it(void **state) {
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    static const char *const refused[] = {"",    "0000-0000-0000",   "0000-0000-0000-00", "UUUU-UUUU-UUUU-U",
                                          "*",   "0000_0000_0000_0", "００００",          "0000-0000-0000-0\n",
                                          "\xff"};
    char text[RECEIPT_TEXT_SIZE], code[RECEIPT_CHARACTERS + 1], spoken[40], read[RECEIPT_CHARACTERS + 1];
    struct reason why;
    (void)state;
    for (uint64_t id = 1; id < 500; id++) {
        size_t size = 0;
        receipt_print(keys, id, text);
        assert_int_equal(receipt_read(text, code, &why), 0);
        for (const char *at = text; *at != '\0'; at++) {
            spoken[size++] = *at == '0' ? 'o' : *at == '1' ? (id % 2 ? 'l' : 'I') : *at >= 'A' ? (char)(*at + 32) : *at;
            if (*at == '-')
                spoken[size - 1] = ' ';
        }
        spoken[size] = '\0';
        assert_int_equal(receipt_read(spoken, read, &why), 0);
        assert_string_equal(read, code);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (receipt_read(refused[i], read, &why) != -1 || strcmp(why.field, "receipt") != 0)
            fail_msg("line %zu", i);
    secret_keys_close(&keys);
}

static void a_code_holds_as_long_as_its_key_is_in_the_ring(void **state) {
    struct secret_keys *keys = ring("1 " KEY_A "\n");
    char text[RECEIPT_TEXT_SIZE], code[RECEIPT_CHARACTERS + 1], newer[RECEIPT_TEXT_SIZE];
    struct reason why;
    (void)state;
    receipt_print(keys, 77, text);
    assert_int_equal(receipt_read(text, code, &why), 0);
    secret_keys_close(&keys);
    keys = ring("2 " KEY_B "\n1 " KEY_A "\n");
    assert_true(receipt_fits(keys, 77, code));
    receipt_print(keys, 77, newer);
    assert_string_not_equal(newer, text);
    secret_keys_close(&keys);
    keys = ring("2 " KEY_B "\n");
    assert_false(receipt_fits(keys, 77, code));
    secret_keys_close(&keys);
}

static void a_repeated_answer_tells_the_receipt_only_where_nobody_can_have_guessed_the_key(void **state) {
    static const struct {
        const char *client, *key;
        bool repeated, tells;
    } cases[] = {{"http", "1", false, true},
                 {"http", "1", true, false},
                 {"http", "123456789012345", true, false},
                 {"http", "1234567890123456", true, true},
                 {"hotline", "1", true, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct submit submit = {0};
        strcpy(submit.key, cases[i].key);
        if (report_tells_receipt(cases[i].client, &submit, cases[i].repeated) != cases[i].tells)
            fail_msg("line %zu", i);
    }
}

/* ---- what is shown ----------------------------------------------------------------------------------------------------------- */

static void each_move_of_the_table_is_shown_or_hidden_on_purpose(void **state) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    (void)state;
    for (size_t i = 0; i < count; i++)
        if (!receipt_knows(moves[i].name))
            fail_msg("%s stands in case_life.def and not among the shown moves", moves[i].name);
    assert_false(receipt_knows("bless"));
}

static void a_reporter_sees_what_concerns_him_and_no_word_meant_for_staff(void **state) {
    static const struct {
        const char *move, *from, *actor;
        uint64_t case_id;
        bool seen, note, spoken, plan;
    } cases[] = {
        {"ask", "reported", "hall", 7, true, true, false, false},
        {"ask", "reported", "hall", 8, false, false, false, false},
        {"answer", "needs_info", "reporter 7", 7, true, true, false, false},
        {"answer", "needs_info", "reporter 8", 8, false, false, false, false},
        {"note", "handling", "mill", 7, false, false, false, false},
        {"note", "handling", "reporter 7", 7, true, true, false, false},
        {"note", "handling", "reporter 8", 7, false, false, false, false},
        {"note", "handling", "reporter 7", 8, true, true, false, false},
        {"note", "handling", "reporter 77", 7, false, false, false, false},
        {"contact", "handling", "mill", 7, true, false, false, false},
        {"progress", "handling", "mill", 7, true, true, false, false},
        {"progress", "handling", "mill", 8, true, true, false, false},
        {"sign", "dispatched", "mill", 7, true, false, false, true},
        {"claim_done", "handling", "mill", 7, true, false, true, false},
        {"claim_done", "handling", "mill", 8, true, false, false, false},
        {"return", "dispatched", "mill", 7, false, false, false, false},
        {"instruct", "handling", "mayor", 7, false, false, false, false},
        {"satisfied", "callback", "caller", 7, true, false, false, false},
        {"unheard_of", "handling", "mill", 7, false, false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct case_moved *moved = calloc(1, sizeof *moved);
        moved->case_id = cases[i].case_id;
        strcpy(moved->move, cases[i].move);
        strcpy(moved->from, cases[i].from);
        strcpy(moved->state, "handling");
        strcpy(moved->actor, cases[i].actor);
        strcpy(moved->note, "words");
        strcpy(moved->plan, "words");
        strcpy(moved->reply_spoken, "words");
        json_t *json = receipt_entry(moved, 7);
        if ((json != NULL) != cases[i].seen || (json_object_get(json, "note") != NULL) != cases[i].note ||
            (json_object_get(json, "reply_spoken") != NULL) != cases[i].spoken ||
            (json_object_get(json, "plan") != NULL) != cases[i].plan || json_object_get(json, "actor") != NULL)
            fail_msg("line %zu", i);
        json_decref(json);
        free(moved);
    }
}

static void an_action_becomes_the_move_that_the_state_allows(void **state) {
    static const struct {
        const char *action;
        enum case_state from;
        uint64_t rating;
        const char *move; /* NULL: none */
    } cases[] = {
        {"supplement", CASE_needs_info, 0, "answer"},
        {"supplement", CASE_handling, 0, "note"},
        {"supplement", CASE_closed, 0, NULL},
        {"supplement", CASE_merged, 0, NULL},
        {"rate", CASE_callback, 3, "satisfied"},
        {"rate", CASE_callback, 2, "dissatisfied"},
        {"rate", CASE_handling, 5, NULL},
        {"reopen", CASE_closed, 0, "reopen"},
        {"reopen", CASE_archived, 0, NULL},
        {"withdraw", CASE_reported, 0, "withdraw"},
        {"withdraw", CASE_dispatched, 0, NULL},
        {"appeal", CASE_declined, 0, "appeal"},
        {"appeal", CASE_closed, 0, NULL},
        {"urge", CASE_dispatched, 0, "urge"},
        {"urge", CASE_archived, 0, NULL},
    };
    size_t count;
    const struct receipt_action *actions = receipt_actions(&count);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct receipt_action *action = actions;
        while (strcmp(action->name, cases[i].action) != 0)
            action++;
        const char *move = receipt_move(action, cases[i].from, cases[i].rating);
        if ((move != NULL) != (cases[i].move != NULL) || (move != NULL && strcmp(move, cases[i].move) != 0))
            fail_msg("line %zu: %s", i, move != NULL ? move : "none");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_fits_its_case_and_no_other),
        cmocka_unit_test(each_wrong_character_shows_before_it_is_a_try),
        cmocka_unit_test(a_code_is_read_as_people_type_it),
        cmocka_unit_test(a_code_holds_as_long_as_its_key_is_in_the_ring),
        cmocka_unit_test(a_repeated_answer_tells_the_receipt_only_where_nobody_can_have_guessed_the_key),
        cmocka_unit_test(each_move_of_the_table_is_shown_or_hidden_on_purpose),
        cmocka_unit_test(a_reporter_sees_what_concerns_him_and_no_word_meant_for_staff),
        cmocka_unit_test(an_action_becomes_the_move_that_the_state_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
