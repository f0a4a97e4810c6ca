#include "common/instant.h"

#include "tests/unit/small_city.h"

static void instants_are_read_as_others_write_them(void **state) {
    static const struct {
        enum instant_format format;
        const char *text;
        int64_t at; /* -1: refused */
    } cases[] = {
        {INSTANT_ISO8601, "2026-09-01T08:30:00+08:00", 1788222600000},
        {INSTANT_ISO8601, "2026-09-01T00:30:00Z", 1788222600000},
        {INSTANT_ISO8601, "2026-09-01T08:30+0800", 1788222600000},
        {INSTANT_ISO8601, "2026-08-31T19:30:00-05:00", 1788222600000},
        {INSTANT_ISO8601, "2026-09-01 08:30:00", 1788222600000}, /* the city's clock */
        {INSTANT_ISO8601, "2026/9/1 8:30", 1788222600000},       /* a spreadsheet's */
        {INSTANT_ISO8601, "2026/09/01 08:30:00", 1788222600000},
        {INSTANT_ISO8601, "2026-09-01T08:30:00.25+08:00", 1788222600250},
        {INSTANT_ISO8601, "2026-09-01T08:30:00.123456789+08:00", 1788222600123},
        {INSTANT_ISO8601, "2026-09-01", 1788192000000},
        {INSTANT_ISO8601, "2026/9/1", 1788192000000},
        {INSTANT_UNIX, "1788222600", 1788222600000},
        {INSTANT_UNIX_MS, "1788222600000", 1788222600000},
        {INSTANT_UNIX, "0", 0},
        {INSTANT_ISO8601, "", -1},
        {INSTANT_ISO8601, "yesterday", -1},
        {INSTANT_ISO8601, "2026-02-30", -1},
        {INSTANT_ISO8601, "2026-9/1", -1},
        {INSTANT_ISO8601, "26-09-01", -1},
        {INSTANT_ISO8601, "2026-09-01T24:00:00Z", -1},
        {INSTANT_ISO8601, "2026-09-01T08:60:00Z", -1},
        {INSTANT_ISO8601, "2026-09-01T08:30:61Z", -1},
        {INSTANT_ISO8601, "2026-09-01T08:30:00+8", -1},
        {INSTANT_ISO8601, "2026-09-01T08:30:00+08:00 ", -1},
        {INSTANT_ISO8601, "2026-09-01T", -1},
        {INSTANT_ISO8601, "1969-12-31", -1},
        {INSTANT_UNIX, "-1", -1},
        {INSTANT_UNIX, "1.5", -1},
        {INSTANT_UNIX, "", -1},
        {INSTANT_UNIX, "253402300800", -1}, /* the year 10000 */
        {INSTANT_UNIX_MS, "9999999999999999", -1},
    };
    struct zone *zone;
    struct reason why;
    assert_int_equal(zone_open(&zone, "Asia/Shanghai", &why), 0);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t at = 7;
        int status = instant_of_text(zone, cases[i].format, cases[i].text, &at);
        if ((status == 0) != (cases[i].at >= 0) || at != (cases[i].at >= 0 ? cases[i].at : 7))
            fail_msg("\"%s\": %d, %lld", cases[i].text, status, (long long)at);
    }
    zone_close(&zone);
    (void)state;
}

int main(void) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(instants_are_read_as_others_write_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
