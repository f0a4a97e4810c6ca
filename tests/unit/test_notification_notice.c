/* Tests of services/notification/notice.h and notice_words.h: which entry tells what to whom, and in which words. */
#include "services/notification/notice_words.h"

#include "proto/case_life.h"
#include "tests/unit/small_city.h"

static struct case_moved a_move(const char *move, const char *from, const char *state) {
    struct case_moved moved = {.case_id = 4711,
                               .version = 3,
                               .at = INT64_C(1772323200000),     /* 2026-03-01 08:00 in the small city */
                               .due_at = INT64_C(1772352000000), /* 16:00 */
                               .tier = 1,
                               .unit = "v-desk",
                               .support = "c-water queue-a",
                               .overseers = "c-centre",
                               .former = "queue-b",
                               .severity = "yellow",
                               .channel = "hotline",
                               .item = "noise",
                               .area = "v",
                               .reporter = true};
    snprintf(moved.move, sizeof moved.move, "%s", move);
    snprintf(moved.from, sizeof moved.from, "%s", from);
    snprintf(moved.state, sizeof moved.state, "%s", state);
    return moved;
}

/* ---- who is told what --------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *move, *from, *state;
    enum notice_event event;
} heard[] = {
    {"report", "none", "reported", NOTICE_receipt},
    {"open", "none", "dispatched", NOTICE_opened},
    {"merge", "none", "merged", NOTICE_joined},
    {"merge", "reported", "merged", NOTICE_joined},
    {"accept", "reported", "accepted", NOTICE_NONE},
    {"ask", "reported", "needs_info", NOTICE_question},
    {"lapse", "needs_info", "closed", NOTICE_closed},
    {"decline", "reported", "declined", NOTICE_declined},
    {"withdraw", "accepted", "closed", NOTICE_closed},
    {"dispatch", "accepted", "dispatched", NOTICE_assigned},
    {"designate", "accepted", "dispatched", NOTICE_assigned},
    {"transfer", "handling", "dispatched", NOTICE_assigned},
    {"sign", "dispatched", "handling", NOTICE_NONE},
    {"return", "dispatched", "accepted", NOTICE_NONE},
    {"warn", "handling", "handling", NOTICE_NONE},
    {"alarm", "handling", "handling", NOTICE_NONE},
    {"escalate", "reported", "reported", NOTICE_NONE},
    {"escalate", "accepted", "dispatched", NOTICE_assigned},
    {"escalate", "handling", "dispatched", NOTICE_delay},
    {"supervise", "handling", "handling", NOTICE_delay},
    {"grant_extension", "handling", "handling", NOTICE_delay},
    {"refuse_extension", "handling", "handling", NOTICE_NONE},
    {"suspend", "handling", "suspended", NOTICE_delay},
    {"claim_done", "handling", "claimed_done", NOTICE_done},
    {"solve", "accepted", "claimed_done", NOTICE_done},
    {"verify", "claimed_done", "callback", NOTICE_callback},
    {"verify", "claimed_done", "closed", NOTICE_closed},
    {"conclude", "merged", "callback", NOTICE_callback},
    {"conclude", "merged", "closed", NOTICE_closed},
    {"attempt", "callback", "callback", NOTICE_NONE},
    {"attempt", "callback", "closed", NOTICE_closed},
    {"satisfied", "callback", "closed", NOTICE_closed},
    {"archive", "closed", "archived", NOTICE_NONE},
    {"note", "handling", "handling", NOTICE_NONE},
};

static void a_reporter_hears_of_each_step_once(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(heard); i++) {
        struct case_moved moved = a_move(heard[i].move, heard[i].from, heard[i].state);
        if (notice_of_stream(STREAM_OF_REPORTERS, &moved) != heard[i].event)
            fail_msg("%s from %s to %s: %d", heard[i].move, heard[i].from, heard[i].state, notice_of_reporter(&moved));
        assert_int_equal(notice_for_reporters(&moved), heard[i].event != NOTICE_NONE);
        moved.reporter = false;
        assert_false(notice_for_reporters(&moved));
    }
}

static const struct {
    const char *unit, *move, *from, *state;
    enum notice_event event;
} told[] = {
    {"v-desk", "report", "none", "reported", NOTICE_reported},
    {"v-desk", "open", "none", "dispatched", NOTICE_assigned},
    {"c-water", "open", "none", "dispatched", NOTICE_NONE},
    {"v-desk", "transfer", "handling", "dispatched", NOTICE_assigned},
    {"c-water", "transfer", "handling", "dispatched", NOTICE_taken_away},
    {"v-desk", "escalate", "handling", "dispatched", NOTICE_escalated},
    {"c-water", "escalate", "handling", "dispatched", NOTICE_moved_up},
    {"c-centre", "escalate", "handling", "dispatched", NOTICE_overdue},
    {"s-centre", "escalate", "handling", "dispatched", NOTICE_overdue},
    {"queue-b", "escalate", "handling", "dispatched", NOTICE_NONE},
    {"v-desk", "warn", "handling", "handling", NOTICE_warned},
    {"c-centre", "warn", "handling", "handling", NOTICE_NONE},
    {"v-desk", "alarm", "handling", "handling", NOTICE_overdue},
    {"s-centre", "alarm", "handling", "handling", NOTICE_overdue},
    {"s-centre", "return", "dispatched", "accepted", NOTICE_returned},
    {"v-desk", "return", "dispatched", "accepted", NOTICE_NONE},
    {"v-desk", "reject", "claimed_done", "handling", NOTICE_redo},
    {"v-desk", "dissatisfied", "callback", "handling", NOTICE_redo},
    {"v-desk", "dissatisfied", "callback", "closed", NOTICE_closed},
    {"queue-b", "supervise", "handling", "handling", NOTICE_supervised},
    {"s-centre", "supervise", "handling", "handling", NOTICE_supervised},
    {"v-desk", "verify", "claimed_done", "closed", NOTICE_closed},
    {"c-water", "verify", "claimed_done", "closed", NOTICE_closed},
    {"queue-b", "verify", "claimed_done", "closed", NOTICE_closed},
    {"s-centre", "verify", "claimed_done", "closed", NOTICE_NONE},
    {"v-desk", "urge", "handling", "handling", NOTICE_instructed},
    {"v-desk", "progress", "handling", "handling", NOTICE_NONE},
    {"v-desk", "archive", "closed", "archived", NOTICE_NONE},
    {"v-desk", "note", "closed", "closed", NOTICE_NONE},
};

static void a_unit_is_told_as_it_stands_to_the_case(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(told); i++) {
        struct case_moved moved = a_move(told[i].move, told[i].from, told[i].state);
        if (notice_of_stream(told[i].unit, &moved) != told[i].event)
            fail_msg("%s: %s from %s to %s: %d", told[i].unit, told[i].move, told[i].from, told[i].state,
                     notice_of_unit(told[i].unit, &moved));
        snprintf(moved.actor_unit, sizeof moved.actor_unit, "%s", told[i].unit);
        assert_int_equal(notice_of_stream(told[i].unit, &moved), NOTICE_NONE); /* it did it itself */
    }
}

