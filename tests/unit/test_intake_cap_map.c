#include "services/intake/cap_map.h"

#include <math.h>

#include "tests/unit/small_city.h"

static struct city *open_city_with_warnings(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("sources.csv", "code,channel,name_en,name_zh,adapter,item,area,datum,per_minute\n"
                              "w,sensor,W,,cap,noise,s,,\n");
    write_file("source_fields.csv", "source,field,at,needed,fallback,format\n"
                                    "w,item,event,,,\nw,area,geocode,,,\nw,language,,,zh-CN,\n");
    write_file("source_values.csv", "source,field,theirs,ours\nw,item,Rain,drain\nw,item,*,noise\n"
                                    "w,area,100,c\nw,area,200,t\n");
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    city_draft_close(&draft);
    return city;
}

static int remove_warnings(void **state) {
    static const char *const files[] = {"sources.csv", "source_fields.csv", "source_values.csv"};
    char path[128];
    for (size_t i = 0; i < LENGTH(files); i++) {
        path_of(path, sizeof path, files[i]);
        unlink(path);
    }
    return remove_folder(state);
}

static struct cap_alert *make_alert(void) {
    struct cap_alert *alert = calloc(1, sizeof *alert);
    assert_non_null(alert);
    strcpy(alert->identifier, "A1");
    strcpy(alert->sender, "s@x");
    strcpy(alert->sent, "2026-09-01T08:30:00+08:00");
    strcpy(alert->status, "Actual");
    strcpy(alert->kind, "Alert");
    alert->info_count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct cap_info *info = &alert->infos[i];
        strcpy(info->language, i == 0 ? "en-US" : "zh");
        strcpy(info->event, "Rain");
        strcpy(info->severity, "Severe");
        strcpy(info->urgency, "Future");
        strcpy(info->certainty, "Likely");
        strcpy(info->description, "wet");
        strcpy(info->instruction, "stay in");
    }
    return alert;
}

static void put_area(struct cap_info *info, const char *first, const char *second) {
    struct cap_area *area = &info->areas[info->area_count++];
    area->lat = area->lon = NAN;
    strcpy(area->desc, "somewhere");
    strcpy(area->geocodes[0].value, first);
    strcpy(area->geocodes[1].value, second);
    area->geocode_count = 2;
}

