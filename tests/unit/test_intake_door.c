#include "services/intake/door.h"

#include <math.h>

#include "common/city_door.h"
#include "tests/unit/small_city.h"

#define NOW INT64_C(1767225600000) /* 2026-01-01 */
#define DAY INT64_C(86400000)

static struct city *city;

static int open_city(void **state) {
    struct city_draft *draft;
    if (make_folder(state) != 0)
        return -1;
    write_file("areas.csv", "code,name_en,name_zh,parent,tier,stat_code,code_year,lat,long\n"
                            "s,Small,小城,,4,411100,2023,33.50,114.00\n"
                            "c,County,东县,s,3,,,,\nd,Other county,西县,s,3,,,,\nz,Zone,,s,3,,,,\n"
                            "t,Township,河镇,c,2,,,33.5,114.05\nv,Village,柳村,t,1,,,33.51,114.06\n"
                            "w,Other village,杨村,t,1,,,33.49,114.04\ng,Grid,,v,1,,,,\n");
    write_file(
        "fences.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"c\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[114.0,33.4],[114.1,33.4],[114.1,33.6],[114.0,33.6],[114.0,33.4]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"d\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[113.9,33.4],[114.0,33.4],[114.0,33.6],[113.9,33.6],[113.9,33.4]]]}}]}");
    write_file("door.csv", "item,text_least,photo,place,happened_days,duplicate_metres,duplicate_hours,link_percent\n"
                           ",,,,30,,,\nleak,5,needed,needed,,,,\ndrain,,wanted,wanted,,,,\nsign,,no,no,,,,\n");
    write_file("questions.csv", "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\n"
                                "sign,which,string,no,Which sign?,哪块牌子？,,\n"
                                "drain,depth,number,no,How deep?,多深？,,\n"
                                "sign,kind,singlevaluelist,yes,What kind?,哪一类？,,\n"
                                "sign,faults,multivaluelist,no,What is wrong?,,,\n"
                                "sign,since,datetime,no,Since when?,,,\nsign,more,text,no,What else?,,,\n");
    write_file("choices.csv", "item,question,code,name_en,name_zh\nsign,kind,stop,Stop,停\nsign,faults,bent,Bent,弯\n"
                              "sign,faults,gone,Gone,无\nsign,kind,name,Name,名\n");
    int status = city_folder_open(&city, &draft, folder);
    for (size_t i = 0; status != 0 && i < draft->complaint_count; i++)
        print_error("%zu:%zu %s\n", draft->complaints[i].line, draft->complaints[i].column,
                    draft->complaints[i].why.text);
    city_draft_close(&draft);
    return status;
}

static int close_city(void **state) {
    city_close(&city);
    return remove_folder(state);
}

static struct submit report_of(const char *item) {
    struct submit submit = {.key = "k", .channel = "hotline", .area = "s", .lat = NAN, .lon = NAN};
    strcpy(submit.item, item);
    strcpy(submit.title, "a matter");
    return submit;
}

