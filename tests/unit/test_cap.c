#include "common/cap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cap_place.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define HEAD \
    "<alert xmlns='" CAP_NAMESPACE \
    "'><identifier>A</identifier><sender>s</sender><sent>2026-09-01T08:00:00+08:00</sent>" \
    "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
#define INFO(inside) \
    "<info><category>Met</category><event>Rain</event><urgency>Future</urgency><severity>Minor</severity>" \
    "<certainty>Likely</certainty>" inside "</info>"
#define AREA(inside) "<area><areaDesc>North</areaDesc>" inside "</area>"

static int read_text(const char *text, struct cap_alert **alert, struct reason *why) {
    return cap_read(alert, (const uint8_t *)text, strlen(text), why);
}

static void an_alert_is_read_whole(void **state) {
    static const char text[] = "<?xml version=\"1.0\"?>" HEAD "<references>a,b,c d,e,f</references>" INFO(
        "<language>en-US</language><headline> Heavy &lt;rain&gt; &amp; wind\n</headline><unknown><deep>x</deep></unknown>"
        "<description><![CDATA[50 mm]]></description>" AREA(
            "<polygon>0,0 0,2 2,2 2,0 0,0</polygon><geocode><valueName>CN"
            "</valueName><value>411102</value></geocode>") AREA("<circle>33.5,114.25 10</circle>") AREA(""))
        INFO("<language>zh-CN</language>") "<x:Signature "
                                           "xmlns:x='u'><x:a/"
                                           "></x:Signature></"
                                           "alert>";
    struct cap_alert *alert;
    struct reason why = {.text = ""};
    (void)state;
    if (read_text(text, &alert, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    assert_string_equal(alert->references, "a,b,c d,e,f");
    assert_int_equal(alert->info_count, 2);
    const struct cap_info *info = &alert->infos[0];
    assert_string_equal(info->headline, "Heavy <rain> & wind");
    assert_string_equal(info->description, "50 mm");
    assert_int_equal(info->area_count, 3);
    assert_float_equal(info->areas[0].lat, 1, 1e-9);
    assert_float_equal(info->areas[0].lon, 1, 1e-9);
    assert_string_equal(info->areas[0].geocodes[0].value, "411102");
    assert_float_equal(info->areas[1].lon, 114.25, 1e-9);
    assert_true(isnan(info->areas[2].lat));
    assert_string_equal(cap_text(alert, info, "event"), "Rain");
    assert_string_equal(cap_text(alert, info, "identifier"), "A");
    assert_null(cap_text(alert, info, "colour"));
    cap_close(&alert);
}

static void what_is_wrong_is_named_by_its_element(void **state) {
    static const struct {
        const char *text, *field;
    } cases[] = {
        {"", "body"},
        {"<alert/>", "alert"},
        {"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.1'/>", "alert"},
        {"<info xmlns='" CAP_NAMESPACE "'/>", "alert"},
        {"<alert xmlns='" CAP_NAMESPACE "'/>", "identifier"},
        {HEAD "<sent>2026-09-01T08:00:00+08:00</sent></alert>", "sent"},       /* twice */
        {HEAD INFO("<onset>2026-09-01T08:00:00</onset>") "</alert>", "onset"}, /* in which zone? */
        {HEAD INFO("<expires>2026-09-01</expires>") "</alert>", "expires"},
        {HEAD INFO("<effective>soon</effective>") "</alert>", "effective"},
        {HEAD INFO("<effective>2026-09-31T08:00:00Z</effective>") "</alert>", "effective"},
        {HEAD "</alrt>", "body"},
        {HEAD, "body"},
        {"<!DOCTYPE alert>" HEAD "</alert>", "DOCTYPE"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]>" HEAD "</alert>", "DOCTYPE"},
        {HEAD "<identifier>B</identifier></alert>", "identifier"},
        {HEAD "<note>&#1;</note></alert>", "body"},
        {HEAD "<note>a\x7f</note></alert>", "note"},
        {HEAD "<note>&nbsp;</note></alert>", "body"},
        {HEAD "<note><b>x</b></note></alert>", "note"},
        {HEAD "<info></info></alert>", "event"},
        {HEAD INFO("<severity>Minor</severity>") "</alert>", "severity"},
        {HEAD INFO(AREA("<circle>91,0 1</circle>")) "</alert>", "circle"},
        {HEAD INFO(AREA("<circle>0,0</circle>")) "</alert>", "circle"},
        {HEAD INFO(AREA("<polygon>0,0 0,1 1,1</polygon>")) "</alert>", "polygon"},
        {HEAD INFO("<area></area>") "</alert>", "areaDesc"},
        {HEAD INFO(AREA("<geocode><valueName>CN</valueName></geocode>")) "</alert>", "value"},
        {HEAD
         "<x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x></x></x></x></x></x></x></x></x></x></x></x></x></x></x>"
         "</x></x></x></alert>",
         "alert"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct cap_alert *alert = NULL;
        struct reason why = {.text = ""};
        if (read_text(cases[i].text, &alert, &why) == 0)
            fail_msg("case %zu: taken", i);
        if (strcmp(why.field, cases[i].field) != 0)
            fail_msg("case %zu: not %s but %s: %s", i, cases[i].field, why.field, why.text);
    }
}

static void the_middle_of_a_polygon_is_its_centroid(void **state) {
    static const struct {
        const char *text;
        double lat, lon; /* NaN: refused */
    } cases[] = {
        {"0,0 0,2 2,2 2,0 0,0", 1, 1},
        {"33.5,114 33.5,114.3 33.8,114 33.5,114", 33.6, 114.1},
        {"0,0 0,3 1,3 1,1 3,1 3,0 0,0", 1.1, 1.1}, /* an L: its corner pulls */
        {"-1,-1 -1,1 1,1 1,-1 -1,-1", 0, 0},
        {"5,5 5,5 5,5 5,5", 5, 5},
        {"0,0 1,1 2,2 0,0", 1, 1},                       /* no area: the mean of its points */
        {"33,114 3,114 34,14 4,15 33,114", 18.5, 64.25}, /* crosses itself: its centroid would be off the globe */
        {"0,0 0,2 2,2 0,1", NAN, NAN},
        {"", NAN, NAN},
        {"a", NAN, NAN},
        {"0,0,0 1,1 2,2 0,0", NAN, NAN},
        {"0,0 1,181 2,2 0,0", NAN, NAN},
        {"nan,0 1,1 2,2 nan,0", NAN, NAN},
        {"0x1,0 1,1 2,2 0x1,0", NAN, NAN},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double lat = NAN, lon = NAN;
        int status = cap_polygon(cases[i].text, &lat, &lon);
        bool good = isnan(cases[i].lat)
                        ? status != 0
                        : status == 0 && fabs(lat - cases[i].lat) < 1e-9 && fabs(lon - cases[i].lon) < 1e-9;
        if (!good)
            fail_msg("\"%s\": %d, %f %f", cases[i].text, status, lat, lon);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_is_read_whole),
        cmocka_unit_test(what_is_wrong_is_named_by_its_element),
        cmocka_unit_test(the_middle_of_a_polygon_is_its_centroid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
