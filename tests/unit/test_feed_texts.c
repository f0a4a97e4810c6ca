/* What feeds are made of: common/atom.c, common/calendar_text.c, common/http_tag.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/atom.h"
#include "common/calendar_text.h"
#include "common/http_tag.h"

static void assert_bytes(struct bytes *bytes, const char *wanted) {
    bytes_append(bytes, "", 1);
    assert_string_equal((const char *)bytes->data, wanted);
    bytes_close(bytes);
}

static void texts_of_a_calendar_are_escaped(void **state) {
    static const char *const examples[][2] = {
        {"plain", "SUMMARY:plain\r\n"},
        {"a, b; c\\d", "SUMMARY:a\\, b\\; c\\\\d\r\n"},
        {"two\nlines", "SUMMARY:two\\nlines\r\n"},
        {"", "SUMMARY:\r\n"},
        {"\xe6\xbc\xaf\xe6\xb2\xb3", "SUMMARY:\xe6\xbc\xaf\xe6\xb2\xb3\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct bytes out = {0};
        calendar_put_text(&out, "SUMMARY", examples[i][0]);
        assert_bytes(&out, examples[i][1]);
    }
}

/* Every line at most 75 octets, no character broken, and joined again it is what went in. */
static void long_lines_are_folded_between_characters(void **state) {
    static const char *const letters[] = {"a", "\xc3\xa9", "\xe8\xb7\xaf", "\xf0\x9f\x98\x80"};
    (void)state;
    for (size_t kind = 0; kind < 4; kind++) {
        for (int count = 1; count < 200; count++) {
            char text[1000] = "", joined[1000] = "";
            struct bytes out = {0};
            for (int i = 0; i < count; i++)
                strcat(text, letters[kind]);
            calendar_put(&out, "X", text);
            bytes_append(&out, "", 1);
            for (char *line = (char *)out.data, *end; *line != '\0'; line = end + 2) {
                end = strstr(line, "\r\n");
                assert_non_null(end);
                assert_true(end - line <= 75);
                *end = '\0';
                assert_true((line[line == (char *)out.data ? 0 : 1] & 0xc0) != 0x80);
                strcat(joined, line == (char *)out.data ? line : line + 1);
            }
            assert_string_equal(joined + 2, text);
            bytes_close(&out);
        }
    }
}

static void instants_of_a_calendar_are_utc_in_whole_seconds(void **state) {
    struct bytes out = {0};
    (void)state;
    calendar_put_instant(&out, "DUE", 1788222600999);
    assert_bytes(&out, "DUE:20260901T003000Z\r\n");
}

static void a_tag_is_found_among_others(void **state) {
    static const struct {
        const char *header;
        bool matches;
    } examples[] = {{NULL, false},     {"", false},       {"\"b\"", false},       {"\"a\"", true},
                    {"W/\"a\"", true}, {"*", true},       {"\"b\", \"a\"", true}, {"\"b\",W/\"a\" , \"c\"", true},
                    {"\"ab\"", false}, {"\"a\"b", false}, {"a", false},           {"\"b\" \"a", false}};
    char tag[HTTP_TAG_SIZE], other[HTTP_TAG_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        assert_int_equal(http_tag_matches(examples[i].header, "\"a\""), examples[i].matches);
    http_tag_of("x", 1, tag);
    http_tag_of("y", 1, other);
    assert_int_equal(strlen(tag), HTTP_TAG_SIZE - 2);
    assert_string_not_equal(tag, other);
    http_tag_of("x", 1, other);
    assert_string_equal(tag, other);
}

static void a_feed_has_its_attributes_and_escapes(void **state) {
    struct emit emit = {.format = EMIT_XML};
    (void)state;
    atom_begin(
        &emit,
        &(struct atom_feed){
            .id = "tag:x,2026:1", .title = "A & B", .author = "C", .self = "http://x/?a=1&b=\"2\"", .updated_at = 0});
    atom_add(&emit, &(struct atom_entry){.id = "tag:x,2026:2",
                                         .title = "t",
                                         .link = "http://x/",
                                         .link_type = "text/html",
                                         .summary = "",
                                         .category = "sign",
                                         .updated_at = 1500});
    atom_end(&emit);
    assert_bytes(
        &emit.out,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:x,2026:1</id>"
        "<title>A &amp; B</title><updated>1970-01-01T00:00:00.000Z</updated><author><name>C</name></author>"
        "<link rel=\"self\" type=\"application/atom+xml\" href=\"http://x/?a=1&amp;b=&quot;2&quot;\"></link>"
        "<entry><id>tag:x,2026:2</id><title>t</title><updated>1970-01-01T00:00:01.500Z</updated>"
        "<link rel=\"alternate\" type=\"text/html\" href=\"http://x/\"></link><category term=\"sign\"></category></entry>"
        "</feed>\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_a_calendar_are_escaped), cmocka_unit_test(long_lines_are_folded_between_characters),
        cmocka_unit_test(instants_of_a_calendar_are_utc_in_whole_seconds),
        cmocka_unit_test(a_tag_is_found_among_others), cmocka_unit_test(a_feed_has_its_attributes_and_escapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
