/* Calendars of units, and hours that change on a day. 2025-09-22 is a Monday. */
#include "common/calendar.h"

#include "tests/unit/small_city.h"

static struct city *open_small_city(void) {
    struct city_draft *draft;
    struct city *city = NULL;

    if (city_folder_open(&city, &draft, folder) != 0)
        fail_msg("%s:%zu: %s", city_table_spec(draft->complaints[0].table)->file, draft->complaints[0].line,
                 draft->complaints[0].why.text);
    city_draft_close(&draft);
    return city;
}

static int64_t shanghai(int month, int day, int minutes) {
    return date_of(2025, month, day) * DAY_MS + (minutes - 8 * 60) * MINUTE_MS;
}

/* The city works 09:00 to 17:00, Monday to Friday; in the summer 08:00 to 12:00 and 15:00 to 18:00; the police every day. */
static void write_calendars(void) {
    write_file("hours.csv", "weekday,from,to,calendar,valid_from,valid_to\n"
                            "1,09:00,17:00,,,\n2,09:00,17:00,,,\n3,09:00,17:00,,,\n4,09:00,17:00,,,\n5,09:00,17:00,,,\n"
                            "1,08:00,12:00,,2025-06-03,2025-09-22\n1,15:00,18:00,,2025-06-03,2025-09-22\n"
                            "2,08:00,12:00,,2025-06-03,2025-09-22\n2,15:00,18:00,,2025-06-03,2025-09-22\n"
                            "1,00:00,24:00,police,,\n2,00:00,24:00,police,,\n3,00:00,24:00,police,,\n"
                            "4,00:00,24:00,police,,\n5,00:00,24:00,police,,\n6,00:00,24:00,police,,\n"
                            "7,00:00,24:00,police,,\n");
    write_file("calendar.csv", "date,kind,name,calendar\n2025-10-01,off,National Day,\n2025-10-02,off,National Day,\n"
                               "2025-10-11,work,,\n2025-10-01,work,On duty,police\n2025-09-24,off,Outing,water\n");
    write_file("units.csv", "code,name_en,kind,tier,area,above,calendar\n"
                            "s-centre,City centre,centre,4,s,,\nc-centre,County centre,centre,3,c,,\n"
                            "t-centre,Township centre,centre,2,t,,\nv-desk,Village desk,centre,1,v,,\n"
                            "c-water,County water office,water,3,c,,water\ns-police,Police,police,4,s,,police\n"
                            "queue-a,Queue A,queue,2,s,,\n");
}

static void a_unit_counts_on_its_own_calendar(void **state) {
    static const struct {
        const char *unit; /* NULL: the city */
        int month, day, minutes;
        struct limit limit;
        int due_month, due_day, due_minutes;
    } cases[] = {
        {NULL, 9, 30, 960, {120, WORKING_MINUTES}, 10, 3, 600}, /* two days off */
        {"t-centre", 9, 30, 960, {120, WORKING_MINUTES}, 10, 3, 600},
        {"s-police", 9, 30, 1380, {120, WORKING_MINUTES}, 10, 1, 60}, /* on duty on the first day off … */
        {"s-police", 10, 1, 1380, {120, WORKING_MINUTES}, 10, 3, 60}, /* … but the second is the city's, too */
        {"s-police", 10, 3, 600, {1, WORKING_DAYS}, 10, 4, 600},      /* a Saturday */
        {NULL, 9, 23, 600, {1, WORKING_DAYS}, 9, 24, 600},
        {"c-water", 9, 23, 600, {1, WORKING_DAYS}, 9, 25, 600}, /* its own day off, with the city's hours */
        {"c-water", 9, 30, 600, {1, WORKING_DAYS}, 10, 3, 600},
    };
    struct reason why;

    (void)state;
    write_calendars();
    struct city *city = open_small_city();
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct unit *unit = cases[i].unit == NULL ? NULL : city_unit(city, cases[i].unit);
        int64_t due = 0;
        assert_int_equal(calendar_add(city_calendar(city, unit),
                                      shanghai(cases[i].month, cases[i].day, cases[i].minutes), cases[i].limit, &due,
                                      &why),
                         0);
        assert_int_equal(due, shanghai(cases[i].due_month, cases[i].due_day, cases[i].due_minutes));
    }
    int64_t worked = 0, days[2] = {shanghai(10, 3, 0), shanghai(10, 6, 0)};
    assert_int_equal(calendar_worked(city_calendar(city, city_unit(city, "s-police")), days[0], days[1], &worked, &why),
                     0);
    assert_int_equal(worked, 3 * DAY_MS);
    assert_int_equal(calendar_worked(city_calendar(city, NULL), days[0], days[1], &worked, &why), 0);
    assert_int_equal(worked, 8 * 60 * MINUTE_MS);
    assert_int_equal(city_calendar_count(city), 2);
    assert_int_equal(city_calendar_last_year(city, 0), 2025);
    city_close(&city);
}

