#include "services/intake/linking.h"

#include <math.h>

#include "common/city_door.h"
#include "tests/unit/small_city.h"

#define METRE (1 / 111195.0)
#define HOUR_MS 3600000LL

/* Noise and signs stand for themselves; drains belong to leaks. */
static struct city *open_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;
    write_file("channels.csv", "code,name_en,name_zh,enabled,auto_accept,severity,privacy,duplicate_hours,callback\n"
                               "hotline,Hotline,,yes,no,,public,24,yes\napp,App,,yes,no,,public,24,yes\n"
                               "sensor,Sensors,,yes,yes,,internal,24,no\nfax,Fax,,yes,yes,,public,,no\n");
    write_file("door.csv", "item,duplicate_metres,duplicate_hours,link_percent,suggest_percent\n"
                           ",100,,,20\nnoise,50,12,80,20\nleak,100,48,80,20\n");
    assert_int_equal(city_folder_open(&city, &draft, folder), 0);
    city_draft_close(&draft);
    return city;
}

static struct older report_of(uint64_t case_id, const char *item, double north, double hours) {
    struct report_received received = {
        .case_id = case_id, .lat = 33.6 + north * METRE, .lon = 114, .at = (int64_t)(hours * HOUR_MS)};
    struct older older;
    strcpy(received.item, item);
    strcpy(received.channel, "hotline");
    strcpy(received.title, "very loud all night");
    older_of(&received, &older);
    older_read_texts(&older);
    older.like.item = older.item;
    return older;
}

static void only_what_is_near_in_everything_is_found(void **state) {
    static const struct {
        const char *item, *older_item, *channel;
        double north, hours; /* of the older one: metres away, before */
        bool found;
        const char *text; /* of the older one; NULL: the same */
    } cases[] = {
        {"noise", "noise", "hotline", 0, 1, true, NULL},
        {"noise", "noise", "app", 0, 1, true, NULL},
        {"noise", "noise", "sensor", 0, 1, false, NULL}, /* not everybody may see its cases */
        {"noise", "noise", "radio", 0, 1, false, NULL},  /* the city has it no longer */
        {"noise", "sign", "hotline", 0, 1, false, NULL}, /* another matter */
        {"noise", "ghost", "hotline", 0, 1, false, NULL},
        {"drain", "leak", "hotline", 0, 1, true, NULL}, /* of one group */
        {"noise", "noise", "hotline", 49, 1, true, NULL},
        {"noise", "noise", "hotline", 51, 1, false, NULL},
        {"noise", "noise", "hotline", 1, 1, true, "a broken kerb"},
        {"noise", "noise", "hotline", 20, 1, false, "a broken kerb"}, /* alike too little */
        {"noise", "noise", "hotline", 0, 11.9, true, NULL},
        {"noise", "noise", "hotline", 0, 12.1, false, NULL}, /* of its item */
        {"sign", "sign", "hotline", 0, 23.9, true, NULL},
        {"sign", "sign", "hotline", 0, 24.1, false, NULL}, /* of its channel */
        {"leak", "leak", "hotline", 0, 47, true, NULL},
    };
    struct city *city = open_city();
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct finds finds = {0};
        struct older report = report_of(200, cases[i].item, 0, 100);
        struct older older = report_of(100, cases[i].older_item, cases[i].north, 100 - cases[i].hours);
        report.like.item = report.item;
        older.like.item = older.item;
        strcpy(older.channel, cases[i].channel);
        if (cases[i].text != NULL)
            likeness_sketch(cases[i].text, NULL, &older.like.text);
        finds_add(&finds, city, &report, &older);
        if ((finds.count == 1) != cases[i].found)
            fail_msg("case %zu: %zu, %u percent", i, finds.count, finds.best[0].likeness.percent);
    }
    struct finds finds = {0};
    struct older report = report_of(200, "noise", 0, 100);
    report.like.item = report.item;
    finds_add(&finds, city, &report, &report); /* itself */
    assert_int_equal(finds.count, 0);
    city_close(&city);
}