/* What of a report's place comes out; "!field" when it is refused. */
static void a_place_leads_to_an_area_or_is_refused(void **state) {
    static const struct {
        const char *area;
        double lat, lon;
        const char *datum, *address, *found;
        bool asks, contradicted;
    } cases[] = {
        {"s", NAN, NAN, "", "", "s", true, false},
        {"s", 33.511, 114.061, "", "", "v", true, false}, /* the nearest middle within the border */
        {"s", 33.489, 114.039, "wgs84", "", "w", true, false},
        {"s", 33.41, 113.91, "", "", "d", true, false},               /* no middle near: the border itself */
        {"s", 33.511, 114.061, "", "县里杨村路口", "w", true, false}, /* a name tells better than a middle */
        {"s", 33.511, 114.061, "", "西县", "v", true, false},         /* of another border: not */
        {"s", NAN, NAN, "", "柳村东头", "v", true, false},
        {"s", NAN, NAN, "", "nowhere", "s", true, false},
        {"t", NAN, NAN, "", "柳村东头", "t", true, false},  /* who names an area knows it */
        {"t", NAN, NAN, "", "柳村东头", "v", false, false}, /* a system that knows townships only does not */
        {"c", 33.511, 114.061, "", "柳村东头", "v", false, false},
        {"d", NAN, NAN, "", "柳村东头", "d", false, false}, /* not in it: left as it is */
        {"w", NAN, NAN, "", "柳村东头", "w", false, false},
        {"t", NAN, NAN, "", "", "t", false, false},
        {"s", NAN, NAN, "", "小城某处", "s", true, false},        /* the whole city is no place in it */
        {"s", 33.511, 114.061, "", "东县某处", "v", true, false}, /* nor tells the border around the point more */
        {"t", 33.511, 114.061, "", "", "t", true, false},
        {"w", 33.511, 114.061, "", "", "w", true, false}, /* middles are no borders */
        {"d", 33.511, 114.061, "", "", "!area", true, false},
        {"d", 33.511, 114.061, "", "", "d", false, true},
        {"d", 33.5, 114.004, "", "", "d", true, false}, /* a border is coarse */
        {"d", 33.5, 114.007, "", "", "!area", true, false},
        {"d", 33.5, 114.098, "", "", "!area", true, false}, /* what lies outside of all borders tells nothing */
        {"c", 33.5, 114.104, "", "", "c", true, false},
        {"v", 33.41, 113.91, "", "", "!area", true, false},
        {"z", 33.511, 114.061, "", "", "z", true, false}, /* an area without border may lie anywhere */
        {"s", 33.5, 114.104, "", "", "s", true, false},   /* as coarse as that */
        {"s", 33.5, 114.107, "", "", "!lat", true, false},
        {"s", 33.5, 114.107, "", "", "!lat", false, false},
        {"s", 0, 0, "", "", "!lat", false, false},
        {"v", 51, 0, "", "", "!lat", false, false},
        {"s", 90, 0, "", "", "!lat", false, false}, /* where 500 m are any number of degrees */
        {"s", 33.5, 114.05, "wgs72", "", "!datum", true, false},
        {"s", NAN, NAN, "mercator", "", "!datum", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct door_ask ask = {.city = city, .now = NOW, .asks = cases[i].asks};
        struct submit submit = report_of("noise");
        struct reason why;
        char found[REASON_FIELD_MAX + 2];
        bool contradicted = false;
        strcpy(submit.area, cases[i].area);
        strcpy(submit.datum, cases[i].datum);
        strcpy(submit.address, cases[i].address);
        submit.lat = cases[i].lat;
        submit.lon = cases[i].lon;
        int status = door_place(&ask, &submit, &contradicted, &why);
        snprintf(found, sizeof found, "%s%s", status == 0 ? "" : "!", status == 0 ? submit.area : why.field);
        if (strcmp(found, cases[i].found) != 0 || contradicted != cases[i].contradicted)
            fail_msg("case %zu: %s, %d", i, found, contradicted);
    }
}

static void positions_of_chinese_maps_become_wgs84(void **state) {
    static const char *const datums[] = {"gcj02", "bd09"};
    (void)state;
    for (size_t i = 0; i < LENGTH(datums); i++) {
        const struct door_ask ask = {.city = city, .now = NOW, .asks = true};
        struct submit submit = report_of("noise");
        struct door_found found;
        struct reason why;
        submit.lat = 33.511;
        submit.lon = 114.061;
        strcpy(submit.datum, datums[i]);
        assert_int_equal(door_look(&ask, &submit, &found, &why), 0);
        assert_true(fabs(submit.lon - 114.061) > 0.004 && fabs(submit.lon - 114.061) < 0.02);
        assert_string_equal(submit.datum, "");
    }
}

static void time_is_sane_or_refused(void **state) {
    static const struct {
        int64_t at;
        bool asks;
        const char *outcome; /* "!": refused */
    } cases[] = {
        {0, true, ""},
        {NOW + 9 * 60000, true, ""},
        {NOW + 11 * 60000, true, "!"},
        {NOW + 11 * 60000, false, "!"},
        {INT64_MAX, false, "!"},
        {NOW - 29 * DAY, true, ""},
        {NOW - 31 * DAY, true, "!"},
        {NOW - 31 * DAY, false, "occurred_at"},
        {INT64_MIN, true, "!"},
        {-1, false, "occurred_at"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct door_ask ask = {.city = city, .now = NOW, .asks = cases[i].asks};
        struct submit submit = report_of("noise");
        struct door_found found = {.missing = "?"};
        struct reason why = {.field = ""};
        strcpy(submit.address, "a place");
        submit.occurred_at = cases[i].at;
        int status = door_look(&ask, &submit, &found, &why);
        if ((status != 0) != (cases[i].outcome[0] == '!') || (status != 0 && strcmp(why.field, "occurred_at") != 0) ||
            (status == 0 && strcmp(found.missing, cases[i].outcome) != 0))
            fail_msg("case %zu: %d %s %s", i, status, why.field, found.missing);
    }
}

static void answers_are_checked_by_their_question(void **state) {
    static const struct {
        const char *attributes, *field; /* NULL: taken */
        bool both;                      /* refused of who cannot be asked too */
    } cases[] = {
        {"{\"kind\":\"stop\"}", NULL, false},
        {"{\"kind\":[\"stop\"],\"faults\":[\"bent\",\"gone\"],\"since\":\"2026-05-01T08:30:00+08:00\",\"more\":\"x\\ny\"}",
         NULL, false},
        {"{\"kind\":\"stop\",\"since\":\"2026-05-01\"}", NULL, false},
        {"{\"kind\":\"stop\",\"since\":\"2026-05-01T08:30:00.5Z\"}", NULL, false},
        {"{\"kind\":\"yield\"}", "attribute.kind", false},
        {"{\"kind\":\"\"}", "attribute.kind", false}, /* needed */
        {"{}", "attribute.kind", false},
        {"", "attribute.kind", false},
        {"{\"kind\":[\"stop\",\"name\"]}", "attribute.kind", false},
        {"{\"kind\":\"stop\",\"faults\":[\"bent\",\"red\"]}", "attribute.faults", false},
        {"{\"kind\":\"stop\",\"since\":\"yesterday\"}", "attribute.since", false},
        {"{\"kind\":\"stop\",\"since\":\"2026-13-01\"}", "attribute.since", false},
        {"{\"kind\":\"stop\",\"since\":\"2026-05-01T25:00\"}", "attribute.since", false},
        {"{\"kind\":\"stop\",\"since\":\"2026-05-01T08:30+8\"}", "attribute.since", false},
        {"{\"kind\":\"stop\",\"which\":\"two\\nlines\"}", "attribute.which", false},
        {"{\"kind\":\"stop\",\"colour\":\"red\"}", "attribute.colour", false},
        {"{\"kind\":7}", "attribute.kind", true},
        {"{\"kind\":[\"stop\",7]}", "attribute.kind", true},
        {"{\"kind\":{\"a\":\"b\"}}", "attribute.kind", true},
        {"{\"kind\":\"stop\",\"kind\":\"stop\"}", "attributes", true},
        {"[\"stop\"]", "attributes", true},
        {"{\"kind\":", "attributes", true},
        {"stop", "attributes", true},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (int asks = 0; asks < 2; asks++) {
            const struct door_ask ask = {.city = city, .now = NOW, .asks = asks};
            struct submit submit = report_of("sign");
            struct door_found found;
            struct reason why = {.field = ""};
            strcpy(submit.attributes, cases[i].attributes);
            int status = door_look(&ask, &submit, &found, &why);
            bool refused = cases[i].field != NULL && (asks || cases[i].both);
            if ((status != 0) != refused || (refused && strcmp(why.field, cases[i].field) != 0))
                fail_msg("case %zu, asks %d: %d %s: %s", i, asks, status, why.field, why.text);
        }
}

static void numbers_are_numbers(void **state) {
    static const struct {
        const char *text;
        bool is;
    } cases[] = {{"3", true},    {"-0.5", true}, {"1e3", true},   {"", true /* no answer */}, {"3 m", false},
                 {"nan", false}, {"inf", false}, {"0x10", false}, {"1e999", false},           {"-", false}};
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct door_ask ask = {.city = city, .now = NOW, .asks = true};
        struct submit submit = report_of("drain");
        struct door_found found;
        struct reason why = {.field = ""};
        snprintf(submit.attributes, sizeof submit.attributes, "{\"depth\":\"%s\"}", cases[i].text);
        assert_int_equal(door_look(&ask, &submit, &found, &why) == 0, cases[i].is);
    }
}

static void what_is_missing_lowers_the_score_and_is_named(void **state) {
    static const struct {
        const char *item, *title, *address, *files, *attributes;
        double lat, lon;
        uint64_t score;
        const char *missing;
    } cases[] = {
        {"noise", "loud", "", "", "", 33.511, 114.061, 100, ""},
        {"noise", "loud", "lane 3", "", "", NAN, NAN, 85, ""}, /* words need somebody who knows the place */
        {"noise", "loud", "", "", "", NAN, NAN, 62, "address"},
        {"noise", "", "", "", "", NAN, NAN, 1, "description address"},
        {"leak", "水管爆裂", "", "", "", NAN, NAN, 40, "description address files"}, /* four of five characters */
        {"leak", "水管爆裂了", "", "", "", 33.511, 114.061, 81, "files"},
        {"drain", "full", "", "f", "{\"depth\":\"2\"}", 33.511, 114.061, 100, ""},
        {"drain", "full", "", "f", "", 33.511, 114.061, 80, "attribute.depth"},
        {"sign", "bent", "", "",
         "{\"kind\":\"stop\",\"which\":\"a\",\"faults\":\"bent\",\"since\":\"2026-01-01\",\"more\":\"x\"}", NAN, NAN,
         100, ""},
        {"sign", "bent", "", "", "{\"kind\":\"stop\"}", NAN, NAN, 78,
         "attribute.which attribute.faults attribute.since attribute.more"},
        {"sign", "bent", "", "", "{\"kind\":\"yield\",\"colour\":\"red\"}", NAN, NAN, 67,
         "attribute.kind attribute.which attribute.faults attribute.since attribute.more"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct door_ask ask = {.city = city, .now = NOW};
        struct submit submit = report_of(cases[i].item);
        struct door_found found;
        struct reason why;
        strcpy(submit.title, cases[i].title);
        strcpy(submit.address, cases[i].address);
        strcpy(submit.files, cases[i].files);
        strcpy(submit.attributes, cases[i].attributes);
        submit.lat = cases[i].lat;
        submit.lon = cases[i].lon;
        assert_int_equal(door_look(&ask, &submit, &found, &why), 0);
        if (found.score != cases[i].score || strcmp(found.missing, cases[i].missing) != 0)
            fail_msg("case %zu: %d %s", i, (int)found.score, found.missing);
    }
}

static void who_can_be_asked_is_refused_what_is_needed_or_told_beforehand(void **state) {
    static const struct {
        const char *title, *address, *files, *field;
    } cases[] = {{"bu", "", "", "description"},
                 {"burst", "", "", "address"},
                 {"burst", "lane", "", "files"},
                 {"burst", "lane", "f", NULL}};
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct door_ask ask = {.city = city, .now = NOW, .asks = true};
        struct submit submit = report_of("leak");
        struct door_found found;
        struct reason why;
        strcpy(submit.title, cases[i].title);
        strcpy(submit.address, cases[i].address);
        strcpy(submit.files, cases[i].files);
        assert_int_equal(door_look(&ask, &submit, &found, &why) == 0, cases[i].field == NULL);
        if (cases[i].field != NULL)
            assert_string_equal(why.field, cases[i].field);
        ask.lists = true;
        assert_int_equal(door_look(&ask, &submit, &found, &why), 0);
        assert_int_equal(found.lacks, cases[i].field != NULL);
    }
}

static void what_is_missing_is_said_in_the_readers_language(void **state) {
    (void)state;
    assert_string_equal(door_says(city, "sign", "files", "zh-cn"), "请附上照片。");
    assert_string_equal(door_says(city, "sign", "files", "en"), "Add a picture.");
    assert_string_equal(door_says(city, "sign", "attribute.kind", "zh"), "哪一类？");
    assert_string_equal(door_says(city, "sign", "attribute.faults", "zh"),
                        "What is wrong?"); /* there is none in Chinese */
    assert_string_equal(door_says(city, "sign", "attribute.depth", "en"), "");
    assert_string_equal(door_says(city, "moon", "attribute.kind", "en"), "");
    assert_string_equal(door_says(city, "sign", "key", "en"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_leads_to_an_area_or_is_refused),
        cmocka_unit_test(positions_of_chinese_maps_become_wgs84),
        cmocka_unit_test(time_is_sane_or_refused),
        cmocka_unit_test(answers_are_checked_by_their_question),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(what_is_missing_lowers_the_score_and_is_named),
        cmocka_unit_test(who_can_be_asked_is_refused_what_is_needed_or_told_beforehand),
        cmocka_unit_test(what_is_missing_is_said_in_the_readers_language),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
