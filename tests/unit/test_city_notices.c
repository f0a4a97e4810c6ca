/* Tests of common/city_notices.h: what is said to people, in which language, and what is wrong with it. */
#include "common/city_notices.h"

#include "tests/unit/small_city.h"

#define NOTICES "event,audience,language,subject,text,sms\n"

static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s", draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static void a_notice_is_in_the_wanted_language_or_the_next_best(void **state) {
    static const struct {
        const char *wanted, *got;
    } cases[] = {{"en", "en"},       {"zh", "zh"},    {"zh-hant", "zh-hant"}, {"zh-Hant", "zh-hant"},
                 {"zh-hans", "zh"},  {"en-us", "en"}, {"fr", "en"},           {"pt", "pt-br"},
                 {"pt-pt", "pt-br"}, {"", "en"},      {"english", "en"}};
    (void)state;
    write_file("notices.csv",
               NOTICES "closed,reporter,zh-hant,a,b,\nclosed,reporter,zh,a,b,\nclosed,reporter,pt-br,a,b,\n"
                       "closed,reporter,en,a,b,\nclosed,unit,fr,a,b,\n");
    struct city *city = open_city();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct notice_text *text = city_notice(city, AUDIENCE_reporter, NOTICE_closed, cases[i].wanted);
        assert_non_null(text);
        assert_string_equal(text->language, cases[i].got);
    }
    assert_string_equal(city_notice(city, AUDIENCE_unit, NOTICE_closed, "en")->language, "fr");
    assert_null(city_notice(city, AUDIENCE_unit, NOTICE_warned, "en"));
    assert_string_equal(city_notice_language(city, 4), "fr");
    assert_null(city_notice_language(city, 5));
    city_close(&city);
}

static void names_are_in_the_language_or_the_code_itself(void **state) {
    (void)state;
    write_file("reasons.csv", "move,code,name_en,name_zh\nreturn,not-ours,Not ours,不属本单位\n");
    struct city *city = open_city();
    assert_string_equal(city_name_in(city, "zh-cn"), "小城");
    assert_string_equal(city_name_in(city, "fr"), "Small");
    assert_string_equal(city_unit_name(city, "c-water", "zh"), "County water office");
    assert_string_equal(city_unit_name(city, "gone", "zh"), "gone");
    assert_string_equal(city_area_name(city, "v", "en"), "Village");
    assert_string_equal(city_channel_name(city, "hotline", "zh"), "热线");
    assert_string_equal(city_item_name(city, "leak", "zh"), "Leak");
    assert_string_equal(city_reason_name(city, "return", "not-ours", "zh"), "不属本单位");
    assert_string_equal(city_reason_name(city, "decline", "not-ours", "zh"), "not-ours");
    city_close(&city);
}

static void every_fault_of_a_notice_is_named_with_line_and_column(void **state) {
    static const struct {
        const char *row, *complaint;
    } faults[] = {
        {"shut,unit,en,a,b,\n", "notices.csv:2:1: event: \"shut\" is no event"},
        {"closed,mayor,en,a,b,\n", "notices.csv:2:2: audience: must be reporter or unit"},
        {"receipt,unit,en,a,b,\n", "notices.csv:2:2: audience: \"receipt\" is never told to a unit"},
        {"closed,unit,english,a,b,\n", "notices.csv:2:3: language: must be a language"},
        {"closed,unit,en,{cas} x,b,\n", "notices.csv:2:4: subject: {cas} is no placeholder"},
        {"closed,unit,en,a,\"{case}\n{dew}\",\n", "notices.csv:2:5: text: {dew} is no placeholder"},
        {"closed,unit,en,a,b,{\n", "notices.csv:2:6: sms: a brace stands alone"},
        {"closed,unit,en,a,b } c,\n", "notices.csv:2:5: text: a brace stands alone"},
        {"closed,unit,en,a,{receipt},\n", "notices.csv:2:5: text: {receipt} is always empty"},
        {"closed,unit,en,a,{count},\n", "notices.csv:2:5: text: {count} is always empty"},
        {"closed,unit,en,,b,\n", "notices.csv:2:4: subject: must not be empty"},
        {"closed,unit,en,a,b,\nclosed,unit,en,a,b,\n",
         "notices.csv:3:3: language: \"closed\" for unit in en stands on line 2"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct city_draft *draft;
        struct city *city = NULL;
        char text[400], printed[512] = "";
        snprintf(text, sizeof text, "%s%s", NOTICES, faults[i].row);
        write_file("notices.csv", text);
        assert_int_equal(city_folder_open(&city, &draft, folder), -1);
        FILE *out = fmemopen(printed, sizeof printed - 1, "w");
        city_folder_print(out, &draft->complaints[0]);
        fclose(out);
        if (strncmp(printed, faults[i].complaint, strlen(faults[i].complaint)) != 0)
            fail_msg("not \"%s\" but \"%s\"", faults[i].complaint, printed);
        city_draft_close(&draft);
    }
}

static void each_event_has_its_code(void **state) {
    (void)state;
    for (enum notice_event event = NOTICE_NONE + 1; event < NOTICE_COUNT; event++)
        assert_int_equal(notice_named(notice_spec(event)->code), event);
    assert_int_equal(notice_named(""), NOTICE_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_notice_is_in_the_wanted_language_or_the_next_best),
        TEST(names_are_in_the_language_or_the_code_itself),
        TEST(every_fault_of_a_notice_is_named_with_line_and_column),
        TEST(each_event_has_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
