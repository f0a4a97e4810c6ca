#include "services/desk/list_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct given { /* name, value, …, NULL */
    const char *const *words;
};

static const char *parameter(void *context, const char *name) {
    const struct given *given = context;
    for (const char *const *word = given->words; *word != NULL; word += 2)
        if (strcmp(word[0], name) == 0)
            return word[1];
    return NULL;
}

static int read(struct list_page *page, const char *const *words, struct reason *why) {
    return list_page_read(page, parameter, &(struct given){words}, why);
}

static void a_cursor_comes_back_as_it_was(void **state) {
    static const struct cursor cursors[] = {{0, 0}, {1795579200123, 129}, {1795579200123, 0}, {0, INT64_MAX}};
    char text[CURSOR_SIZE];
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof cursors / sizeof *cursors; i++) {
        struct cursor cursor = {-1, 1};
        cursor_write(CURSOR_OPENED, &cursors[i], text);
        assert_int_equal(cursor_read(CURSOR_OPENED, text, &cursor, &why), 0);
        assert_true(cursor.at == cursors[i].at && cursor.number == cursors[i].number);
        assert_int_equal(cursor_read(CURSOR_DUE, text, &cursor, &why), -1); /* of another list */
    }
}

static void a_made_up_cursor_is_refused(void **state) {
    /* o1.2x, o+1.2, o-1.2, o01.2, o1, o9e18…, d, and what is no base64url */
    static const char *const texts[] = {"",
                                        "?",
                                        "AAAA",
                                        "bzEuMng",
                                        "bysxLjI",
                                        "by0xLjI",
                                        "bzAxLjI",
                                        "bzE",
                                        "bzEuMg=",
                                        "bzEuMg==",
                                        "bzk5OTk5OTk5OTk5OTk5OTk5OS4x",
                                        "ZA",
                                        "bzEuOTk5OTk5OTk5OTk5OTk5OTk5OTk",
                                        "bzEuMiA"};
    struct cursor cursor;
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (cursor_read(CURSOR_OPENED, texts[i], &cursor, &why) == 0)
            fail_msg("%s was taken", texts[i]);
        assert_string_equal(why.field, "after");
    }
    assert_int_equal(cursor_read(CURSOR_OPENED, "bzEuMg", &cursor, &why), 0); /* o1.2 */
}

static void filters_stand_in_the_order_of_the_query(void **state) {
    const char *const words[] = {"area", "n",         "open",       "no",       "state", "closed", "channel",
                                 "c",    "item",      "i",          "severity", "red",   "tier",   "4",
                                 "unit", "u",         "supervised", "yes",      "limit", "7",      "opened_from",
                                 "1",    "opened_to", "2",          NULL};
    const char *const wanted[LIST_VALUES] = {"n", "no",  "closed", "c", "i", "red", "4",
                                             "u", "yes", NULL,     "1", "2", NULL,  "8"};
    struct list_page page;
    struct reason why;
    (void)state;
    assert_int_equal(read(&page, words, &why), 0);
    assert_int_equal(page.limit, 7);
    for (int i = 0; i < LIST_VALUES; i++)
        if (wanted[i] == NULL)
            assert_null(page.values[i]);
        else
            assert_string_equal(page.values[i], wanted[i]);
}

static void nothing_asked_is_everything(void **state) {
    const char *const words[] = {NULL};
    struct list_page page;
    struct reason why;
    (void)state;
    assert_int_equal(read(&page, words, &why), 0);
    assert_int_equal(page.limit, PAGE_LIMIT);
    for (int i = 0; i < LIST_VALUES - 1; i++)
        assert_null(page.values[i]);
}

static void what_is_overdue_is_open(void **state) {
    const char *const words[] = {"overdue", "yes", NULL};
    struct list_page page;
    struct reason why;
    (void)state;
    assert_int_equal(read(&page, words, &why), 0);
    assert_string_equal(page.values[1], "yes");
}

static void a_page_goes_on_where_the_one_before_ended(void **state) {
    char after[CURSOR_SIZE];
    cursor_write(CURSOR_OPENED, &(struct cursor){500, 129}, after);
    const char *const words[] = {"after", after, "opened_to", "900", NULL};
    struct list_page page;
    struct reason why;
    (void)state;
    assert_int_equal(read(&page, words, &why), 0);
    assert_string_equal(page.values[11], "500");
    assert_string_equal(page.values[12], "129");
    cursor_write(CURSOR_OPENED, &(struct cursor){500, 0}, after); /* where the looking ended, before any case */
    assert_int_equal(read(&page, words, &why), 0);
    assert_string_equal(page.values[11], "500");
    assert_null(page.values[12]);
}

static void what_makes_no_sense_is_refused_by_name(void **state) {
    static const struct {
        const char *name, *value;
    } cases[] = {{"state", "lost"},
                 {"tier", "0"},
                 {"tier", "5"},
                 {"tier", "11"},
                 {"open", "true"},
                 {"severity", ""},
                 {"limit", "0"},
                 {"limit", "201"},
                 {"limit", "-1"},
                 {"limit", "5 "},
                 {"overdue", "no"},
                 {"opened_from", "x"},
                 {"opened_to", "-1"},
                 {"area", ""},
                 {"opened_to", "9999999999999999"},
                 {"supervised", ""},
                 {"channel", "0123456789012345678901234567890123456789012345678"}};
    struct list_page page;
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const words[] = {cases[i].name, cases[i].value, NULL};
        assert_int_equal(read(&page, words, &why), -1);
        assert_string_equal(why.field, cases[i].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_comes_back_as_it_was),
        cmocka_unit_test(a_made_up_cursor_is_refused),
        cmocka_unit_test(filters_stand_in_the_order_of_the_query),
        cmocka_unit_test(nothing_asked_is_everything),
        cmocka_unit_test(what_is_overdue_is_open),
        cmocka_unit_test(a_page_goes_on_where_the_one_before_ended),
        cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
