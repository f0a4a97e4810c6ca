#include "common/city_place.h"

#include <math.h>
#include <time.h>

#include "tests/unit/small_city.h"

#define AREAS \
    "code,name_en,name_zh,parent,tier,stat_code,code_year,lat,long,also\n" \
    "s,Small City,小城市,,4,,,33.58,114.01,\n" \
    "north,North County,北县,s,3,,,33.7,114.0,\n" \
    "south,South County,南县,s,3,,,33.5,114.0,\n" \
    "wang,Wangzhuang Town,王庄镇,north,2,,,33.71,114.02,\n" \
    "li,Lizhuang Town,李庄镇,north,2,,,33.69,113.97,\n" \
    "wang_mill,Mill Village,磨坊村委会,wang,1,,,,,磨坊村|老磨坊\n" \
    "li_mill,Mill Village,磨坊村委会,li,1,,,,,磨坊村\n" \
    "li_bridge,Bridge Village,石桥村委会,li,1,,,,,石桥村\n"

#define SQUARE(code, south, north) \
    "{\"type\":\"Feature\",\"properties\":{\"code\":\"" code \
    "\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[113.9," south "],[114.1," south "],[114.1," north \
    "],[113.9," north "],[113.9," south "]]]}}"
#define FENCES \
    "{\"type\":\"FeatureCollection\",\"features\":[" SQUARE("north", "33.6", "33.8") "," SQUARE("south", "33.4", \
                                                                                                "33.6") "]}"

static struct city *open_with(const char *fences) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("areas.csv", AREAS);
    write_file("units.csv", "code,name_en,name_zh,kind,tier,area,above\nhall,Hall,,centre,4,s,\n");
    write_file("items.csv", "code,name_en,name_zh,parent,matter,severity,tier,unit_kind,unit,limit,limit_unit\n"
                            "noise,Noise,,,service,yellow,4,centre,,,\n");
    if (fences != NULL)
        write_file("fences.geojson", fences);
    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s:%zu: %s %s", city_table_spec(draft->complaints[0].table)->file, draft->complaints[0].line,
                 draft->complaints[0].why.field, draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static const char *code_of(const struct area *area) {
    return area == NULL ? "" : area->code;
}

static void a_point_leads_to_the_lowest_area_that_is_known_there(void **state) {
    static const struct {
        double lat, lon;
        const char *area;
    } points[] = {
        {33.712, 114.021, "wang"}, {33.692, 113.972, "li"},  {33.79, 114.09, "north"}, /* too far from any town */
        {33.45, 114.0, "south"},   {33.59, 114.02, "south"}, {33.61, 114.05, "north"},
        {33.9, 114.0, ""},         {33.5, 120, ""},          {NAN, 114, ""},
    };
    struct city *city = open_with(FENCES);
    (void)state;
    for (size_t i = 0; i < LENGTH(points); i++) {
        const struct area *area = city_area_at(city, points[i].lat, points[i].lon);
        if (strcmp(code_of(area), points[i].area) != 0)
            fail_msg("%g %g is %s", points[i].lat, points[i].lon, code_of(area));
        assert_int_equal(city_holds(city, points[i].lat, points[i].lon), points[i].area[0] != '\0');
    }
    city_close(&city);
}

static void without_borders_the_nearest_middle_counts(void **state) {
    struct city *city = open_with(NULL);
    (void)state;
    assert_string_equal(code_of(city_area_at(city, 33.712, 114.021)), "wang");
    assert_null(city_area_at(city, 34.5, 114)); /* nothing near */
    assert_true(city_holds(city, 33.8, 114.05));
    assert_false(city_holds(city, 35, 114));
    city_close(&city);
}

static void an_address_names_its_area(void **state) {
    static const struct {
        const char *text, *within, *area;
    } texts[] = {
        {"李庄镇石桥村东头", NULL, "li_bridge"},
        {"石桥村3号", NULL, "li_bridge"},
        {"王庄镇磨坊村路口", NULL, "wang_mill"}, /* two of that name: the town decides */
        {"磨坊村路口", NULL, "north"},           /* or what lies around both */
        {"磨坊村路口", "li", "li_mill"},
        {"老磨坊旁边", NULL, "wang_mill"},
        {"5 Bridge Village", NULL, "li_bridge"},
        {"小城市北县", NULL, "north"},
        {"somewhere else", NULL, ""},
        {"", NULL, ""},
    };
    struct city *city = open_with(NULL);
    (void)state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        const struct area *within = texts[i].within != NULL ? city_area(city, texts[i].within) : NULL;
        const struct area *area = city_area_named(city, texts[i].text, within);
        if (strcmp(code_of(area), texts[i].area) != 0)
            fail_msg("%s is %s", texts[i].text, code_of(area));
    }
    assert_string_equal(city_top(city)->code, "s");
    city_close(&city);
}

static void borders_that_are_none_are_complained_of(void **state) {
    static const struct {
        const char *text, *says;
        size_t line;
    } wrong[] = {
        {"{", "line 1, column 1", 1},
        {"[]", "FeatureCollection", 1},
        {"{\"features\":[" SQUARE("north", "33.6", "33.8") "," SQUARE("nowhere", "33.6", "33.8") "]}",
         "there is no \"nowhere\"", 2},
        {"{\"features\":[{\"properties\":{},\"geometry\":{}}]}", "area's code", 1},
        {"{\"features\":[{\"properties\":{\"code\":\"north\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}]}",
         "Polygon or a MultiPolygon", 1},
        {"{\"features\":[" SQUARE("north", "33.6", "93.8") "]}", "a latitude", 1},
        {"{\"features\":[{\"properties\":{\"code\":\"north\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,4],"
         "[1,2]]]}}]}",
         "at least four points", 1},
        {"{\"features\":[{\"properties\":{\"code\":\"north\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[1,2],[3,\"x\"],"
         "[4,5],[1,2]]]}}]}",
         "at least four points", 1},
    };
    (void)state;
    write_file("areas.csv", AREAS);
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        struct city_draft *draft;
        struct city *city = NULL;
        write_file("fences.geojson", wrong[i].text);
        assert_int_equal(city_folder_open(&city, &draft, folder), -1);
        bool said = false;
        for (size_t n = 0; n < draft->complaint_count; n++)
            said = said || (draft->complaints[n].table == CITY_fences && draft->complaints[n].line == wrong[i].line &&
                            strstr(draft->complaints[n].why.text, wrong[i].says) != NULL);
        if (!said)
            fail_msg("%s: %zu: %s", wrong[i].text, draft->complaints[0].line, draft->complaints[0].why.text);
        city_draft_close(&draft);
    }
}

static void metres_are_those_of_the_earth(void **state) {
    (void)state;
    assert_true(fabs(metres_between(33.58, 114.01, 33.58, 114.02) - 926) < 3);
    assert_true(fabs(metres_between(33.58, 114.01, 33.59, 114.01) - 1112) < 3);
    assert_true(metres_between(33.58, 114.01, 33.58, 114.01) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_point_leads_to_the_lowest_area_that_is_known_there, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(without_borders_the_nearest_middle_counts, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_address_names_its_area, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(borders_that_are_none_are_complained_of, make_folder, remove_folder),
        cmocka_unit_test(metres_are_those_of_the_earth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
