#include "services/zhitong/due.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/calendar.h"
#include "common/city_folder.h"
#include "common/csv.h"
#include "common/policy.h"
#include "services/zhitong/local_time.h"
#include "services/zhitong/options.h"

struct asked { /* one question, as text; severity, tier and unit may be "" */
    const char *item, *from, *severity, *tier, *unit;
};

struct answer {
    struct rung rung; /* of resolve */
    int64_t due_at;
    const struct item *item;
    const struct unit *unit; /* on whose calendar; NULL: the city's */
    const char *severity;
    uint8_t tier;
    int64_t from;
};

struct desk { /* the city that is asked */
    struct city *city;
    struct zone *zone;
    struct reason *why; /* of its last refusal */
};

/* ---- one question -------------------------------------------------------------------------------------------------- */

/* Whose item, which unit, when and where: all but the answer. */
static int understand(const struct desk *desk, const struct asked *asked, struct answer *found, struct reason *why) {
    found->item = city_item(desk->city, asked->item);
    found->unit = *asked->unit == '\0' ? NULL : city_unit(desk->city, asked->unit);
    if (found->item == NULL)
        return refuse(why, "item", "there is no item \"%s\" in items.csv", asked->item);
    if (found->unit == NULL && *asked->unit != '\0')
        return refuse(why, "unit", "there is no unit \"%s\" in units.csv", asked->unit);
    if (local_read(desk->zone, asked->from, &found->from) != 0)
        return refuse(why, "from",
                      "\"%s\" is no time: write 2026-03-02T09:30:00+08:00, or 2026-03-02 09:30 on the city's clock",
                      asked->from);
    found->severity = *asked->severity != '\0' ? asked->severity : found->item->severity;
    found->tier = found->unit != NULL ? found->unit->tier : found->item->tier;
    if (*asked->tier == '\0')
        return 0;
    if (strlen(asked->tier) != 1 || asked->tier[0] < '1' || asked->tier[0] > '0' + TIER_MAX)
        return refuse(why, "tier", "must be 1 to %d, not \"%s\"", TIER_MAX, asked->tier);
    found->tier = (uint8_t)(asked->tier[0] - '0');
    return 0;
}

/* The rung of a clock, and when it ends with its grace; 0 for a clock that does not run. */
static int count(const struct desk *desk, const struct answer *question, enum ladder_clock clock, struct rung *rung,
                 int64_t *due_at) {
    const struct policy *policy = city_policy_at(desk->city, question->from);
    struct rung_asked asked = {question->item->code, question->severity, question->tier, clock};
    const struct calendar *calendar = city_calendar(desk->city, question->unit);
    struct reason *why = desk->why;

    if (policy_rung(policy, &asked, rung, why) != 0)
        return -1;
    *due_at = 0;
    if (rung->limit.amount == 0)
        return 0;
    if (calendar_add(calendar, question->from, rung->limit, due_at, why) != 0)
        return -1;
    return calendar_add(calendar, *due_at, rung->grace, due_at, why);
}

static int answer(const struct desk *desk, const struct asked *asked, struct answer *out) {
    struct answer found = {0};

    if (understand(desk, asked, &found, desk->why) != 0 ||
        count(desk, &found, LADDER_resolve, &found.rung, &found.due_at) != 0)
        return -1;
    if (found.due_at == 0)
        return refuse(desk->why, "ladder", "tier %u, %s has no resolve row in ladder.csv", found.tier, found.severity);
    *out = found;
    return 0;
}

static void print_limit(const char *what, struct limit limit) {
    static const char *const units[] = {
        [CONTINUOUS_MINUTES] = "minutes that pass, day and night",
        [WORKING_MINUTES] = "minutes of working time",
        [WORKING_DAYS] = "working days, beginning within working hours",
        [CALENDAR_DAYS] = "days, each as good as another",
        [OFFICE_DAYS] =
            "office days: a free day counts as the next working day, after closing time as the next opening",
    };

    if (limit.amount > 0)
        printf("  %s: %u %s\n", what, limit.amount, units[limit.unit]);
}

/* The other clocks that start with the same instant, where the ladder has them. */
static int print_other_clocks(const struct desk *desk, const struct answer *found) {
    static const enum ladder_clock clocks[] = {LADDER_sign, LADDER_contact};
    struct rung rung;
    char due[LOCAL_TEXT_MAX];
    int64_t due_at;

    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        if (count(desk, found, clocks[i], &rung, &due_at) != 0)
            return -1;
        if (due_at == 0)
            continue;
        local_print(desk->zone, due_at, due);
        printf("%s by %s\n", ladder_clock_name(clocks[i]), due);
        print_limit("limit", rung.limit);
        print_limit("grace", rung.grace);
    }
    return 0;
}

static int refused(const struct desk *desk) {
    fprintf(stderr, "%s: %s\n", desk->why->field, desk->why->text);
    return EXIT_REFUSED;
}

static int answer_one(const struct desk *desk, const struct asked *asked) {
    struct answer found;
    char from[LOCAL_TEXT_MAX], due[LOCAL_TEXT_MAX];

    if (answer(desk, asked, &found) != 0)
        return refused(desk);
    local_print(desk->zone, found.from, from);
    local_print(desk->zone, found.due_at, due);
    printf("%s\n", due);
    printf("  from %s on the clock of %s, tier %u, %s\n", from, city_timezone(desk->city), found.tier, found.severity);
    if (found.unit != NULL)
        printf("  on the calendar of %s\n", found.unit->code);
    printf("  the limit stands in %s\n",
           found.rung.of_item ? "items.csv, with the item" : "ladder.csv, by tier and severity");
    print_limit("limit", found.rung.limit);
    print_limit("grace", found.rung.grace);
    return print_other_clocks(desk, &found) == 0 ? EXIT_GOOD : refused(desk);
}

