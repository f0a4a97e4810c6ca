#include "services/zhitong/city_check.h"

#include <stdio.h>
#include <time.h>

#include "common/city_folder.h"
#include "common/zone.h"

#define CALENDAR_WARNING_DAYS 90 /* before the last known year ends; some limits are longer than a month */

static void print_complaints(const struct city_draft *draft, const char *folder) {
    size_t kept = draft->complaint_count < COMPLAINTS_KEPT_MAX ? draft->complaint_count : COMPLAINTS_KEPT_MAX;

    for (size_t i = 0; i < kept; i++)
        city_folder_print(stderr, &draft->complaints[i]);
    if (kept < draft->complaint_count)
        fprintf(stderr, "… and %zu more\n", draft->complaint_count - kept);
    fprintf(stderr, "%s: %zu to mend; nothing was loaded\n", folder, draft->complaint_count);
}

static void print_counts(const struct city_draft *draft) {
    for (enum city_table table = CITY_channels; table < CITY_TABLE_COUNT; table++)
        printf("%8zu  %s\n", draft->tables[table].count, city_table_spec(table)->file);
}

/* A city whose calendar ends soon can open no case with a limit in working time beyond it. `code`: NULL for the city's own. */
static void warn_of_calendar(const char *code, int year) {
    int64_t today = (int64_t)time(NULL) * 1000 / DAY_MS, end = date_of(year + 1, 1, 1);

    if (end - today > CALENDAR_WARNING_DAYS)
        return;
    fprintf(stderr,
            "warning: calendar.csv: the last year%s%s is %d, which %s: deadlines in working time beyond it are refused;"
            " add the holidays of %d\n",
            code != NULL ? " of " : "", code != NULL ? code : "", year, end > today ? "soon ends" : "has ended",
            year + 1);
}

/* Of a unit's calendar only where it ends otherwise than the city's, which it has below its own days. */
static void warn_of_calendars(const struct city *city) {
    warn_of_calendar(NULL, city_last_year(city));
    for (size_t i = 0; i < city_calendar_count(city); i++)
        if (city_calendar_last_year(city, i) != city_last_year(city))
            warn_of_calendar(city_calendar_code(city, i), city_calendar_last_year(city, i));
}

int city_check_folder(struct city **city, struct city_draft **draft, const char *folder) {
    *city = NULL;
    if (city_folder_open(city, draft, folder) == 0) {
        print_counts(*draft);
        warn_of_calendars(*city);
        return 0;
    }
    print_complaints(*draft, folder);
    city_draft_close(draft);
    return -1;
}

int city_check_command(int argc, char **argv) {
    struct city *city;
    struct city_draft *draft;

    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: zhitong city check FOLDER\n");
        return 2;
    }
    if (city_check_folder(&city, &draft, argv[1]) != 0)
        return 1;
    printf("%s fits together\n", city_name(city));
    city_draft_close(&draft);
    city_close(&city);
    return 0;
}
