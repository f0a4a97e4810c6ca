#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/intake/door.h"

#define LONGEST "a_question_whose_code_takes_all_of_the_48_bytes_" /* CODE_MAX */
#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const struct choice choices[] = {{"a", {"A", ""}}, {"b", {"B", ""}}};
static const struct question questions[] = {
    {.code = "word", .datatype = DATATYPE_string},
    {.code = "number", .datatype = DATATYPE_number},
    {.code = "when", .datatype = DATATYPE_datetime},
    {.code = "text", .datatype = DATATYPE_text},
    {"one", DATATYPE_singlevaluelist, false, {"", ""}, {"", ""}, choices, 2},
    {"many", DATATYPE_multivaluelist, true, {"", ""}, {"", ""}, choices, 2},
};

static int ask(const char *attributes, bool asks, uint32_t *answered, struct reason *why) {
    static const struct item_words words = {{"", ""}, "", questions, LENGTH(questions), NULL, 0};
    static struct submit submit;
    const struct door_ask door = {.asks = asks};
    snprintf(submit.attributes, sizeof submit.attributes, "%s", attributes);
    *why = (struct reason){.text = ""};
    return door_answers(&door, &submit, &words, answered, why);
}

static void a_date_and_time_has_a_form_and_is_in_range(void **state) {
    static const struct {
        const char *text;
        bool good;
    } examples[] = {
        {"2026-05-01", true},
        {"2026-05-01T08:30", true},
        {"2026-05-01 08:30:59", true},
        {"2026-05-01T08:30:60.25Z", true},
        {"2026-05-01T08:30:00+08:00", true},
        {"2026-05-01T08:30:00-23:59", true},
        {"2026-05-1", false},
        {"2026-00-01", false},
        {"2026-13-01", false},
        {"2026-05-00", false},
        {"2026-05-32", false},
        {"2026-05-01x08:30", false},
        {"2026-05-01T8:30", false},
        {"2026-05-01T24:30", false},
        {"2026-05-01T08:60", false},
        {"2026-05-01T08:30:6", false},
        {"2026-05-01T08:30:61", false},
        {"2026-05-01T08:30:00x", false},
        {"2026-05-01T08:30:00Zx", false},
        {"2026-05-01T08:30:00+8", false},
        {"2026-05-01T08:30:00+08:00x", false},
        {"2026-05-01T08:30:00+24:00", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        char attributes[100];
        struct reason why;
        uint32_t answered = 0;
        snprintf(attributes, sizeof attributes, "{\"when\":\"%s\"}", examples[i].text);
        int status = ask(attributes, true, &answered, &why);
        if ((status == 0) != examples[i].good || (answered != 0) != examples[i].good)
            fail_msg("%s: %d %s", examples[i].text, status, why.text);
        if (status != 0)
            assert_string_equal(why.field, "attribute.when");
        /* of a machine it is passed over */
        assert_int_equal(ask(attributes, false, &answered, &why), 0);
    }
}

static void answers_are_an_object_of_texts(void **state) {
    static const struct {
        const char *attributes, *field; /* NULL: taken */
        uint32_t answered;
    } examples[] = {
        {"{}", NULL, 0},
        {"{\"word\":\"\"}", NULL, 0},
        {"{\"word\":\"x\",\"number\":\"-1.5e3\"}", NULL, 3},
        {"{\"word\":[\"x\"]}", NULL, 1},
        {"{\"word\":[]}", NULL, 0},
        {"{\"many\":[\"a\",\"\",\"b\"]}", NULL, 32},
        {"{\"one\":\"b\"}", NULL, 16},
        {"{\"one\":[\"a\",\"b\"]}", "attribute.one", 0},
        {"{\"one\":\"c\"}", "attribute.one", 0},
        {"{\"many\":[\"a\",\"c\"]}", "attribute.many", 0},
        {"{\"number\":\"\"}", NULL, 0},
        {"{\"number\":\"1e999\"}", "attribute.number", 0},
        {"{\"number\":\"e\"}", "attribute.number", 0},
        {"{\"number\":\"1-\"}", "attribute.number", 0},
        {"{\"word\":7}", "attribute.word", 0},
        {"{\"word\":[\"x\",7]}", "attribute.word", 0},
        {"{\"word\":{}}", "attribute.word", 0},
        {"{\"other\":\"x\"}", "attribute.other", 0},
        {"{\"" LONGEST "\":\"x\"}", "attribute." LONGEST, 0},
        {"[]", "attributes", 0},
        {"{", "attributes", 0},
        {"{\"word\":\"a\",\"word\":\"b\"}", "attributes", 0},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct reason why;
        uint32_t answered = 0;
        int status = ask(examples[i].attributes, true, &answered, &why);
        if ((status == 0) != (examples[i].field == NULL) || answered != examples[i].answered)
            fail_msg("%s: %d %u %s", examples[i].attributes, status, answered, why.text);
        assert_string_equal(why.field, examples[i].field != NULL ? examples[i].field : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_and_time_has_a_form_and_is_in_range),
        cmocka_unit_test(answers_are_an_object_of_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
