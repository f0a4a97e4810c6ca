#include "services/zhitong/report.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/csv.h"
#include "common/measure_report.h"
#include "services/zhitong/options.h"
#include "services/zhitong/report_page.h"
#include "services/zhitong/report_print.h"

#define UNITS_MAX 1000
#define EXCLUSIONS_MAX 100000
#define TOLD_EVERY_MS 1000

struct report_options {
    const char *from, *to, *by, *units, *format, *lang, *exclude, *url;
    bool slots, kept, quiet, definitions;
};

/* ---- who waits sees how far it is ---------------------------------------------------------------------------------------- */

static int64_t began_at, told_at;

static void tell(const struct measure_progress *progress) {
    int64_t now = clock_monotonic_ms();

    if (now - told_at < TOLD_EVERY_MS)
        return;
    told_at = now;
    fprintf(stderr, "%3d of 128 shards, %llu entries, %.0f a second\n", progress->shards,
            (unsigned long long)progress->entries, (double)progress->entries * 1000 / (double)(now - began_at + 1));
}

/* ---- appeals --------------------------------------------------------------------------------------------------------------- */

static int read_exclusion(const struct csv *csv, const char *path, struct exclusion *exclusion) {
    char *end;
    const char *text = csv_field(csv, csv_column(csv, "case"));
    const char *reason = csv_field(csv, csv_column(csv, "reason"));
    const char *approved_by = csv_field(csv, csv_column(csv, "approved_by"));

    exclusion->case_id = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || *reason == '\0' || *approved_by == '\0') {
        fprintf(stderr, "%s:%zu: a case's number, the reason and who approved it are needed\n", path, csv_line(csv));
        return -1;
    }
    snprintf(exclusion->reason, sizeof exclusion->reason, "%s", reason);
    snprintf(exclusion->approved_by, sizeof exclusion->approved_by, "%s", approved_by);
    return 0;
}

static int read_exclusions(const char *path, struct exclusion **out, size_t *count) {
    FILE *file = fopen(path, "re");
    struct csv *csv = NULL;
    struct reason why = {.text = "cannot be opened"};
    int got = -1;

    *out = calloc(EXCLUSIONS_MAX, sizeof **out);
    assert(*out != NULL);
    *count = 0;
    if (file != NULL && csv_open(&csv, file, path, &why) == 0) {
        while ((got = csv_next(csv, &why)) == 1) {
            if (*count == EXCLUSIONS_MAX || read_exclusion(csv, path, &(*out)[(*count)++]) != 0)
                break;
        }
    }
    if (got == -1)
        fprintf(stderr, "--exclude: %s: %s\n", path, why.text);
    csv_close(&csv);
    if (file != NULL)
        fclose(file);
    return got == 0 ? 0 : -1;
}

/* ---- the command line ------------------------------------------------------------------------------------------------------ */

static int read_options(int argc, char **argv, struct report_options *options) {
    const struct option_row rows[] = {{"--from", &options->from, NULL},
                                      {"--to", &options->to, NULL},
                                      {"--by", &options->by, NULL},
                                      {"--unit", &options->units, NULL},
                                      {"--format", &options->format, NULL},
                                      {"--lang", &options->lang, NULL},
                                      {"--exclude", &options->exclude, NULL},
                                      {"--slots", NULL, &options->slots},
                                      {"--definitions", NULL, &options->definitions},
                                      {"--kept", NULL, &options->kept},
                                      {"--quiet", NULL, &options->quiet},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 0};

    if (options_read(argc, argv, rows, &words, &options->url) != 0)
        return EXIT_WRONG_USE;
    if (sums_by_named(options->by) < 0)
        return wrong_use(argv[0], "--by must be unit, item, channel, source, tier, month or day");
    if (strcmp(options->format, "table") != 0 && strcmp(options->format, "csv") != 0 &&
        strcmp(options->format, "json") != 0)
        return wrong_use(argv[0], "--format must be table, csv or json");
    if (strcmp(options->lang, "zh") != 0 && strcmp(options->lang, "en") != 0)
        return wrong_use(argv[0], "--lang must be zh or en");
    return 0;
}

static size_t split_units(char *list, const char *units[UNITS_MAX]) {
    size_t count = 0;
    char *rest = NULL;

    for (char *code = strtok_r(list, ",", &rest); code != NULL && count < UNITS_MAX; code = strtok_r(NULL, ",", &rest))
        units[count++] = code;
    return count;
}

static void print_json(const struct report *report) {
    json_t *object = report_json(report);

    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(object);
}

static void print(const struct report *report, const struct report_options *options) {
    const struct report_look look = {strcmp(options->lang, "zh") == 0, options->slots};
    char from[INSTANT_TEXT_MAX];

    if (strcmp(options->format, "json") == 0)
        print_json(report);
    else if (strcmp(options->format, "csv") == 0)
        report_print_csv(report, &look);
    else
        report_print_table(report, &look);
    if (report->kept_from != 0) {
        instant_print(report->kept_from, from);
        fprintf(stderr, "days of the log were dropped: it is whole from %s\n", from);
    }
    if (report->unreadable > 0)
        fprintf(stderr, "%llu entries cannot be read and are not counted; zhitong audit names them\n",
                (unsigned long long)report->unreadable);
}

static int make(struct report_options *options, struct report_ask *ask) {
    struct measure_progress progress = {.tell = tell};
    struct report report = {0};
    struct reason why;
    struct db *db = database_open(options->url, NULL, measures_queries);

    if (db == NULL)
        return EXIT_REFUSED;
    began_at = told_at = clock_monotonic_ms();
    ask->progress = options->quiet ? NULL : &progress;
    int status = report_make(&report, db, ask, &why);
    if (status == 0)
        print(&report, options);
    else
        fprintf(stderr, "%s: %s\n", why.field, why.text);
    int64_t took = clock_monotonic_ms() - began_at;
    if (status == 0 && !options->quiet)
        fprintf(stderr, "%llu entries of %llu cases in %.1f s\n", (unsigned long long)progress.entries,
                (unsigned long long)progress.cases, (double)took / 1000);
    report_close(&report);
    db_close(&db);
    return status == 0 ? EXIT_GOOD : EXIT_REFUSED;
}

int report_command(int argc, char **argv) {
    struct report_options options = {.by = "", .format = "table", .lang = "en"};
    int status = read_options(argc, argv, &options);
    if (status != 0)
        return status;
    if (options.definitions) {
        report_print_page();
        return EXIT_GOOD;
    }
    if (options.url == NULL)
        return wrong_use(argv[0], "no database: give --database URL, or set ZHITONG_DATABASE_URL");
    const char *units[UNITS_MAX];
    char *list = strdup(options.units != NULL ? options.units : "");
    assert(list != NULL);
    struct report_ask ask = {.by = (enum sums_by)sums_by_named(options.by),
                             .from = options.from,
                             .to = options.to,
                             .units = units,
                             .unit_count = split_units(list, units),
                             .kept = options.kept};
    status = EXIT_REFUSED;
    if (options.exclude == NULL || read_exclusions(options.exclude, &ask.exclusions, &ask.exclusion_count) == 0)
        status = make(&options, &ask);
    free(ask.exclusions);
    free(list);
    return status;
}
