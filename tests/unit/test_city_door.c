#include "common/city_door.h"
#include "common/city_questions.h"

#include "tests/unit/small_city.h"

#define QUESTIONS "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\n"
#define CHOICES "item,question,code,name_en,name_zh\n"
#define DOOR "item,text_least,photo,place,happened_days,duplicate_metres,duplicate_hours,link_percent,suggest_percent\n"
#define TEXTS "item,language,description,keywords,filing,closing,basis,answer\n"

static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    int status = city_folder_open(&city, &draft, folder);
    if (status != 0)
        print_error("%s: %s\n", draft->complaints[0].why.field, draft->complaints[0].why.text);
    city_draft_close(&draft);
    assert_int_equal(status, 0);
    return city;
}

static void questions_stay_in_their_order_with_their_choices(void **state) {
    (void)state;
    write_file("questions.csv",
               QUESTIONS "leak,big,singlevaluelist,yes,How big?,多大？,Guess,猜\nnoise,hours,string,no,When?,,,\n"
                         "leak,since,datetime,no,Since when?,,,\n");
    write_file("choices.csv", CHOICES "leak,big,drop,Drops,滴\nleak,big,jet,A jet,喷\n");
    struct city *city = open_city();
    const struct item_words *leak = city_item_words(city, city_item(city, "leak"));
    const struct item_words *noise = city_item_words(city, city_item(city, "noise"));
    assert_int_equal(leak->question_count, 2);
    assert_string_equal(leak->questions[0].code, "big");
    assert_string_equal(leak->questions[1].code, "since");
    assert_true(leak->questions[0].needed && !leak->questions[1].needed);
    assert_int_equal(leak->questions[0].choice_count, 2);
    assert_string_equal(leak->questions[0].choices[1].code, "jet");
    assert_string_equal(wording_in(&leak->questions[0].choices[1].name, "zh"), "喷");
    assert_string_equal(wording_in(&leak->questions[0].hint, "fr"), "Guess");
    assert_int_equal(leak->questions[1].choice_count, 0);
    assert_string_equal(datatype_name(leak->questions[1].datatype), "datetime");
    assert_int_equal(noise->question_count, 1);
    assert_ptr_equal(question_of(noise, "hours"), &noise->questions[0]);
    assert_null(question_of(noise, "big"));
    assert_ptr_equal(choice_of(&leak->questions[0], "drop"), &leak->questions[0].choices[0]);
    assert_null(choice_of(&leak->questions[0], "flood"));
    assert_int_equal(city_item_words(city, city_item(city, "sign"))->question_count, 0);
    assert_string_equal(noise->matter, "service");
    assert_string_equal(city_language(city), "en"); /* its items have no Chinese names */
    city_close(&city);
}

static void texts_are_found_by_language(void **state) {
    static const struct {
        const char *language, *description;
    } cases[] = {{"en", "Noise"},    {"zh", "噪声"},  {"zh-hant", "噪音"}, {"zh-cn", "噪声"},
                 {"en-us", "Noise"}, {"fr", "Noise"}, {"z", "Noise"},      {"", "Noise"}};
    (void)state;
    write_file("item_texts.csv", TEXTS "noise,en,Noise,,,,,\nnoise,zh,噪声,,,,,\nnoise,zh-hant,噪音,,,,,\n");
    struct city *city = open_city();
    const struct item_words *words = city_item_words(city, city_item(city, "noise"));
    for (size_t i = 0; i < LENGTH(cases); i++)
        assert_string_equal(item_text_in(words, cases[i].language)->description, cases[i].description);
    assert_null(item_text_in(city_item_words(city, city_item(city, "leak")), "en"));
    city_close(&city);
}

static void an_item_without_a_row_has_the_row_without_an_item(void **state) {
    (void)state;
    write_file("door.csv", DOOR ",8,wanted,no,30,,,,\nleak,,,needed,,,,,\n");
    struct city *city = open_city();
    const struct door *noise = city_door(city, "noise"), *leak = city_door(city, "leak");
    assert_int_equal(noise->text_least, 8);
    assert_int_equal(noise->photo, WANT_wanted);
    assert_int_equal(noise->place, WANT_no);
    assert_int_equal(noise->happened_days, 30);
    assert_int_equal(leak->text_least, 0);
    assert_int_equal(leak->photo, WANT_no);
    assert_int_equal(leak->place, WANT_needed);
    assert_int_equal(leak->happened_days, 366);
    assert_null(city_door(city, "moon"));
    city_close(&city);
}

