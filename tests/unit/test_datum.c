#include "common/datum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static double far(double lat1, double lon1, double lat2, double lon2) {
    return fmax(fabs(lat1 - lat2), fabs(lon1 - lon2));
}

/* Pairs that the public formulas are known by: Beijing, and Tiananmen in Baidu's system. */
static void known_places_are_turned_as_the_maps_do(void **state) {
    (void)state;
    static const struct {
        enum datum datum;
        double lat, lon, other_lat, other_lon;
    } pairs[] = {
        {DATUM_gcj02, 39.904211, 116.407395, 39.905614, 116.413639},
        {DATUM_gcj02, 31.230416, 121.473701, 31.228441, 121.478233},
        {DATUM_bd09, 39.904211, 116.407395, 39.911970, 116.420008},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        double lat = pairs[i].lat, lon = pairs[i].lon;
        datum_from_wgs84(pairs[i].datum, &lat, &lon);
        if (far(lat, lon, pairs[i].other_lat, pairs[i].other_lon) > 2e-4)
            fail_msg("pair %zu: %.6f %.6f", i, lat, lon);
    }
}

static void there_and_back_is_the_same_place(void **state) {
    (void)state;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        double lat = 4 + rand() % 4900 / 100.0, lon = 74 + rand() % 6000 / 100.0, at = lat, on = lon;
        enum datum datum = i % 2 ? DATUM_gcj02 : DATUM_bd09;
        datum_from_wgs84(datum, &at, &on);
        assert_true(far(at, on, lat, lon) > 1e-4);
        datum_to_wgs84(datum, &at, &on);
        if (far(at, on, lat, lon) > 1e-7)
            fail_msg("%d: %.8f %.8f became %.8f %.8f", (int)datum, lat, lon, at, on);
    }
}

static void outside_china_nothing_is_turned(void **state) {
    (void)state;
    double lat = 42.36, lon = -71.06;
    datum_from_wgs84(DATUM_gcj02, &lat, &lon);
    datum_to_wgs84(DATUM_bd09, &lat, &lon);
    assert_true(lat == 42.36 && lon == -71.06);
}

static void names_are_known(void **state) {
    (void)state;
    assert_int_equal(datum_named(""), DATUM_wgs84);
    assert_int_equal(datum_named("wgs84"), DATUM_wgs84);
    assert_int_equal(datum_named("gcj02"), DATUM_gcj02);
    assert_int_equal(datum_named("bd09"), DATUM_bd09);
    assert_int_equal(datum_named("GCJ"), DATUM_COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_places_are_turned_as_the_maps_do),
        cmocka_unit_test(there_and_back_is_the_same_place),
        cmocka_unit_test(outside_china_nothing_is_turned),
        cmocka_unit_test(names_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
