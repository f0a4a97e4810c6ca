#include "common/emit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "proto/text.h"

static const char *text_of(struct emit *emit) {
    bytes_append(&emit->out, "", 1);
    return (const char *)emit->out.data;
}

static void say(struct emit *emit) {
    emit_list(emit, "things", "thing");
    emit_record(emit, "ignored");
    emit_id(emit, "id", 9007199254740993);
    emit_text(emit, "name", "a & b");
    emit_text(emit, "none", NULL);
    emit_flag(emit, "flag", true);
    emit_int(emit, "number", -5);
    emit_degrees(emit, "lat", 33.5);
    emit_list(emit, "words", "word");
    emit_text(emit, NULL, "x");
    emit_text(emit, NULL, "");
    emit_end(emit);
    emit_list(emit, "empty", "one");
    emit_end(emit);
    emit_end(emit);
    emit_record(emit, NULL);
    emit_end(emit);
    emit_end(emit);
}

static void the_same_calls_are_xml_and_its_spark_form(void **state) {
    struct emit xml = {.format = EMIT_XML}, json = {.format = EMIT_JSON};
    (void)state;
    say(&xml);
    say(&json);
    assert_string_equal(text_of(&xml),
                        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<things><thing><id>9007199254740993</id>"
                        "<name>a &amp; b</name><none></none><flag>true</flag><number>-5</number><lat>33.5</lat>"
                        "<words><word>x</word><word></word></words><empty></empty></thing><thing></thing></things>\n");
    assert_string_equal(text_of(&json), "[{\"id\":\"9007199254740993\",\"name\":\"a & b\",\"none\":null,\"flag\":true,"
                                        "\"number\":-5,\"lat\":33.5,\"words\":[\"x\",null],\"empty\":[]},{}]\n");
    bytes_close(&xml.out);
    bytes_close(&json.out);
}

static void a_text_is_escaped_and_cleaned(void **state) {
    static const struct {
        const char *text, *xml, *json;
    } cases[] = {
        {"<a href=\"x\">'&", "&lt;a href=&quot;x&quot;&gt;'&amp;", "<a href=\\\"x\\\">'&"},
        {"]]>", "]]&gt;", "]]>"},
        {"a\\b", "a\\b", "a\\\\b"},
        {"a\tb\nc\rd", "a\tb\nc&#13;d", "a\\tb\\nc\\rd"},
        {"\x01\x1f\x7f", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc2\x85", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"},                             /* U+0085 */
        {"\xef\xbf\xbe", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* U+FFFE */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},                             /* surrogate */
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong */
        {"\xe8\xb7", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"}, /* cut */
        {"路灯 é \xf0\x9d\x84\x9e", "路灯 é \xf0\x9d\x84\x9e", "路灯 é \xf0\x9d\x84\x9e"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (enum emit_format format = EMIT_XML; format <= EMIT_JSON; format++) {
            struct emit emit = {.format = format};
            const char *wanted = format == EMIT_XML ? cases[i].xml : cases[i].json;
            emit_record(&emit, "r");
            emit_text(&emit, "t", cases[i].text);
            emit_end(&emit);
            assert_non_null(strstr(text_of(&emit), wanted));
            bytes_close(&emit.out);
        }
    }
}

/* Whatever bytes: the JSON can be read, and neither format holds a control character or broken UTF-8. */
static void no_bytes_break_the_answer(void **state) {
    (void)state;
    srand(311);
    for (int round = 0; round < 3000; round++) {
        char text[40];
        size_t size = (size_t)rand() % (sizeof text - 1);
        for (size_t i = 0; i < size; i++)
            text[i] = (char)(rand() % 255 + 1);
        text[size] = '\0';
        for (enum emit_format format = EMIT_XML; format <= EMIT_JSON; format++) {
            struct emit emit = {.format = format};
            emit_list(&emit, "l", "e");
            emit_text(&emit, NULL, text);
            emit_end(&emit);
            assert_int_equal(text_clean((const char *)emit.out.data, emit.out.size), emit.out.size);
            json_t *json = json_loadb((const char *)emit.out.data, emit.out.size, 0, NULL);
            assert_int_equal(json != NULL, format == EMIT_JSON);
            json_decref(json);
            bytes_close(&emit.out);
        }
    }
}

static void degrees_have_at_most_seven_digits(void **state) {
    static const struct {
        double degrees;
        const char *text;
    } cases[] = {{33.6110000, ">33.611<"}, {114, ">114.0<"}, {-0.12345678, ">-0.1234568<"},
                 {1e-9, ">0.0<"},          {NAN, "><"},      {INFINITY, "><"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct emit emit = {.format = EMIT_XML};
        emit_record(&emit, "r");
        emit_degrees(&emit, "lat", cases[i].degrees);
        emit_end(&emit);
        assert_non_null(strstr(text_of(&emit), cases[i].text));
        bytes_close(&emit.out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_calls_are_xml_and_its_spark_form),
        cmocka_unit_test(a_text_is_escaped_and_cleaned),
        cmocka_unit_test(no_bytes_break_the_answer),
        cmocka_unit_test(degrees_have_at_most_seven_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
