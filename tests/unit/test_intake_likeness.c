#include "services/intake/likeness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define METRE (1 / 111195.0)
#define HOUR_MS 3600000LL

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

static double alike(const char *a, const char *b) {
    struct likeness_sketch x, y;
    likeness_sketch(a, NULL, &x);
    likeness_sketch(b, NULL, &y);
    double there = likeness_text(&x, &y), back = likeness_text(&y, &x);
    assert_true(there == back || (isnan(there) && isnan(back)));
    return there;
}

static void texts_are_as_alike_as_their_parts(void **state) {
    static const struct {
        const char *a, *b;
        double least, most;
    } cases[] = {
        {"street lamp out", "street lamp out", 1, 1},
        {"Street  LAMP, out!", "street lamp out", 1, 1},
        {"路灯不亮", "路灯不亮。", 1, 1},
        {"路灯不亮", "路灯不亮了", 0.8, 0.9}, /* three pairs of four */
        {"路灯不亮", "井盖破损", 0, 0},
        {"学校门口路灯不亮", "学校门口的路灯坏了", 0.4, 0.7},
        {"street lamp out", "street lamps are out", 0.6, 0.9},
        {"street lamp out", "pothole", 0, 0.1},
        {"ABC123", "ＡＢＣ１２３", 1, 1}, /* full width */
        {"灯", "灯", 1, 1},               /* alone */
        {"路灯\U000e0100", "路灯", 1, 1}, /* a mark that chooses how the character before it is drawn */
        {"\U00020000灯", "\U00020000灯", 1, 1},
        {"灯 lamp", "lamp 灯", 1, 1},
        {"a", "a", 1, 1},
        {"café", "café", 1, 1},
        {"улица", "улица", 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double found = alike(cases[i].a, cases[i].b);
        if (!(found >= cases[i].least && found <= cases[i].most))
            fail_msg("%s and %s: %f", cases[i].a, cases[i].b, found);
    }
}

static void a_text_that_says_nothing_is_like_none(void **state) {
    static const char *const nothing[] = {"", " ", "!!!", "。，", "\n\t"};
    (void)state;
    for (size_t i = 0; i < LENGTH(nothing); i++) {
        assert_true(isnan(alike(nothing[i], "lamp")));
        assert_true(isnan(alike(nothing[i], nothing[i])));
    }
}

static void a_title_and_a_description_are_one_text(void **state) {
    struct likeness_sketch apart, together;
    (void)state;
    likeness_sketch("lamp", "out", &apart);
    likeness_sketch("lamp out", NULL, &together);
    assert_int_equal(apart.count, together.count);
    assert_memory_equal(apart.grams, together.grams, apart.count * sizeof *apart.grams);
    likeness_sketch("", "lamp out", &apart);
    assert_int_equal(apart.count, together.count);
}

/* Different words by a number, in both kinds of script. */
static void write_words(char *text, size_t room, unsigned from, unsigned count) {
    size_t size = 0;
    for (unsigned i = from; i < from + count && size + 8 < room; i++)
        size += (size_t)snprintf(text + size, room - size, "%x ", i * 2654435761u >> 12);
}

static void of_a_long_text_a_sample_stands_for_all(void **state) {
    static char a[4001], b[4001];
    struct likeness_sketch sketch;
    (void)state;
    write_words(a, sizeof a, 0, 130);
    write_words(b, sizeof b, 65, 130); /* half of the words are the same */
    likeness_sketch(a, NULL, &sketch);
    assert_true(sketch.cut);
    assert_int_equal(sketch.count, LIKENESS_GRAMS_MAX);
    for (uint32_t i = 1; i < sketch.count; i++)
        assert_true(sketch.grams[i - 1] < sketch.grams[i]);
    double half = alike(a, b);
    if (half < 0.4 || half > 0.7)
        fail_msg("%f", half);
    assert_true(alike(a, a) == 1);
    memset(a, 'x', 4000); /* the longest text; bytes that begin a character and end the text */
    likeness_sketch(a, a, &sketch);
    strcpy(a, "lamp \xf0\x9f");
    likeness_sketch(a, NULL, &sketch);
    assert_int_equal(sketch.count, 4);
}

static void addresses_are_the_same_however_they_are_written(void **state) {
    (void)state;
    assert_true(likeness_address("12 Long Street") == likeness_address(" 12, long street. "));
    assert_true(likeness_address("人民路１２号") == likeness_address("人民路 12 号"));
    assert_true(likeness_address("12 Long Street") != likeness_address("21 Long Street"));
    assert_true(likeness_address("") == 0);
    assert_true(likeness_address(" ,.。") == 0);
    assert_true(likeness_address("1") != 0);
}

/* ---- the score -------------------------------------------------------------------------------------------------------------- */

static struct likeness_report report_at(double north, double hours, const char *text) {
    struct likeness_report report = {
        .item = "lamp", .lat = 33.6 + north * METRE, .lon = 114, .at = (int64_t)(hours * HOUR_MS)};
    likeness_sketch(text, NULL, &report.text);
    return report;
}

static uint32_t percent_of(const struct likeness_report *a, const struct likeness_report *b) {
    struct likeness likeness;
    likeness_of(a, b, &likeness);
    return likeness.percent;
}

static void what_speaks_for_one_matter_raises_the_score(void **state) {
    struct likeness_report here = report_at(0, 5, "street lamp out"), same = report_at(0, 0, "street lamp out");
    struct likeness_report far = report_at(60, 0, "street lamp out"),
                           other_words = report_at(0, 0, "puddle on the road");
    struct likeness_report wordless = report_at(0, 0, ""), other_item = same, again = same, by = here;
    (void)state;
    other_item.item = "cable";
    again.reporter = by.reporter = 7;
    uint32_t best = percent_of(&here, &same);
    assert_true(best >= 90);
    assert_true(percent_of(&here, &far) < best);
    assert_true(percent_of(&here, &other_words) < percent_of(&here, &wordless));
    assert_true(percent_of(&here, &wordless) < best);
    assert_true(percent_of(&here, &other_item) < best);
    assert_true(percent_of(&by, &again) > best);
    assert_true(percent_of(&here, &again) == best); /* one of them is not known */
    assert_true(percent_of(&here, &same) == percent_of(&same, &here));
}

static void an_address_or_a_reporter_that_is_not_known_is_nobodys(void **state) {
    static const struct {
        uint64_t of, older;
        bool same;
    } examples[] = {{0, 0, false}, {5, 0, false}, {0, 5, false}, {5, 6, false}, {5, 5, true}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct likeness_report a = report_at(0, 0, "lamp"), b = a;
        struct likeness likeness;
        a.address = a.reporter = examples[i].of;
        b.address = b.reporter = examples[i].older;
        b.lon = NAN;
        likeness_of(&a, &b, &likeness);
        assert_int_equal(likeness.same_address, examples[i].same);
        assert_int_equal(likeness.same_reporter, examples[i].same);
        assert_true(isnan(likeness.metres) && likeness.percent <= 100);
    }
}

/* Kana and the rare characters have no spaces either; what is neither a letter nor a character is skipped. */
static void each_script_has_its_parts(void **state) {
    static const struct {
        const char *text;
        uint32_t parts;
    } examples[] = {{"ひらがな", 3}, {"カタカナ", 3}, {"㐀㐁", 1}, {"𠀀𠀁𠀂", 2},
                    {"——……", 0},     {"ＡＢ", 2},     {"ab", 2},   {"！？", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct likeness_sketch sketch;
        likeness_sketch(examples[i].text, NULL, &sketch);
        if (sketch.count != examples[i].parts)
            fail_msg("%s: %u", examples[i].text, sketch.count);
    }
}

static void it_falls_with_every_metre(void **state) {
    struct likeness_report here = report_at(0, 1, "lamp out");
    uint32_t last = 100;
    (void)state;
    for (int metres = 0; metres <= 200; metres += 20) {
        struct likeness_report there = report_at(metres, 0, "the lamp is out");
        uint32_t now = percent_of(&here, &there);
        if (now >= last)
            fail_msg("%d m: %u after %u", metres, now, last);
        last = now;
    }
}

static void the_reasons_stand_in_both_languages(void **state) {
    static const struct {
        struct likeness likeness;
        const char *words;
    } cases[] = {
        {{.same_item = true, .metres = 12.4, .hours = 3.2, .text = 0.614},
         "same item, 12 m, 3 h, text 0.61 / 同一事项，相距12米，相隔3小时，文字相似0.61"},
        {{.metres = NAN, .hours = 0, .text = NAN, .same_address = true, .same_reporter = true},
         "item of the same group, same address, 0 h, same reporter / 同类事项，同一地址，相隔0小时，同一反映人"},
        {{.same_item = true, .metres = 0, .hours = 1440, .text = NAN},
         "same item, 0 m, 1440 h / 同一事项，相距0米，相隔1440小时"},
    };
    char words[LIKENESS_WORDS_MAX + 1];
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        likeness_words(&cases[i].likeness, words);
        assert_string_equal(words, cases[i].words);
    }
    struct likeness longest = {.metres = 2e7, .hours = 1e9, .text = 0.5, .same_address = true, .same_reporter = true};
    likeness_words(&longest, words);
    assert_true(strlen(words) < LIKENESS_WORDS_MAX);
}

/* ---- where to look ------------------------------------------------------------------------------------------------------------ */

#define AROUND 1050 /* units, as in intake_candidates */

static bool finds(const struct likeness_spot *from, const struct likeness_spot *to) {
    struct likeness_cell cells[LIKENESS_CELLS], own[LIKENESS_CELLS];
    size_t count = likeness_cells(from, cells);
    if (likeness_cells(to, own) == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (cells[i].number == own[0].number)
            return abs(cells[i].x - own[0].x) <= AROUND && abs(cells[i].y - own[0].y) <= AROUND;
    return false;
}

/* Wherever on earth, and wherever in its cell: a report finds all that lie within its metres. */
static void whoever_is_near_enough_is_found(void **state) {
    static const double latitudes[] = {-54.8, -0.0003, 0, 0.0004, 33.58, 42.36, 59.9, 69.6};
    srand(7);
    (void)state;
    for (size_t i = 0; i < LENGTH(latitudes); i++) {
        for (int trial = 0; trial < 4000; trial++) {
            double angle = rand() % 628 / 100.0, far = rand() % 1000 / 1000.0 * 99.9;
            struct likeness_spot a = {.group = "roads", .area = "x", .metres = 100};
            a.lat = latitudes[i] + rand() % 10000 / 1e6;
            a.lon = (trial % 2 ? 114.02 : -71.06) + rand() % 10000 / 1e6;
            struct likeness_spot b = a;
            b.lat += far * sin(angle) * METRE;
            b.lon += far * cos(angle) * METRE / cos(a.lat * 0.017453292519943295);
            if (!finds(&a, &b) || !finds(&b, &a))
                fail_msg("%f %f and %f %f: %f m", a.lat, a.lon, b.lat, b.lon, far);
        }
    }
}

/* One look into the index costs as much as some candidates, so the cells that no candidate can lie in are left out. */
static void few_cells_are_looked_into(void **state) {
    size_t sum = 0, trials = 20000;
    srand(7);
    (void)state;
    for (size_t trial = 0; trial < trials; trial++) {
        struct likeness_spot a = {.group = "roads", .area = "x", .metres = 100};
        struct likeness_cell cells[LIKENESS_CELLS];
        a.lat = 33.58 + rand() % 100000 / 1e6;
        a.lon = 114.02 + rand() % 100000 / 1e6;
        sum += likeness_cells(&a, cells);
        int64_t place = likeness_place(&cells[0]);
        assert_true(place > 0 && place >> 24 == cells[0].number);
        assert_int_equal(place >> 12 & 4095, cells[0].y);
        assert_int_equal(place & 4095, cells[0].x);
    }
    assert_true(sum > trials * 2 && sum < trials * 9 / 4);
}

/* 150 m off is often the same cell; that it is too far is told from the place alone. */
static void whoever_shares_the_cell_and_is_far_is_not_read(void **state) {
    struct likeness_spot a = {.group = "roads", .area = "x", .lat = 33.58, .lon = 114.02, .metres = 100}, b = a;
    (void)state;
    for (int i = 0; i < 16; i++) {
        a.lat = 33.58 + i * 50 * METRE;
        b.lat = a.lat + 150 * METRE;
        assert_false(finds(&a, &b));
        assert_false(finds(&b, &a));
    }
}

static void whoever_is_far_or_of_another_group_is_not(void **state) {
    struct likeness_spot a = {.group = "roads", .area = "x", .lat = 33.58, .lon = 114.02, .metres = 100}, b = a;
    (void)state;
    b.lat += 500 * METRE;
    assert_false(finds(&a, &b));
    b = a;
    b.group = "water";
    assert_false(finds(&a, &b));
}

static void without_a_point_the_address_in_the_area_is_the_place(void **state) {
    struct likeness_spot a = {.group = "roads", .area = "x", .lat = NAN, .lon = NAN, .address = 5, .metres = 100},
                         b = a;
    struct likeness_cell cells[LIKENESS_CELLS];
    (void)state;
    assert_int_equal(likeness_cells(&a, cells), 1);
    assert_true(finds(&a, &b));
    b.area = "y";
    assert_false(finds(&a, &b));
    b = a;
    b.address = 6;
    assert_false(finds(&a, &b));
    a.address = 0;
    assert_int_equal(likeness_cells(&a, cells), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_as_alike_as_their_parts),
        cmocka_unit_test(a_text_that_says_nothing_is_like_none),
        cmocka_unit_test(a_title_and_a_description_are_one_text),
        cmocka_unit_test(of_a_long_text_a_sample_stands_for_all),
        cmocka_unit_test(addresses_are_the_same_however_they_are_written),
        cmocka_unit_test(what_speaks_for_one_matter_raises_the_score),
        cmocka_unit_test(an_address_or_a_reporter_that_is_not_known_is_nobodys),
        cmocka_unit_test(each_script_has_its_parts),
        cmocka_unit_test(it_falls_with_every_metre),
        cmocka_unit_test(the_reasons_stand_in_both_languages),
        cmocka_unit_test(whoever_is_near_enough_is_found),
        cmocka_unit_test(few_cells_are_looked_into),
        cmocka_unit_test(whoever_shares_the_cell_and_is_far_is_not_read),
        cmocka_unit_test(whoever_is_far_or_of_another_group_is_not),
        cmocka_unit_test(without_a_point_the_address_in_the_area_is_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