static void the_best_are_kept_in_order(void **state) {
    struct older all[30];
    struct finds finds = {0};
    struct city *city = open_city();
    struct older report = report_of(5000, "noise", 0, 100);
    (void)state;
    report.like.item = report.item;
    for (unsigned i = 0; i < 30; i++) {
        all[i] = report_of(100 + i, "noise", (i * 7 % 30) / 3.0, 99);
        all[i].like.item = all[i].item;
        finds_add(&finds, city, &report, &all[i]);
    }
    assert_int_equal(finds.count, CANDIDATES_MAX);
    assert_int_equal(finds.best[0].older->case_id, 100); /* no metre away */
    for (size_t i = 1; i < finds.count; i++)
        assert_true(finds.best[i - 1].likeness.percent >= finds.best[i].likeness.percent);
    city_close(&city);
}

struct example {
    const char *item;
    struct {
        const char *item;
        double north, hours;
    } older[2]; /* cases 101 and 102 */
    struct link_wish wish;
    uint64_t parent;
    const char *likely; /* with % for what the score is */
};

static void check(const struct city *city, const struct example *example, size_t number) {
    struct finds finds = {0};
    struct report_received received = {.parent = 9, .likeness = 9, .because = "old", .likely = "old"};
    struct older report = report_of(200, example->item, 0, 100), older[2];
    report.like.item = report.item;
    strcpy(received.item, example->item);
    for (size_t i = 0; i < 2 && example->older[i].item != NULL; i++) {
        older[i] = report_of(101 + i, example->older[i].item, example->older[i].north, 100 - example->older[i].hours);
        older[i].like.item = older[i].item;
        finds_add(&finds, city, &report, &older[i]);
    }
    bool linked = finds_decide(&finds, city, &example->wish, &received);
    if (linked != (example->parent != 0) || received.parent != example->parent)
        fail_msg("example %zu: part of %llu", number, (unsigned long long)received.parent);
    assert_int_equal(received.because[0] != '\0', linked);
    assert_int_equal(received.likeness > 0, linked);
    char shown[sizeof received.likely];
    size_t size = 0;
    for (const char *at = received.likely; *at != '\0'; at++) {
        shown[size++] = *at;
        if (*at != ':')
            continue;
        shown[size++] = strtoul(at + 1, NULL, 10) > 0 ? '%' : '0';
        at += strspn(at + 1, "0123456789");
    }
    shown[size] = '\0';
    if (strcmp(shown, example->likely) != 0)
        fail_msg("example %zu: likely %s", number, received.likely);
}

static void a_report_is_linked_or_its_likes_are_named(void **state) {
    static const struct example examples[] = {
        {"noise", {{NULL, 0, 0}}, {0, false}, 0, ""},
        {"noise", {{"noise", 0, 1}}, {0, false}, 101, ""},
        {"noise", {{"noise", 5, 1}, {"noise", 0, 1}}, {0, false}, 102, ""}, /* the better one */
        {"noise", {{"noise", 0, 2}, {"noise", 0, 1}}, {0, false}, 101, ""}, /* of two alike the older */
        {"noise", {{"noise", 30, 1}}, {0, false}, 0, "101:%"},              /* not sure enough */
        {"noise", {{"noise", 0, 1}}, {0, true}, 0, "101:%"},                /* the reporter says no */
        {"noise", {{"noise", 30, 1}}, {101, false}, 101, ""},               /* the reporter says yes */
        {"noise", {{"noise", 0, 1}, {"noise", 30, 1}}, {102, false}, 102, ""},
        {"noise", {{"noise", 0, 1}}, {77, false}, 0, "101:% 77:0"}, /* of another one: somebody shall look */
        {"noise", {{NULL, 0, 0}}, {77, false}, 0, "77:0"},
        {"sign", {{"sign", 0, 1}}, {0, false}, 0, "101:%"}, /* its door links nothing */
        {"sign", {{"sign", 0, 1}}, {101, false}, 101, ""},
        {"leak", {{"drain", 0, 1}}, {0, false}, 0, "101:%"}, /* another item is never linked */
        {"leak", {{"drain", 0, 1}}, {101, false}, 0, "101:%"},
        {"leak", {{"drain", 0, 1}, {"leak", 0, 1}}, {0, false}, 102, ""},
    };
    struct city *city = open_city();
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++)
        check(city, &examples[i], i);
    city_close(&city);
}

