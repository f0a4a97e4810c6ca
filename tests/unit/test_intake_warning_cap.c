/* Public warnings as CAP 1.2: services/intake/warning_cap.c, read back by common/cap.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cap.h"
#include "services/intake/warning_cap.h"

static struct zone *zone;

static struct warning example(void) {
    return (struct warning){.case_id = 128,
                            .number = 3,
                            .kind = "Update",
                            .severity = "orange",
                            .sent_at = 1788222600000,
                            .expires_at = 1788244200000,
                            .before = "1 1788200000 2 1788210000",
                            .category = "Safety",
                            .urgency = "Immediate",
                            .certainty = "Observed",
                            .event = {"Gas <leak> & \"fire\"", "燃气泄漏"},
                            .instruction = {"Keep away.", "请远离现场。"},
                            .area_name = {"Mill Village", "磨坊村"},
                            .area = "n_mill_1",
                            .lat = 33.6,
                            .lon = 114.0,
                            .metres = 500,
                            .rings = ""};
}

static char *written(const struct warning *warning) {
    struct emit emit = {.format = EMIT_XML};
    warning_write(&emit, warning,
                  &(struct warning_origin){.city = "luohe",
                                           .sender = "warnings@example",
                                           .sender_name = "Luohe",
                                           .zone = zone,
                                           .web = "http://example/warnings/128-3.xml"});
    bytes_append(&emit.out, "", 1);
    return (char *)emit.out.data;
}

static struct cap_alert *read_back(const struct warning *warning) {
    struct cap_alert *alert = NULL;
    struct reason why = {.field = ""};
    char *text = written(warning);
    if (cap_read(&alert, (const uint8_t *)text, strlen(text), &why) != 0)
        fail_msg("%s: %s\n%s", why.field, why.text, text);
    free(text);
    return alert;
}

static void what_is_written_is_read_back_by_our_own_reader(void **state) {
    struct warning warning = example();
    struct cap_alert *alert = read_back(&warning);
    (void)state;
    assert_string_equal(alert->identifier, "luohe-128-3");
    assert_string_equal(alert->sender, "warnings@example");
    assert_string_equal(alert->kind, "Update");
    assert_string_equal(alert->status, "Actual");
    assert_string_equal(alert->scope, "Public");
    assert_string_equal(alert->sent, "2026-09-01T08:30:00+08:00");
    assert_string_equal(alert->references, "warnings@example,luohe-128-1,2026-09-01T02:13:20+08:00 "
                                           "warnings@example,luohe-128-2,2026-09-01T05:00:00+08:00");
    assert_int_equal(alert->info_count, 2);
    assert_string_equal(alert->infos[0].event, "Gas <leak> & \"fire\"");
    assert_string_equal(alert->infos[0].language, "en-US");
    assert_string_equal(alert->infos[0].headline, "Gas <leak> & \"fire\": Mill Village");
    assert_string_equal(alert->infos[0].expires, "2026-09-01T14:30:00+08:00");
    assert_string_equal(alert->infos[1].language, "zh-CN");
    assert_string_equal(alert->infos[1].headline, "燃气泄漏：磨坊村");
    assert_string_equal(alert->infos[1].instruction, "请远离现场。");
    assert_string_equal(alert->infos[1].areas[0].geocodes[0].value, "n_mill_1");
    assert_true(fabs(alert->infos[0].areas[0].lat - 33.6) < 1e-6 && fabs(alert->infos[0].areas[0].lon - 114.0) < 1e-6);
    cap_close(&alert);
}

static void the_citys_colours_are_the_standards_words(void **state) {
    static const char *const examples[][2] = {
        {"blue", "Minor"}, {"yellow", "Moderate"}, {"orange", "Severe"}, {"red", "Extreme"}, {"pink", "Unknown"}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct warning warning = example();
        warning.severity = examples[i][0];
        struct cap_alert *alert = read_back(&warning);
        assert_string_equal(alert->infos[0].severity, examples[i][1]);
        cap_close(&alert);
    }
}

static void a_cancellation_says_all_clear_and_gives_no_instruction(void **state) {
    struct warning warning = example();
    (void)state;
    warning.kind = "Cancel";
    char *text = written(&warning);
    assert_non_null(strstr(text, "<responseType>AllClear</responseType>"));
    assert_non_null(strstr(text, "<urgency>Past</urgency>"));
    assert_null(strstr(text, "<instruction>"));
    free(text);
}

static void english_alone_is_one_info(void **state) {
    struct warning warning = example();
    (void)state;
    warning.event[1] = warning.before = "";
    warning.kind = "Alert";
    struct cap_alert *alert = read_back(&warning);
    assert_int_equal(alert->info_count, 1);
    assert_string_equal(alert->references, "");
    cap_close(&alert);
}

static size_t count(const char *text, const char *word) {
    size_t found = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        found++;
    return found;
}

static void a_border_is_closed_and_a_long_one_is_thinned(void **state) {
    char ring[40000], *to = ring;
    struct warning warning = example();
    (void)state;
    warning.event[1] = "";
    warning.rings = "114 33 114.5 33 114.5 33.5;115 34 115.5 34 115 34.5;116 35 116 36";
    char *text = written(&warning);
    assert_non_null(strstr(text, "<polygon>33.00000,114.00000 33.00000,114.50000 33.50000,114.50000 "
                                 "33.00000,114.00000</polygon>"));
    assert_int_equal(count(text, "<polygon>"), 2); /* two points are no polygon */
    assert_null(strstr(text, "<circle>"));
    free(text);
    for (int i = 0; i < 1000; i++)
        to += snprintf(to, 40, "%s%.5f %.5f", i > 0 ? " " : "", 114 + cos(i * 0.006283), 33 + sin(i * 0.006283));
    warning.rings = ring;
    text = written(&warning);
    const char *polygon = strstr(text, "<polygon>");
    size_t points = 0;
    for (const char *at = polygon; strncmp(at, "</polygon>", 10) != 0; at++)
        points += *at == ',';
    assert_in_range(points, WARNING_POINTS_MAX / 2, WARNING_POINTS_MAX + 1);
    free(text);
    struct cap_alert *alert = read_back(&warning);
    assert_true(fabs(alert->infos[0].areas[0].lat - 33) < 0.05);
    cap_close(&alert);
}

static void without_a_middle_the_area_is_named_only(void **state) {
    struct warning warning = example();
    (void)state;
    warning.lat = warning.lon = NAN;
    char *text = written(&warning);
    assert_null(strstr(text, "<circle>"));
    assert_non_null(strstr(text, "<areaDesc>Mill Village</areaDesc>"));
    free(text);
}

static int open_zone(void **state) {
    struct reason why;
    (void)state;
    return zone_open(&zone, "Asia/Shanghai", &why);
}

static int close_zone(void **state) {
    (void)state;
    zone_close(&zone);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_by_our_own_reader),
        cmocka_unit_test(the_citys_colours_are_the_standards_words),
        cmocka_unit_test(a_cancellation_says_all_clear_and_gives_no_instruction),
        cmocka_unit_test(english_alone_is_one_info),
        cmocka_unit_test(a_border_is_closed_and_a_long_one_is_thinned),
        cmocka_unit_test(without_a_middle_the_area_is_named_only),
    };
    return cmocka_run_group_tests(tests, open_zone, close_zone);
}