static void what_cannot_be_asked_is_refused_with_its_line(void **state) {
    static const struct {
        const char *file, *text, *complaint;
    } faults[] = {
        {"questions.csv", QUESTIONS "noise,a,string,no,A?,,,\nnoise,a,text,no,B?,,,\n",
         "questions.csv:3:2: code: \"a\" stands on line 2 already"},
        {"questions.csv", QUESTIONS "noise,a,colour,no,A?,,,\n", "questions.csv:2:3: datatype: must be string"},
        {"questions.csv", QUESTIONS "noise,a,multivaluelist,no,A?,,,\n",
         "questions.csv:2:3: datatype: a list needs choices"},
        {"questions.csv", QUESTIONS "moon,a,string,no,A?,,,\n", "questions.csv:2:1: item: there is no \"moon\""},
        {"choices.csv", CHOICES "noise,a,x,X,\n", "choices.csv:2:2: question: there is no question \"a\" of \"noise\""},
        {"door.csv", DOOR "noise,,,,,,,,\nnoise,,,,,,,,\n", "door.csv:3:1: item: \"noise\" stands on line 2 already"},
        {"door.csv", DOOR ",,,,,,,,\n,,,,,,,,\n", "door.csv:3:1: item: a row without item stands on line 2 already"},
        {"door.csv", DOOR ",,,,,,,101,\n", "door.csv:2:8: link_percent: must be a percentage"},
        {"door.csv", DOOR ",,,,,,,,101\n", "door.csv:2:9: suggest_percent: must be a percentage"},
        {"door.csv", DOOR ",,,,,,,40,\n", "door.csv:2:8: link_percent: must not be less than suggest_percent, 50"},
        {"door.csv", DOOR ",1001,,,,,,,\n", "door.csv:2:2: text_least: must be at most 1000"},
        {"door.csv", DOOR ",,maybe,,,,,,\n", "door.csv:2:3: photo: must be no"},
        {"item_texts.csv", TEXTS "noise,en,,,,,,\nnoise,en,,,,,,\n",
         "item_texts.csv:3:2: language: \"en\" stands on line 2"},
        {"item_texts.csv", TEXTS "noise,english,,,,,,\n",
         "item_texts.csv:2:2: language: must be a language such as en"},
    };
    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct city_draft *draft;
        struct city *city = NULL;
        char printed[512] = "";
        assert_int_equal(make_folder(state), 0);
        write_file(faults[i].file, faults[i].text);
        assert_int_equal(city_folder_open(&city, &draft, folder), -1);
        FILE *out = fmemopen(printed, sizeof printed - 1, "w");
        city_folder_print(out, &draft->complaints[0]);
        fclose(out);
        if (strncmp(printed, faults[i].complaint, strlen(faults[i].complaint)) != 0)
            fail_msg("not \"%s\" but \"%s\"", faults[i].complaint, printed);
        city_draft_close(&draft);
        assert_int_equal(remove_folder(state), 0);
    }
}

static void choices_belong_to_lists_only(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;
    (void)state;
    write_file("questions.csv", QUESTIONS "noise,a,string,no,A?,,,\n");
    write_file("choices.csv", CHOICES "noise,a,x,X,\n");
    assert_int_equal(city_folder_open(&city, &draft, folder), -1);
    assert_string_equal(draft->complaints[0].why.text, "\"a\" takes no choices: it is a string");
    city_draft_close(&draft);
}

static void more_questions_than_an_answer_can_count_are_refused(void **state) {
    struct city_draft *draft;
    struct city *city = NULL;
    char text[4096] = QUESTIONS;
    (void)state;
    for (int i = 0; i <= QUESTIONS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "noise,q%d,string,no,Q?,,,\n", i);
    write_file("questions.csv", text);
    assert_int_equal(city_folder_open(&city, &draft, folder), -1);
    assert_int_equal(draft->complaint_count, 1);
    assert_int_equal(draft->complaints[0].line, QUESTIONS_MAX + 2);
    city_draft_close(&draft);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(questions_stay_in_their_order_with_their_choices, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(texts_are_found_by_language, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_item_without_a_row_has_the_row_without_an_item, make_folder, remove_folder),
        cmocka_unit_test(what_cannot_be_asked_is_refused_with_its_line),
        cmocka_unit_test_setup_teardown(choices_belong_to_lists_only, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(more_questions_than_an_answer_can_count_are_refused, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
