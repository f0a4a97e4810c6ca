#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/mail_text.h"
#include "proto/text.h"

static char text[70000];

static void html_becomes_what_a_reader_sees(void **state) {
    static const struct {
        const char *html, *text;
    } examples[] = {
        {"plain", "plain"},
        {"<p>one</p><p>two</p>", "one\n\ntwo"},
        {"one<br>two<BR/>three", "one\ntwo\nthree"},
        {"a &lt; b &amp;&amp; c&nbsp;&gt; d &quot;e&quot;", "a < b && c > d \"e\""},
        {"&#28463;&#x6CB3; &#x1F6A7;", "漯河 🚧"},
        {"&#0; &#xD800; &#99999999; &nothing; &", "&#0; &#xD800; &#99999999; &nothing; &"},
        {"<html><head><title>t</title><style>p{}</style></head><body>seen<script>alert('<p>')</script></body>", "seen"},
        {"<!-- <b>not</b> -->seen", "seen"},
        {"<a href=\"x>y\">link</a>", "link"},
        {"mine<blockquote>theirs<blockquote>older</blockquote></blockquote>after", "mineafter"},
        {"<table><tr><td>a</td><td>b</td></tr></table>", "a\tb"},
        {"2 < 3 and <= 4", "2 < 3 and <= 4"},
        {"cut <b", "cut"},
        {"line\r\nline", "line  line"},
        {"</blockquote>still seen", "still seen"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        size_t size = mail_text_of_html(examples[i].html, strlen(examples[i].html), text, sizeof text);
        mail_text_clean(text, size, sizeof text);
        char *at = text + strspn(text, "\t");
        assert_string_equal(at, examples[i].text);
    }
}

static void text_is_cleaned(void **state) {
    static const struct {
        const char *dirty, *clean;
    } examples[] = {
        {"a\r\nb", "a\nb"},
        {"a  \n\t\n\n\n\nb \n\n", "a\n\nb"},
        {"\n\n  \nfirst", "first"},
        {"bell\a and \x7f", "bell  and"},
        {"\xff\xfe漯", "\xef\xbf\xbd\xef\xbf\xbd漯"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"cut \xe6\xbc", "cut \xef\xbf\xbd\xef\xbf\xbd"},
        {"\xef\xbb\xbfmark", "mark"},
        {"\xc2\x85next", " next"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        strcpy(text, examples[i].dirty);
        size_t size = mail_text_clean(text, strlen(text), sizeof text);
        assert_string_equal(text, examples[i].clean);
        assert_int_equal(size, strlen(text));
        assert_int_equal(text_clean(text, size), size);
    }
}

static void cleaning_stays_within_its_room(void **state) {
    char small[40];
    (void)state;
    for (size_t room = 2; room <= sizeof small; room++)
        for (size_t size = 0; size < room; size++) {
            memset(small, 0xff, sizeof small);
            size_t clean = mail_text_clean(small, size, room);
            assert_true(clean < room && small[clean] == '\0');
            assert_int_equal(text_clean(small, clean), clean);
        }
}

static void quotes_and_signatures_go(void **state) {
    static const struct {
        const char *whole, *own;
    } examples[] = {
        {"The lamp is out.", "The lamp is out."},
        {"The lamp is out.\n-- \nLi Wei\nTel 123", "The lamp is out."},
        {"Still dark.\n\nOn Mon, 3 Jul 2023 at 10:00, City <a@b> wrote:\n> We have mended it.\n> Bye", "Still dark."},
        {"还是黑的。\n\n在 2023年7月3日，市民中心写道：\n> 已经修好", "还是黑的。"},
        {"还是黑的。\n------------------ 原始邮件 ------------------\n发件人: 市民中心", "还是黑的。"},
        {"> You asked: where?\nAt the bridge.\n> And when?\nAt night.", "At the bridge.\nAt night."},
        {"路灯坏了\n发自我的iPhone", "路灯坏了"},
        {"Lamp out\n\nSent from my iPhone", "Lamp out"},
        {"-----Original Message-----\nFrom: x\nThe lamp is out.",
         "-----Original Message-----\nFrom: x\nThe lamp is out."},
        {"> all quoted", "> all quoted"},
        {"", ""},
        {"a -- b\n--x", "a -- b\n--x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        strcpy(text, examples[i].whole);
        mail_text_own(text);
        assert_string_equal(text, examples[i].own);
    }
}

static void a_text_is_cut_between_characters(void **state) {
    static const struct {
        const char *whole;
        size_t max;
        const char *cut;
    } examples[] = {{"漯河", 6, "漯河"}, {"漯河", 5, "漯"}, {"漯河", 3, "漯"},
                    {"漯河", 2, ""},     {"abc", 2, "ab"},  {"", 0, ""}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        strcpy(text, examples[i].whole);
        mail_text_cut(text, examples[i].max);
        assert_string_equal(text, examples[i].cut);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_becomes_what_a_reader_sees),  cmocka_unit_test(text_is_cleaned),
        cmocka_unit_test(cleaning_stays_within_its_room),   cmocka_unit_test(quotes_and_signatures_go),
        cmocka_unit_test(a_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