static void only_units_called_by_this_entry_are_called(void **state) {
    (void)state;
    struct case_moved moved = a_move("whistle", "handling", "handling");
    strcpy(moved.tasks, "c-water called 1000;queue-a called 2000;");
    assert_int_equal(notice_of_unit("c-water", &moved), NOTICE_NONE);
    assert_int_equal(notice_of_unit("queue-a", &moved), NOTICE_called);
    strcpy(moved.tasks, "c-water arrived 0;queue-a called 2000;");
    assert_int_equal(notice_of_unit("c-water", &moved), NOTICE_NONE);
    strcpy(moved.tasks, "c-water called 0;queue-a called 0;");
    assert_int_equal(notice_of_unit("c-water", &moved), NOTICE_called);
    strcpy(moved.tasks, "c-water"); /* what nobody wrote calls nobody */
    assert_int_equal(notice_of_unit("c-water", &moved), NOTICE_NONE);
}

static void an_endpoint_names_the_events_that_it_wants(void **state) {
    (void)state;
    struct reason why;
    assert_true(notice_is_listed("", NOTICE_closed));
    assert_true(notice_is_listed("overdue closed", NOTICE_closed));
    assert_false(notice_is_listed("overdue closed", NOTICE_warned));
    assert_false(notice_is_listed("", NOTICE_NONE));
    assert_int_equal(notice_list_check("overdue  closed", AUDIENCE_unit, &why), 0);
    assert_int_equal(notice_list_check("overdue shut", AUDIENCE_unit, &why), -1);
    assert_string_equal(why.text, "\"shut\" is no event; see docs/messages.md");
    assert_int_equal(notice_list_check("receipt", AUDIENCE_unit, &why), -1);
    assert_false(notice_is_listed("closed_too overdue", NOTICE_closed)); /* a code within another is none */
    assert_int_equal(
        notice_list_check("a_code_of_more_bytes_than_any_code_may_have_anywhere_here", AUDIENCE_unit, &why), -1);
}