static void hours_change_on_their_day(void **state) {
    static const struct {
        int month, day, minutes, worked_minutes;
    } cases[] = {
        {6, 2, 540, 0},                        /* a Monday, the day before the summer: 09:00 */
        {6, 2, 1020, 480},                     /* eight hours */
        {6, 3, 480, 480},  {6, 3, 720, 720},   /* 08:00 to 12:00 */
        {6, 3, 900, 720},  {6, 3, 1080, 900},  /* 15:00 to 18:00 */
        {6, 4, 540, 900},  {6, 4, 1020, 1380}, /* Wednesday has no summer hours */
    };
    struct reason why;

    (void)state;
    write_calendars();
    struct city *city = open_small_city();
    int64_t from = shanghai(6, 2, 540);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t span[2] = {from, shanghai(cases[i].month, cases[i].day, cases[i].minutes)}, worked = 0;
        assert_int_equal(calendar_worked(city_calendar(city, NULL), span[0], span[1], &worked, &why), 0);
        assert_int_equal(worked, cases[i].worked_minutes * MINUTE_MS);
    }
    for (uint32_t minutes = 1; minutes < 5000; minutes += 7) { /* adding and measuring agree across both changes */
        for (int start = 0; start < 2; start++) {
            int64_t began = start == 0 ? from : shanghai(9, 19, 600), at = 0, worked = 0;
            assert_int_equal(
                calendar_add(city_calendar(city, NULL), began, (struct limit){minutes, WORKING_MINUTES}, &at, &why), 0);
            assert_int_equal(calendar_worked(city_calendar(city, NULL), began, at, &worked, &why), 0);
            assert_int_equal(worked, minutes * MINUTE_MS);
        }
    }
    int64_t at = 0; /* the last summer day, and the first after it */
    assert_int_equal(
        calendar_add(city_calendar(city, NULL), shanghai(9, 22, 1080), (struct limit){1, WORKING_MINUTES}, &at, &why),
        0);
    assert_int_equal(at, shanghai(9, 23, 541));
    city_close(&city);
}

static void a_calendar_of_its_own_in_a_city_without_holidays_knows_its_own_years(void **state) {
    struct reason why;
    int64_t at = 0;

    (void)state;
    write_calendars();
    write_file("calendar.csv", "date,kind,calendar\n2025-10-01,off,water\n");
    struct city *city = open_small_city();
    assert_int_equal(city_last_year(city), ZONE_YEAR_LAST);
    size_t water = strcmp(city_calendar_code(city, 0), "water") == 0 ? 0 : 1;
    assert_string_equal(city_calendar_code(city, water), "water");
    assert_int_equal(city_calendar_last_year(city, water), 2025);
    assert_int_equal(city_calendar_last_year(city, 1 - water), ZONE_YEAR_LAST);
    assert_int_equal(calendar_add(city_calendar(city, city_unit(city, "c-water")), shanghai(12, 31, 1000),
                                  (struct limit){2, WORKING_DAYS}, &at, &why),
                     -1);
    assert_string_equal(why.field, "calendar");
    assert_int_equal(
        calendar_add(city_calendar(city, NULL), shanghai(12, 31, 1000), (struct limit){2, WORKING_DAYS}, &at, &why), 0);
    city_close(&city);
}

struct fault {
    const char *file, *more, *complaint;
};

static void what_is_wrong_with_a_calendar_is_named(void **state) {
    static const struct fault faults[] = {
        {"units.csv", "fire,Fire,fire,4,s,,fire\n",
         "units.csv:9:7: calendar: there is no calendar \"fire\" in hours.csv or calendar.csv"},
        {"hours.csv", "1,10:00,11:00,police,,\n", "hours.csv:18:2: from: overlaps line 11"},
        {"hours.csv", "1,10:00,11:00,,2025-09-22,\n", "hours.csv:18:2: from: overlaps line 7"},
        {"hours.csv", "1,10:00,11:00,,,2025-06-03\n", "hours.csv:18:2: from: overlaps line 7"},
        {"hours.csv", "3,10:00,11:00,,2025-09-22,2025-09-01\n",
         "hours.csv:18:6: valid_to: must not be before 2025-09-22"},
        {"hours.csv", "7,10:00,11:00,,2025-9-22,\n", "hours.csv:18:5: valid_from: must be a date"},
        {"calendar.csv", "2025-10-01,off,,police\n", "calendar.csv:7:1: date: 2025-10-01 stands on line 5 already"},
        {"calendar.csv", "2026-10-01,off,,police\n",
         "calendar.csv:7:1: date: the city's own days of 2026 must be added first"},
    };

    for (size_t i = 0; i < LENGTH(faults); i++) {
        struct city_draft *draft;
        struct city *city = NULL;
        char path[128], printed[512] = "";
        write_calendars();
        path_of(path, sizeof path, faults[i].file);
        FILE *file = fopen(path, "a");
        fputs(faults[i].more, file);
        fclose(file);
        if (city_folder_open(&city, &draft, folder) == 0)
            fail_msg("nothing wrong found: %s", faults[i].complaint);
        FILE *out = fmemopen(printed, sizeof printed - 1, "w");
        city_folder_print(out, &draft->complaints[0]);
        fclose(out);
        if (strncmp(printed, faults[i].complaint, strlen(faults[i].complaint)) != 0)
            fail_msg("not \"%s\" but \"%s\"", faults[i].complaint, printed);
        city_draft_close(&draft);
    }
    (void)state;
}

static void windows_that_never_meet_do_not_overlap(void **state) {
    char path[128];

    (void)state;
    write_calendars();
    path_of(path, sizeof path, "hours.csv");
    FILE *file = fopen(path, "a"); /* the day after the summer; and on a day of another calendar */
    fputs("1,08:00,12:00,,2025-09-23,2025-12-31\n1,08:00,12:00,water,,\n", file);
    fclose(file);
    struct city *city = open_small_city();
    city_close(&city);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_unit_counts_on_its_own_calendar),
        IN_FOLDER(hours_change_on_their_day),
        IN_FOLDER(a_calendar_of_its_own_in_a_city_without_holidays_knows_its_own_years),
        IN_FOLDER(what_is_wrong_with_a_calendar_is_named),
        IN_FOLDER(windows_that_never_meet_do_not_overlap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