static void each_area_of_the_city_gives_one_report(void **state) {
    struct city *city = open_city_with_warnings();
    struct cap_alert *alert = make_alert();
    const struct source *source = city_source(city, "w");
    struct submit *reports = calloc(CAP_AREAS_MAX, sizeof *reports);
    struct reason why = {.text = ""};
    size_t count = 0;
    char key[65];
    (void)state;
    assert_non_null(reports);
    const struct cap_origin origin = {source, city_zone(city), alert, cap_info_for(alert, source)};
    assert_ptr_equal(origin.info, &alert->infos[1]); /* in the source's language */
    put_area(&alert->infos[1], "unknown here", "100");
    put_area(&alert->infos[1], "200", "x");
    put_area(&alert->infos[1], "100", "x");
    if (cap_reports(&origin, reports, &count, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    assert_int_equal(count, 2);
    assert_string_equal(reports[0].area, "c");
    assert_string_equal(reports[1].area, "t");
    assert_string_equal(reports[0].item, "drain");
    assert_string_equal(reports[0].title, "Rain"); /* there is no headline */
    assert_string_equal(reports[0].description, "wet\nstay in");
    assert_string_equal(reports[0].attributes,
                        "{\"severity\":\"Severe\",\"urgency\":\"Future\",\"certainty\":\"Likely\"}");
    assert_int_equal(reports[0].occurred_at, 1788222600000);
    cap_key(key, "s@x,A1,2026-09-01T08:30:00+08:00", 1);
    assert_string_equal(reports[1].key, key); /* as an update refers to it */
    alert->infos[1].area_count = 0;
    assert_int_equal(cap_reports(&origin, reports, &count, &why), 0);
    assert_int_equal(count, 1);
    assert_string_equal(reports[0].area, "s");
    free(reports);
    cap_close(&alert);
    city_close(&city);
}

static void a_long_text_is_cut_at_a_character(void **state) {
    struct city *city = open_city_with_warnings();
    struct cap_alert *alert = make_alert();
    const struct cap_origin origin = {city_source(city, "w"), city_zone(city), alert, &alert->infos[0]};
    struct submit *report = calloc(CAP_AREAS_MAX, sizeof *report);
    struct reason why = {.text = ""};
    size_t count;
    (void)state;
    assert_non_null(report);
    for (int i = 0; i < 3000; i += 3)
        strcpy(alert->infos[0].description + i, "雨");
    strcpy(alert->infos[0].description + 3000, "x");
    for (int i = 3001; i < 9000; i += 3)
        strcpy(alert->infos[0].description + i, "雨");
    if (cap_reports(&origin, report, &count, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    assert_in_range(strlen(report[0].description), 3998, 4000);
    free(report);
    cap_close(&alert);
    city_close(&city);
}

static void a_field_is_called_as_in_the_alert(void **state) {
    static const char *const names[][2] = {{"item", "event"},
                                           {"area", "geocode"},
                                           {"lat", "area"},
                                           {"long", "area"},
                                           {"title", "headline"},
                                           {"occurred_at", "sent"},
                                           {"description", "description"}};
    struct city *city = open_city_with_warnings();
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_string_equal(source_place(city_source(city, "w"), names[i][0]), names[i][1]);
    city_close(&city);
    (void)state;
}

static void only_actual_alerts_become_reports(void **state) {
    static const struct {
        const char *status, *kind, *references, *field; /* NULL: taken */
    } cases[] = {
        {"Actual", "Alert", "", NULL},          {"Actual", "Update", "a,b,c", NULL},
        {"Actual", "Cancel", "a,b,c", NULL},    {"Exercise", "Alert", "", "status"},
        {"Test", "Alert", "", "status"},        {"Draft", "Alert", "", "status"},
        {"Actual", "Ack", "a", "msgType"},      {"Actual", "Error", "a", "msgType"},
        {"Actual", "Update", "", "references"}, {"Actual", "Cancel", "", "references"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct cap_alert *alert = make_alert();
        struct reason why = {.field = ""};
        strcpy(alert->status, cases[i].status);
        strcpy(alert->kind, cases[i].kind);
        strcpy(alert->references, cases[i].references);
        int status = cap_check(alert, &why);
        if ((status == 0) != (cases[i].field == NULL) || (status != 0 && strcmp(why.field, cases[i].field) != 0))
            fail_msg("case %zu: %d %s", i, status, why.field);
        cap_close(&alert);
    }
}

static void an_alert_for_few_is_not_taken_where_all_can_read_it(void **state) {
    static const struct {
        const char *scope, *privacy;
        int refused;
    } cases[] = {{"Public", "public", 0},
                 {"Private", "public", -1},
                 {"Restricted", "public", -1},
                 {"Private", "internal", 0},
                 {"Restricted", "restricted", 0}};
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct cap_alert *alert = make_alert();
        struct channel channel = {.code = "c"};
        struct reason why = {.field = ""};
        strcpy(alert->scope, cases[i].scope);
        strcpy(channel.privacy, cases[i].privacy);
        assert_int_equal(cap_check_scope(alert, &channel, &why), cases[i].refused);
        assert_string_equal(why.field, cases[i].refused == 0 ? "" : "scope");
        cap_close(&alert);
    }
}

static void of_many_references_the_last_ones_are_kept(void **state) {
    struct cap_alert *alert = make_alert();
    char found[CAP_REFERENCES_MAX][CAP_REFERENCE_MAX + 1];
    bool has_last = false;
    (void)state;
    for (int i = 0; i < 12; i++)
        sprintf(alert->references + strlen(alert->references), "s,a%d,t\n ", i);
    assert_int_equal(cap_references(alert, found), CAP_REFERENCES_MAX);
    for (size_t i = 0; i < CAP_REFERENCES_MAX; i++) {
        assert_string_not_equal(found[i], "s,a0,t");
        has_last = has_last || strcmp(found[i], "s,a11,t") == 0;
    }
    assert_true(has_last);
    cap_close(&alert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_for_few_is_not_taken_where_all_can_read_it),
        cmocka_unit_test_setup_teardown(each_area_of_the_city_gives_one_report, make_folder, remove_warnings),
        cmocka_unit_test_setup_teardown(a_long_text_is_cut_at_a_character, make_folder, remove_warnings),
        cmocka_unit_test_setup_teardown(a_field_is_called_as_in_the_alert, make_folder, remove_warnings),
        cmocka_unit_test(only_actual_alerts_become_reports),
        cmocka_unit_test(of_many_references_the_last_ones_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
