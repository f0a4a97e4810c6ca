#include "common/fences.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fences *made(const struct fence_ring *rings, size_t count) {
    struct fences *fences = fences_open();
    struct reason why;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(fences_add(fences, &rings[i], &why), 0);
    fences_finish(fences);
    return fences;
}

static int at(const struct fences *fences, double lat, double lon) {
    uint32_t areas[4];
    size_t count = fences_at(fences, lat, lon, areas, 4);
    assert_true(count <= 1);
    return count == 0 ? -1 : (int)areas[0];
}

static void holes_and_islands_are_told_apart(void **state) {
    (void)state;
    const struct fence_ring rings[] = {
        {1, 0, false, "0 0 10 0 10 10 0 10"},
        {1, 0, true, "4 4 6 4 6 6 4 6"},
        {1, 1, false, "4.5 4.5 5.5 4.5 5.5 5.5 4.5 5.5"}, /* an island in the hole */
        {2, 0, false, "20 0 30 0 30 10 20 10"},
    };
    struct fences *fences = made(rings, 4);
    assert_int_equal(fences_count(fences), 3);
    assert_int_equal(at(fences, 1, 1), 1);
    assert_int_equal(at(fences, 4.2, 4.2), -1);
    assert_int_equal(at(fences, 5, 5), 1);
    assert_int_equal(at(fences, 5, 15), -1);
    assert_int_equal(at(fences, 5, 25), 2);
    assert_int_equal(at(fences, -1, 5), -1);
    assert_int_equal(at(fences, 95, 5), -1);
    fences_close(&fences);
}

static void a_border_that_two_share_belongs_to_exactly_one(void **state) {
    (void)state;
    const struct fence_ring rings[] = {
        {1, 0, false, "0 0 5 0 5.3 3 4.7 7 5 10 0 10"},
        {2, 0, false, "5 10 4.7 7 5.3 3 5 0 10 0 10 10"}, /* the same points, the other way round */
    };
    struct fences *fences = made(rings, 2);
    for (int i = 0; i < 10000; i++) {
        double lat = i / 1000.0; /* on the border itself */
        double lon = lat < 3 ? 5 + lat * 0.1 : lat < 7 ? 5.3 - (lat - 3) * 0.15 : 4.7 + (lat - 7) * 0.1;
        assert_true(at(fences, lat, lon) > 0);
    }
    fences_close(&fences);
}

/* Any star-shaped outline against plain ray casting over all its edges. */
#define CORNERS 200
static void a_grid_finds_what_plain_ray_casting_finds(void **state) {
    (void)state;
    static double lats[CORNERS], lons[CORNERS];
    static char text[CORNERS * 64];
    srand(7);
    size_t size = 0;
    for (int i = 0; i < CORNERS; i++) {
        double angle = i * 2 * 3.14159265358979 / CORNERS, far = 1 + rand() % 1000 / 300.0;
        char one[64];
        snprintf(one, sizeof one, "%.6f %.6f ", 114 + far * __builtin_cos(angle), 33 + far * __builtin_sin(angle));
        sscanf(one, "%lf %lf", &lons[i], &lats[i]);
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%.6f %.6f", i == 0 ? "" : " ", lons[i], lats[i]);
    }
    const struct fence_ring ring = {9, 0, false, text};
    struct fences *fences = made(&ring, 1);
    for (int n = 0; n < 100000; n++) {
        double lat = 28 + rand() % 1000000 / 100000.0, lon = 109 + rand() % 1000000 / 100000.0;
        int inside = 0;
        for (int i = 0, j = CORNERS - 1; i < CORNERS; j = i++)
            if ((lats[i] > lat) != (lats[j] > lat) &&
                lon < (lons[j] - lons[i]) * (lat - lats[i]) / (lats[j] - lats[i]) + lons[i])
                inside = !inside;
        if ((at(fences, lat, lon) == 9) != inside)
            fail_msg("%.6f %.6f is %s", lat, lon, inside ? "inside" : "outside");
    }
    fences_close(&fences);
}

static void what_is_no_ring_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "0 0 1 1",
                                        "0 0 1 1 2",
                                        "0 0 1 1 2 x",
                                        "0,0 1,1 2,0",
                                        "0 0 1 1 2 91",
                                        "181 0 1 1 2 2",
                                        "0 0 nan 1 2 2",
                                        "0 0 inf 1 2 2",
                                        "a"};
    struct fences *fences = fences_open();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct reason why = {0};
        const struct fence_ring ring = {.points = wrong[i]};
        if (fences_add(fences, &ring, &why) == 0)
            fail_msg("taken: %s", wrong[i]);
        assert_string_equal(why.field, "ring");
    }
    fences_finish(fences);
    assert_int_equal(at(fences, 0, 0), -1);
    fences_close(&fences);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holes_and_islands_are_told_apart),
        cmocka_unit_test(a_border_that_two_share_belongs_to_exactly_one),
        cmocka_unit_test(a_grid_finds_what_plain_ray_casting_finds),
        cmocka_unit_test(what_is_no_ring_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