/* ---- words -------------------------------------------------------------------------------------------------------------------- */

#define NOTICES \
    "event,audience,language,subject,text,sms\n" \
    "closed,unit,en,Case {case}: {item},\"At {area}, {address}\nUnit {unit}, {state}, {severity}\nDue {due}\nNote: {note}\n\",\n" \
    "closed,unit,zh,编号 {case},状态 {state} {severity},\n" \
    "assigned,unit,en,New {case},Due {due},\"{city}: {case}\n{note}\"\n" \
    "bundle,unit,en,{count} news,News:,{count} news of {city}\n" \
    "ending,unit,en,End,To end: {end_url},\n" \
    "closed,reporter,en,Closed {case},\"Reason: {note}\nSee {receipt_url}\",\n" \
    "question,reporter,en,A question,\"{note}\",\n" \
    "test,unit,en,A test of {city},Try,\n"

static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("notices.csv", NOTICES);
    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s %s", draft->complaints[0].why.field, draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static struct notice_about about_of(const struct city *city, const char *stream,
                                    const struct case_moved *const *moved) {
    return (struct notice_about){.city = city,
                                 .stream = stream,
                                 .language = "en",
                                 .moved = moved,
                                 .count = 1,
                                 .receipt = "",
                                 .receipt_url = "",
                                 .end_url = ""};
}

static void words_are_the_template_with_the_cases_facts(void **state) {
    (void)state;
    struct city *city = open_city();
    struct case_moved moved = a_move("verify", "claimed_done", "closed");
    const struct case_moved *one = &moved;
    struct notice_about about = about_of(city, "v-desk", &one);
    struct notice_words words = {0};
    struct reason why;
    strcpy(moved.note, "fine\nX-Header: {case}");
    assert_int_equal(notice_words(&about, &words, &why), 0);
    assert_string_equal((char *)words.subject.data, "Case 4711: Noise");
    assert_string_equal((char *)words.text.data, "Unit Village desk, closed, yellow\nDue 2026-03-01 16:00\n"
                                                 "Note: fine X-Header: {case}\n");
    assert_string_equal((char *)words.sms.data, "Case 4711: Noise");
    notice_words_close(&words);
    about.language = "zh-cn";
    assert_int_equal(notice_words(&about, &words, &why), 0);
    assert_string_equal((char *)words.subject.data, "编号 4711");
    assert_string_equal((char *)words.text.data, "状态 已办结 黄色\n");
    notice_words_close(&words);
    city_close(&city);
}

static void html_escapes_what_people_wrote_and_lists_the_facts(void **state) {
    (void)state;
    struct city *city = open_city();
    struct case_moved moved = a_move("verify", "claimed_done", "closed");
    const struct case_moved *one = &moved;
    struct notice_about about = about_of(city, "v-desk", &one);
    struct notice_words words = {0};
    struct reason why;
    strcpy(moved.note, "<script>alert(1)</script> & \"x\"");
    strcpy(moved.address, "Road <1>");
    about.end_url = "https://city.example/unsubscribe/abc";
    assert_int_equal(notice_words(&about, &words, &why), 0);
    const char *const parts[] = {
        "<html lang=\"en\">",
        "Note: &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;</p>",
        "<th align=\"left\" scope=\"row\">Place</th><td>Road &lt;1&gt;</td>",
        "<th align=\"left\" scope=\"row\">Case</th><td>4711</td>",
        "<p>To end: <a href=\"https://city.example/unsubscribe/abc\">https://city.example/unsubscribe/abc</a></p>",
    };
    for (size_t i = 0; i < LENGTH(parts); i++)
        if (strstr((char *)words.html.data, parts[i]) == NULL)
            fail_msg("missing %s in %s", parts[i], (char *)words.html.data);
    assert_null(strstr((char *)words.html.data, "<script"));
    assert_non_null(strstr((char *)words.text.data, "\n-- \nTo end: https://city.example/unsubscribe/abc\n"));
    notice_words_close(&words);
    city_close(&city);
}

