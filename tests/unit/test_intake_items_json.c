#include "services/intake/items_json.h"

#include "tests/unit/small_city.h"

static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("door.csv", "item,text_least,photo,place,happened_days\nleak,5,wanted,needed,7\n");
    write_file("questions.csv",
               "item,code,datatype,needed,text_en,text_zh\nleak,big,singlevaluelist,yes,How big?,多大？\n");
    write_file("choices.csv", "item,question,code,name_en,name_zh\nleak,big,drop,Drops,滴\n");
    write_file("item_texts.csv",
               "item,language,description,keywords,filing,answer\nleak,en,A pipe leaks,water,It runs,Wait\n"
               "leak,zh,水管漏水,水,,请等待\n");
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    city_draft_close(&draft);
    return city;
}

static void assert_json(json_t *take_json, const char *expected) {
    json_t *wanted = json_loads(expected, 0, NULL);
    assert_non_null(wanted);
    if (!json_equal(take_json, wanted))
        fail_msg("%s", json_dumps(take_json, 0));
    json_decref(take_json);
    json_decref(wanted);
}

static void an_item_is_told_in_the_language_that_is_asked_for(void **state) {
    (void)state;
    struct city *city = open_city();
    assert_json(
        item_json(city, city_item(city, "leak"), "zh-cn"),
        "{\"code\":\"leak\",\"name\":\"Leak\",\"matter\":\"service\",\"description\":\"水管漏水\",\"keywords\":\"水\","
        "\"language\":\"zh-cn\",\"answer\":\"请等待\",\"asks\":{\"text_least\":5,\"photo\":\"wanted\","
        "\"place\":\"needed\",\"happened_days\":7},\"questions\":[{\"code\":\"big\",\"datatype\":\"singlevaluelist\","
        "\"needed\":true,\"text\":\"多大？\",\"choices\":[{\"code\":\"drop\",\"name\":\"滴\"}]}]}");
    assert_json(
        item_json(city, city_item(city, "drain"), "en"),
        "{\"code\":\"drain\",\"name\":\"Drain\",\"parent\":\"leak\",\"matter\":\"service\",\"language\":\"en\","
        "\"asks\":{\"text_least\":0,\"photo\":\"no\",\"place\":\"wanted\",\"happened_days\":366},\"questions\":[]}");
    city_close(&city);
}

static void the_list_has_all_items_in_their_order(void **state) {
    static const char *const codes[] = {"noise", "leak", "drain", "sign"};
    (void)state;
    struct city *city = open_city();
    json_t *json = items_json(city, "en"), *items = json_object_get(json, "items");
    assert_int_equal(json_array_size(items), LENGTH(codes));
    for (size_t i = 0; i < LENGTH(codes); i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(items, i), "code")), codes[i]);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(items, 1), "questions")), 1);
    json_decref(json);
    city_close(&city);
}

static void the_best_language_of_a_header_is_taken(void **state) {
    static const struct {
        const char *wanted, *accepted, *language;
    } cases[] = {
        {NULL, NULL, "en"},
        {"zh", "en", "zh"},
        {"ZH-cn", NULL, "zh-cn"},
        {"a-tag-that-is-too-long", "zh", "zh"},
        {"<b>", "zh", "zh"},
        {"", "zh", "zh"},
        {NULL, "zh-CN,zh;q=0.9,en;q=0.8", "zh-cn"},
        {NULL, "en;q=0.5, zh;q=0.7", "zh"},
        {NULL, "en;q=0, zh;q=0", "en"},
        {NULL, "*", "en"},
        {NULL, ", ,;q=,zh", "zh"},
        {NULL, "zh;", "zh"},
        {NULL, "zh;q", "zh"},
        {NULL, "zh;q=", "zh"},
        {NULL, "zh; q=0.4", "zh"},
        {NULL, "en;q=4e99, zh;q=0.7", "en"},
        {NULL, "en;q=nan, zh;q=0.1", "zh"},
    };
    (void)state;
    struct city *city = open_city();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char language[LANGUAGE_MAX + 1];
        language_of(city, cases[i].wanted, cases[i].accepted, language);
        if (strcmp(language, cases[i].language) != 0)
            fail_msg("case %zu: %s", i, language);
    }
    city_close(&city);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_item_is_told_in_the_language_that_is_asked_for, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_list_has_all_items_in_their_order, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_best_language_of_a_header_is_taken, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