/* ---- many: CSV in, the same CSV with the answer out ---------------------------------------------------------------------- */

struct table {
    struct csv *csv;
    int item, from, severity, tier, unit;
    size_t refused;
};

static int find_columns(struct table *table, struct reason *why) {
    table->item = csv_column(table->csv, "item");
    table->from = csv_column(table->csv, "from");
    if (table->from < 0)
        table->from = csv_column(table->csv, "at");
    table->severity = csv_column(table->csv, "severity");
    table->tier = csv_column(table->csv, "tier");
    table->unit = csv_column(table->csv, "unit");
    if (table->item < 0)
        return refuse(why, "item", "the header has no column item");
    if (table->from < 0)
        return refuse(why, "from", "the header has no column from (or at)");
    return 0;
}

static void print_header(const struct csv *csv) {
    for (size_t i = 0; i < csv_column_count(csv); i++) {
        csv_write_field(stdout, csv_column_name(csv, i));
        putchar(',');
    }
    printf("due,due_reason\n");
}

static void answer_row(const struct desk *desk, struct table *table) {
    const struct csv *csv = table->csv;
    struct asked asked = {csv_field(csv, table->item), csv_field(csv, table->from), csv_field(csv, table->severity),
                          csv_field(csv, table->tier), csv_field(csv, table->unit)};
    const struct reason *why = desk->why;
    struct answer found;
    char due[LOCAL_TEXT_MAX] = "", refusal[sizeof why->field + sizeof why->text + 2] = "";

    if (answer(desk, &asked, &found) == 0) {
        local_print(desk->zone, found.due_at, due);
    } else {
        snprintf(refusal, sizeof refusal, "%s: %s", why->field, why->text);
        table->refused++;
    }
    for (size_t i = 0; i < csv_column_count(csv); i++) {
        csv_write_field(stdout, csv_field(csv, (int)i));
        putchar(',');
    }
    printf("%s,", due);
    csv_write_field(stdout, refusal);
    putchar('\n');
}

/* What is wrong with the file itself has no field, and names it already. */
static void complain(const struct reason *why) {
    if (why->field[0] == '\0')
        fprintf(stderr, "%s\n", why->text);
    else
        fprintf(stderr, "standard input: %s: %s\n", why->field, why->text);
}

static int answer_table(const struct desk *desk) {
    struct table table = {0};
    struct reason why;
    int status;

    if (csv_open(&table.csv, stdin, "standard input", &why) != 0 || find_columns(&table, &why) != 0) {
        complain(&why);
        csv_close(&table.csv);
        return EXIT_REFUSED;
    }
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    print_header(table.csv);
    while ((status = csv_next(table.csv, &why)) != 0) {
        if (status > 0) {
            answer_row(desk, &table);
            continue;
        }
        complain(&why);
        table.refused++;
    }
    csv_close(&table.csv);
    if (table.refused > 0)
        fprintf(stderr, "%zu rows have no due instant; the column due_reason tells why\n", table.refused);
    return table.refused > 0 ? EXIT_REFUSED : EXIT_GOOD;
}

/* ---- the command ------------------------------------------------------------------------------------------------------- */

static int open_desk(struct desk *desk, const char *folder) {
    struct city_draft *draft;
    struct reason why;
    int status = city_folder_open(&desk->city, &draft, folder);

    for (size_t i = 0; status != 0 && i < draft->complaint_count && i < COMPLAINTS_KEPT_MAX; i++)
        city_folder_print(stderr, &draft->complaints[i]);
    city_draft_close(&draft);
    if (status != 0)
        return -1;
    if (zone_open(&desk->zone, city_timezone(desk->city), &why) == 0)
        return 0;
    fprintf(stderr, "%s: %s\n", why.field, why.text);
    return -1;
}

int due_command(int argc, char **argv) {
    const char *folder = NULL, *url = NULL;
    struct asked asked = {NULL, NULL, NULL, NULL, NULL};
    struct reason why;
    const struct option_row rows[] = {{"--city", &folder, NULL},
                                      {"--item", &asked.item, NULL},
                                      {"--from", &asked.from, NULL},
                                      {"--severity", &asked.severity, NULL},
                                      {"--tier", &asked.tier, NULL},
                                      {"--unit", &asked.unit, NULL},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    struct desk desk = {NULL, NULL, &why};

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (folder == NULL)
        return wrong_use("due", "say which city: --city FOLDER");
    if ((asked.item == NULL) != (asked.from == NULL))
        return wrong_use("due", "--item and --from go together; without both, CSV is read from standard input");
    if (asked.item == NULL && (asked.severity != NULL || asked.tier != NULL || asked.unit != NULL))
        return wrong_use("due", "with CSV on standard input, severity, tier and unit are columns");
    asked.severity = asked.severity != NULL ? asked.severity : "";
    asked.tier = asked.tier != NULL ? asked.tier : "";
    asked.unit = asked.unit != NULL ? asked.unit : "";
    int status = EXIT_REFUSED;
    if (open_desk(&desk, folder) == 0)
        status = asked.item != NULL ? answer_one(&desk, &asked) : answer_table(&desk);
    zone_close(&desk.zone);
    city_close(&desk.city);
    return status;
}
