#include "common/filter.h"

#include "tests/unit/small_city.h"

static struct city *city;

static int open_city(void **state) {
    struct city_draft *draft;
    if (make_folder(state) != 0 || city_folder_open(&city, &draft, folder) != 0)
        return -1;
    city_draft_close(&draft);
    return 0;
}

static int close_city(void **state) {
    city_close(&city);
    return remove_folder(state);
}

/* Area g lies in v, v in t, t in c, c in s; item drain is part of leak. */
static const struct case_moved moved = {.case_id = 1,
                                        .version = 1,
                                        .at = 1,
                                        .move = "sign",
                                        .state = "handling",
                                        .tier = 2,
                                        .severity = "yellow",
                                        .channel = "hotline",
                                        .item = "drain",
                                        .area = "g"};

static void every_term_must_hold(void **state) {
    static const struct {
        const char *filter;
        bool wanted;
    } cases[] = {
        {"", true},
        {" ", true},
        {"area=g", true},
        {"area=v", true},
        {"area=s", true},
        {"area=w", false},
        {"area!=w", true},
        {"area!=t", false},
        {"area=w,t", true},
        {"area!=w,t", false},
        {"area=t area!=v", false},
        {"item=drain", true},
        {"item=leak", true},
        {"item=noise", false},
        {"item!=leak", false},
        {"channel=hotline", true},
        {"channel=sensor", false},
        {"severity=orange,yellow", true},
        {"severity!=blue", true},
        {"kind=sign", true},
        {"kind=open,escalate", false},
        {"tier=2", true},
        {"tier=1,3,4", false},
        {"state=handling", true},
        {"state!=handling", false},
        {"area=s item=leak channel=hotline severity=yellow kind=sign tier=2 state=handling", true},
        {"area=s item=leak channel=hotline severity=yellow kind=sign tier=2 state=closed", false},
        {"  area=v   tier=2  ", true},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct filter filter;
        struct reason why;
        if (filter_parse(&filter, cases[i].filter, city, &why) != 0)
            fail_msg("%s: %s", cases[i].filter, why.text);
        if (filter_match(&filter, city, &moved) != cases[i].wanted)
            fail_msg("%s", cases[i].filter);
    }
}

static void what_the_city_has_no_more_matches_itself(void **state) {
    struct filter filter;
    struct reason why;
    struct case_moved old = moved;
    (void)state;
    strcpy(old.area, "gone");
    strcpy(old.item, "gone");
    assert_int_equal(filter_parse(&filter, "area=gone item=gone", NULL, &why), 0);
    assert_true(filter_match(&filter, city, &old));
    assert_false(filter_match(&filter, city, &moved));
    assert_int_equal(filter_parse(&filter, "area=s", NULL, &why), 0);
    assert_false(filter_match(&filter, city, &old));
    assert_false(filter_match(&filter, NULL, &moved)); /* without a city nothing lies below */
    assert_int_equal(filter_parse(&filter, "item=leak channel=hotline", NULL, &why), 0);
    assert_true(filter_match(&filter, city, &moved));
    assert_false(filter_match(&filter, NULL, &moved));
}

static void what_is_no_filter_is_refused(void **state) {
    static const struct {
        const char *filter, *why;
    } cases[] = {
        {"colour=red", "\"colour\" is no field"},
        {"=red", "\"\" is no field"},
        {"severity", "needs = or !="},
        {"severity!red", "needs = or !="},
        {"severity =red", "needs = or !="},
        {"severity=", "1 to 48 bytes"},
        {"severity=red,", "1 to 48 bytes"},
        {"severity=red,,blue", "1 to 48 bytes"},
        {"severity=purple", "no severity \"purple\""},
        {"kind=dance", "no kind \"dance\""},
        {"a_field_with_a_name_that_is_longer_than_anybody_shows=1", "\"a_field_with_a_name_that_is_longer_than_\""},
        {"tier=0", "no tier \"0\""},
        {"state=asleep", "no state \"asleep\""},
        {"tier=5", "no tier \"5\""},
        {"tier=12", "no tier \"12\""},
        {"state=none", "no state \"none\""},
        {"area=nowhere", "no area \"nowhere\""},
        {"item=nothing", "no item \"nothing\""},
        {"channel=pigeon", "no channel \"pigeon\""},
        {"area=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1 to 48 bytes"},
        {"tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 tier=1 "
         "tier=1 tier=1",
         "more than 16 terms"},
    };
    char longest[FILTER_TEXT_MAX + 2];
    struct filter filter;
    struct reason why;
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        if (filter_parse(&filter, cases[i].filter, city, &why) == 0)
            fail_msg("%s was taken", cases[i].filter);
        assert_string_equal(why.field, "filter");
        if (strstr(why.text, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].filter, why.text);
    }
    memset(longest, ' ', sizeof longest);
    longest[FILTER_TEXT_MAX + 1] = '\0';
    assert_int_equal(filter_parse(&filter, longest, city, &why), -1);
    longest[FILTER_TEXT_MAX] = '\0';
    assert_int_equal(filter_parse(&filter, longest, city, &why), 0);
    memcpy(longest, "tier=", 5); /* as many codes as there is room for */
    for (int i = 5; i < FILTER_TEXT_MAX; i++)
        longest[i] = i % 2 == 1 ? '2' : ',';
    longest[FILTER_TEXT_MAX - (FILTER_TEXT_MAX % 2 == 1)] = '\0';
    assert_int_equal(filter_parse(&filter, longest, city, &why), 0);
    assert_true(filter_match(&filter, city, &moved));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_term_must_hold),
        cmocka_unit_test(what_the_city_has_no_more_matches_itself),
        cmocka_unit_test(what_is_no_filter_is_refused),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
