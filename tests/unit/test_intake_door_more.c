/* The door of a city whose borders lie in each other, and of an item with more questions than there is room to name. */
#include "services/intake/door.h"

#include <math.h>

#include "tests/unit/small_city.h"

#define NOW INT64_C(1767225600000) /* 2026-01-01 */
#define LONG_CODE "a_question_with_a_code_as_long_as_any_may_be___"
#define OVER_CODE "a_question_whose_name_is_a_byte_too_long__" /* with which the list had 241 bytes */
#define FITS_CODE "a_question_whose_name_just_fits_into_it__"  /* with which it has 240 */

static struct city *city;

static int open_city(void **state) {
    struct city_draft *draft;
    if (make_folder(state) != 0)
        return -1;
    write_file("areas.csv", "code,name_en,name_zh,parent,tier,stat_code,code_year,lat,long\n"
                            "s,Small,,,4,411100,2023,,\nc,County,,s,3,,,,\nz,Zone,,s,3,,,,\nt,Township,,c,2,,,,\n"
                            "v,Village,,t,1,,,,\nw,Other village,,t,1,,,,\n");
    write_file(
        "fences.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"s\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[113.0,33.0],[115.0,33.0],[115.0,34.0],[113.0,34.0],[113.0,33.0]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"t\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[114.0,33.4],[114.4,33.4],[114.4,33.8],[114.0,33.8],[114.0,33.4]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"v\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[114.1,33.5],[114.2,33.5],[114.2,33.6],[114.1,33.6],[114.1,33.5]]]}}]}");
    write_file("door.csv", "item,text_least,photo,place,happened_days,duplicate_metres,duplicate_hours,link_percent\n"
                           "drain,,needed,no,,,,\nnoise,,no,no,,,,\nsign,,no,no,,,,\n");
    write_file("questions.csv", "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\n"
                                "sign,a,string,yes,1?,,,\nsign," LONG_CODE "2,string,no,2?,,,\n"
                                "sign," LONG_CODE "3,string,no,3?,,,\nsign," LONG_CODE "4,string,no,4?,,,\n"
                                "sign," OVER_CODE ",string,no,5?,,,\nsign," FITS_CODE ",string,no,6?,,,\n");
    write_file("sources.csv", "code,channel,name_en,name_zh,adapter,item,area,datum,per_minute\n"
                              "police,hotline,Police,,http,,,,\nlist,hotline,List,,submit,,,,\n");
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

static int look(const char *item, struct submit *submit, struct door_ask ask, struct door_found *found,
                struct reason *why) {
    strcpy(submit->key, "k");
    strcpy(submit->channel, "hotline");
    strcpy(submit->item, item);
    strcpy(submit->title, "a matter");
    ask.city = city;
    ask.now = NOW;
    *why = (struct reason){.field = ""};
    return door_look(&ask, submit, found, why);
}

static void a_border_agrees_with_those_around_and_in_it(void **state) {
    static const struct {
        const char *area;
        double lat, lon;
        const char *field; /* NULL: taken */
    } examples[] = {
        {"v", 33.55, 114.15, NULL}, {"t", 33.55, 114.15, NULL},   /* around it */
        {"v", 33.45, 114.05, NULL},                               /* the township around both holds the point */
        {"w", 33.45, 114.05, NULL}, {"w", 33.55, 114.15, "area"}, /* in the other village */
        {"t", 33.05, 113.05, NULL}, {"c", 33.05, 113.05, NULL},   /* has no border below the whole city's */
        {"z", 33.55, 114.15, NULL},                               /* so it may lie anywhere in it */
        {"s", 33.05, 113.05, NULL}, {"s", 35.05, 113.05, "lat"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct submit submit = {.lat = examples[i].lat, .lon = examples[i].lon};
        struct door_found found;
        struct reason why;
        strcpy(submit.area, examples[i].area);
        int status = look("noise", &submit, (struct door_ask){.asks = true}, &found, &why);
        if ((status == 0) != (examples[i].field == NULL) || (status != 0 && strcmp(why.field, examples[i].field) != 0))
            fail_msg("%zu: %s: %s", i, why.field, why.text);
    }
}

static void names_that_find_no_room_are_left_out_whole(void **state) {
    struct submit submit = {.area = "v", .lat = NAN, .lon = NAN};
    struct door_found found;
    struct reason why;
    (void)state;
    assert_int_equal(look("sign", &submit, (struct door_ask){.asks = true}, &found, &why), -1);
    assert_string_equal(why.field, "attribute.a");
    assert_int_equal(look("sign", &submit, (struct door_ask){.asks = true, .lists = true}, &found, &why), 0);
    assert_true(found.lacks);
    assert_string_equal(found.missing, "attribute.a attribute." LONG_CODE "2 attribute." LONG_CODE
                                       "3 attribute." LONG_CODE "4 attribute." FITS_CODE);
}

static void a_picture_elsewhere_is_a_picture(void **state) {
    struct submit submit = {.area = "v", .lat = NAN, .lon = NAN};
    struct door_found found;
    struct reason why;
    (void)state;
    assert_int_equal(look("drain", &submit, (struct door_ask){.asks = true}, &found, &why), -1);
    assert_string_equal(why.field, "files");
    strcpy(submit.media_url, "https://example.org/1.jpg");
    assert_int_equal(look("drain", &submit, (struct door_ask){.asks = true}, &found, &why), 0);
    assert_int_equal(found.score, 100);
}

static void who_speaks_for_a_person_can_be_asked(void **state) {
    (void)state;
    assert_true(door_asks(city, "http"));
    assert_true(door_asks(city, "police"));
    assert_false(door_asks(city, "list"));
    assert_false(door_asks(city, "nobody"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_border_agrees_with_those_around_and_in_it),
        cmocka_unit_test(names_that_find_no_room_are_left_out_whole),
        cmocka_unit_test(a_picture_elsewhere_is_a_picture),
        cmocka_unit_test(who_speaks_for_a_person_can_be_asked),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