static void at_most_five_are_named(void **state) {
    struct older all[9];
    struct finds finds = {0};
    struct city *city = open_city();
    const struct link_wish wish = {UINT64_MAX, false};
    struct report_received received = {.item = "sign"};
    struct older report = report_of(5000, "sign", 0, 100);
    (void)state;
    report.like.item = report.item;
    for (unsigned i = 0; i < 9; i++) {
        all[i] = report_of(UINT64_MAX / 2 - i, "sign", 0, 99);
        all[i].like.item = all[i].item;
        finds_add(&finds, city, &report, &all[i]);
    }
    assert_false(finds_decide(&finds, city, &wish, &received));
    size_t named = 1;
    for (const char *at = received.likely; (at = strchr(at, ' ')) != NULL; at++)
        named++;
    assert_int_equal(named, LIKELY_MAX + 1);
    assert_true(strlen(received.likely) < sizeof received.likely - 1);
    city_close(&city);
}

static void the_second_look_takes_the_oldest_that_is_sure(void **state) {
    struct finds finds = {0};
    struct city *city = open_city();
    struct older report = report_of(200, "noise", 0, 100),
                 all[3] = {report_of(101, "noise", 0, 1), report_of(102, "noise", 2, 2),
                           report_of(103, "noise", 25, 3)};
    (void)state;
    report.like.item = report.item;
    for (int i = 0; i < 3; i++) {
        all[i].like.item = all[i].item;
        all[i].like.at = 99 * HOUR_MS - i * 1000;
        finds_add(&finds, city, &report, &all[i]);
    }
    assert_int_equal(finds.count, 3);
    assert_int_equal(finds_oldest(&finds, city, &report)->older->case_id, 102);
    finds.count = 0;
    assert_null(finds_oldest(&finds, city, &report));
    city_close(&city);
}

static void only_who_has_a_window_and_a_place_looks(void **state) {
    static const struct {
        const char *channel, *item, *address;
        double lat;
        bool looks;
        uint32_t hours;
    } cases[] = {
        {"hotline", "sign", "", 33.6, true, 24},  {"hotline", "noise", "", 33.6, true, 12},
        {"fax", "sign", "", 33.6, false, 0},      {"fax", "noise", "", 33.6, true, 12},
        {"hotline", "sign", "", NAN, false, 24},  {"hotline", "sign", "Long Street 1", NAN, true, 24},
        {"hotline", "ghost", "", 33.6, false, 0}, {"radio", "sign", "", 33.6, false, 0},
        {"hotline", "sign", "", 91, false, 24},   {"", "sign", "", 33.6, true, QUESTION_HOURS},
    };
    struct city *city = open_city();
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct look look;
        struct older report = report_of(200, cases[i].item, 0, 100);
        strcpy(report.channel, cases[i].channel);
        report.like.lat = cases[i].lat;
        report.like.address = likeness_address(cases[i].address);
        look_of(city, &report, "v", &look);
        if ((look.cell_count > 0) != cases[i].looks || look.hours != cases[i].hours)
            fail_msg("case %zu: %zu cells, %u hours", i, look.cell_count, look.hours);
    }
    city_close(&city);
}

static void a_door_without_a_row_has_the_defaults(void **state) {
    struct city *city = open_city();
    (void)state;
    assert_int_equal(city_door(city, "noise")->duplicate_metres, 50);
    assert_int_equal(city_door(city, "noise")->link_percent, 80);
    assert_int_equal(city_door(city, "sign")->link_percent, 0);
    assert_int_equal(city_door(city, "sign")->suggest_percent, 20);
    assert_int_equal(city_door(city, "sign")->happened_days, 366);
    assert_int_equal(city_door(city, "sign")->place, WANT_wanted);
    assert_null(city_door(city, "ghost"));
    city_close(&city);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_near_in_everything_is_found),      TEST(the_best_are_kept_in_order),
        TEST(a_report_is_linked_or_its_likes_are_named),     TEST(at_most_five_are_named),
        TEST(the_second_look_takes_the_oldest_that_is_sure), TEST(only_who_has_a_window_and_a_place_looks),
        TEST(a_door_without_a_row_has_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