static void several_are_told_as_a_list(void **state) {
    (void)state;
    struct city *city = open_city();
    struct case_moved first = a_move("open", "none", "dispatched"), second = a_move("verify", "claimed_done", "closed");
    const struct case_moved *both[] = {&first, &second};
    struct notice_about about = about_of(city, "v-desk", both);
    struct notice_words words = {0};
    struct reason why;
    about.count = 2;
    assert_int_equal(notice_words(&about, &words, &why), 0);
    assert_string_equal((char *)words.subject.data, "2 news");
    assert_string_equal((char *)words.text.data, "News:\n\n* New 4711 (2026-03-01 08:00)\n  Due 2026-03-01 16:00\n"
                                                 "\n* Case 4711: Noise (2026-03-01 08:00)\n"
                                                 "  Unit Village desk, closed, yellow\n  Due 2026-03-01 16:00\n");
    assert_string_equal((char *)words.sms.data, "2 news of Small");
    notice_words_close(&words);
    city_close(&city);
}

static void a_reporter_reads_no_notes_among_staff(void **state) {
    (void)state;
    struct city *city = open_city();
    struct case_moved moved = a_move("verify", "claimed_done", "closed");
    const struct case_moved *one = &moved;
    struct notice_about about = about_of(city, STREAM_OF_REPORTERS, &one);
    struct notice_words words = {0};
    struct reason why;
    strcpy(moved.note, "he always complains");
    about.receipt_url = "https://city.example/r";
    assert_int_equal(notice_words(&about, &words, &why), 0);
    assert_string_equal((char *)words.text.data, "See https://city.example/r\n");
    assert_null(strstr((char *)words.html.data, "complains"));
    notice_words_close(&words);
    moved = a_move("ask", "reported", "needs_info");
    strcpy(moved.note, "which house?");
    assert_int_equal(notice_words(&about, &words, &why), 0);
    assert_string_equal((char *)words.text.data, "which house?\n");
    notice_words_close(&words);
    city_close(&city);
}

static void what_the_city_has_no_words_for_is_not_told(void **state) {
    (void)state;
    struct city *city = open_city();
    struct case_moved moved = a_move("warn", "handling", "handling");
    const struct case_moved *one = &moved;
    struct notice_about about = about_of(city, "v-desk", &one);
    struct notice_words words = {0};
    struct reason why;
    assert_false(notice_has_words(city, "v-desk", NOTICE_warned));
    assert_true(notice_has_words(city, "v-desk", NOTICE_closed));
    assert_int_equal(notice_words(&about, &words, &why), -1);
    assert_string_equal(why.field, "notices");
    assert_int_equal(notice_words_of(&about, NOTICE_test, &words, &why), 0);
    assert_string_equal((char *)words.subject.data, "A test of Small");
    notice_words_close(&words);
    city_close(&city);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reporter_hears_of_each_step_once),
        cmocka_unit_test(a_unit_is_told_as_it_stands_to_the_case),
        cmocka_unit_test(only_units_called_by_this_entry_are_called),
        cmocka_unit_test(an_endpoint_names_the_events_that_it_wants),
        TEST(words_are_the_template_with_the_cases_facts),
        TEST(html_escapes_what_people_wrote_and_lists_the_facts),
        TEST(several_are_told_as_a_list),
        TEST(a_reporter_reads_no_notes_among_staff),
        TEST(what_the_city_has_no_words_for_is_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
