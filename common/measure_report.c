#include "common/measure_report.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAR_AWAY INT64_C(253402300800000) /* the year 10000, unix ms */

static int failed(const struct db *db, struct reason *why) {
    *why = *db_reason(db);
    return -1;
}

/* ---- the city ------------------------------------------------------------------------------------------------------------ */

static int read_city(struct report *report, struct db *db, struct reason *why) {
    SCOPED_RESULT
    *city = db_ask(db, "measures_city", NULL);

    if (city == NULL)
        return failed(db, why);
    if (PQntuples(city) == 0)
        return refuse(why, "city", "no city is loaded; zhitong city load FOLDER does it");
    snprintf(report->city_en, sizeof report->city_en, "%s", db_text(city, 0, 0));
    snprintf(report->city_zh, sizeof report->city_zh, "%s", db_text(city, 0, 1));
    return zone_open(&report->zone, db_text(city, 0, 2), why);
}

static int read_channels(struct report *report, struct db *db, struct reason *why) {
    struct sums_ask *ask = &report->sums.ask;
    SCOPED_RESULT
    *rows = db_ask(db, "measures_channels", NULL);

    if (rows == NULL)
        return failed(db, why);
    if (PQntuples(rows) > SUM_CHANNELS_MAX)
        return refuse(why, "channels", "more than %d channels", SUM_CHANNELS_MAX);
    for (int row = 0; row < PQntuples(rows); row++)
        ask->channels[ask->channel_count++] = (struct sums_channel){
            code_book_number(&report->book, db_text(rows, row, 0)), db_bool(rows, row, 1), db_bool(rows, row, 2)};
    return 0;
}

static int read_titles(struct report *report, struct db *db, struct reason *why) {
    SCOPED_RESULT
    *rows = db_ask(db, "measures_slots", NULL);

    if (rows == NULL)
        return failed(db, why);
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        snprintf(report->titles_en[measure], sizeof report->titles_en[measure], "%s", measure_spec(measure)->en);
        snprintf(report->titles_zh[measure], sizeof report->titles_zh[measure], "%s", measure_spec(measure)->zh);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        enum measure slot = measure_slot_named(db_text(rows, row, 0));
        if (slot == MEASURE_COUNT)
            continue;
        report->titled[slot] = true;
        snprintf(report->titles_en[slot], sizeof report->titles_en[slot], "%s", db_text(rows, row, 1));
        snprintf(report->titles_zh[slot], sizeof report->titles_zh[slot], "%s", db_text(rows, row, 2));
    }
    return 0;
}

/* ---- the period ---------------------------------------------------------------------------------------------------------- */

static int read_date(const char *text, const char *field, int32_t *date, struct reason *why) {
    int year, month, day, end = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || text[end] != '\0' || end != 10 ||
        !date_is_valid(year, month, day))
        return refuse(why, field, "must be a date like 2026-01-31");
    *date = date_of(year, month, day);
    return 0;
}

static int read_period(struct report *report, struct reason *why) {
    const struct report_ask *ask = &report->ask;
    int32_t date;

    report->sums.ask.from_at = 0;
    report->sums.ask.to_at = FAR_AWAY;
    if (ask->from != NULL && ask->from[0] != '\0') {
        if (read_date(ask->from, "from", &date, why) != 0)
            return -1;
        report->sums.ask.from_at = zone_instant(report->zone, (int64_t)date * DAY_MS);
    }
    if (ask->to != NULL && ask->to[0] != '\0') {
        if (read_date(ask->to, "to", &date, why) != 0)
            return -1;
        report->sums.ask.to_at = zone_instant(report->zone, ((int64_t)date + 1) * DAY_MS);
    }
    if (report->sums.ask.from_at >= report->sums.ask.to_at)
        return refuse(why, "to", "must not lie before from");
    return 0;
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

static const char *const tier_names[][2] = {
    {"", ""}, {"village", "村（社区）"}, {"township", "乡镇（街道）"}, {"county", "县区"}, {"city", "市"}};

static void name_row(const struct report *report, struct report_row *row) {
    uint64_t key = row->cell->key;
    size_t size = sizeof row->code;

    switch (report->ask.by) {
    case SUMS_BY_none:
        snprintf(row->name_en, sizeof row->name_en, "%s", report->city_en);
        snprintf(row->name_zh, sizeof row->name_zh, "%s", report->city_zh);
        return;
    case SUMS_BY_unit:
    case SUMS_BY_item:
    case SUMS_BY_channel:
    case SUMS_BY_source:
        snprintf(row->code, size, "%s", code_book_code(&report->book, (uint32_t)key));
        return;
    case SUMS_BY_tier:
        snprintf(row->code, size, "%u", (unsigned)key % 10);
        if (key < sizeof tier_names / sizeof tier_names[0]) {
            snprintf(row->name_en, sizeof row->name_en, "%s", tier_names[key][0]);
            snprintf(row->name_zh, sizeof row->name_zh, "%s", tier_names[key][1]);
        }
        return;
    case SUMS_BY_month:
        snprintf(row->code, size, "%04u-%02u", (unsigned)(key / 100), (unsigned)(key % 100));
        return;
    case SUMS_BY_day:
        snprintf(row->code, size, "%04u-%02u-%02u", (unsigned)(key / 10000), (unsigned)(key / 100 % 100),
                 (unsigned)(key % 100));
        return;
    }
}

static int compare_codes(const void *a, const void *b) {
    return strcmp(((const struct report_row *)a)->code, ((const struct report_row *)b)->code);
}

/* What no longer stands in the city's folder keeps its code only. */
static int read_names(struct report *report, struct db *db, struct reason *why) {
    struct params params = {0};

    if (report->ask.by != SUMS_BY_unit && report->ask.by != SUMS_BY_item && report->ask.by != SUMS_BY_channel &&
        report->ask.by != SUMS_BY_source)
        return 0;
    params_text(&params, sums_by_name(report->ask.by));
    SCOPED_RESULT
    *names = db_ask(db, "measures_names", &params);
    if (names == NULL)
        return failed(db, why);
    for (int i = 0; i < PQntuples(names); i++) {
        struct report_row key;
        snprintf(key.code, sizeof key.code, "%s", db_text(names, i, 0));
        struct report_row *row = report->row_count == 0 ? NULL
                                                        : bsearch(&key, report->rows, report->row_count,
                                                                  sizeof *report->rows, compare_codes);
        if (row == NULL)
            continue;
        snprintf(row->name_en, sizeof row->name_en, "%s", db_text(names, i, 1));
        snprintf(row->name_zh, sizeof row->name_zh, "%s", db_text(names, i, 2));
    }
    return 0;
}

static bool may_be_ranked(const struct report_row *row) {
    return row->cell->cases >= RANKED_CASES_MIN && !isnan(row->composite);
}

static void rank_rows(struct report *report) {
    if (report->ask.by != SUMS_BY_unit)
        return;
    for (size_t i = 0; i < report->row_count; i++) {
        if (!may_be_ranked(&report->rows[i]))
            continue;
        report->rows[i].rank = 1;
        for (size_t j = 0; j < report->row_count; j++)
            report->rows[i].rank += may_be_ranked(&report->rows[j]) &&
                                    report->rows[j].composite > report->rows[i].composite;
    }
}

static void make_rows(struct report *report) {
    report->row_count = report->sums.count;
    report->rows = calloc(report->row_count + 1, sizeof *report->rows);
    assert(report->rows != NULL);
    for (size_t i = 0; i < report->row_count; i++) {
        report->rows[i].cell = &report->sums.cells[i];
        report->rows[i].composite = measured_composite(report->sums.cells[i].measured);
        name_row(report, &report->rows[i]);
    }
    if (report->row_count > 0)
        qsort(report->rows, report->row_count, sizeof *report->rows, compare_codes);
    rank_rows(report);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------------- */

static int compare_exclusions(const void *a, const void *b) {
    uint64_t one = ((const struct exclusion *)a)->case_id, other = ((const struct exclusion *)b)->case_id;
    return (one > other) - (one < other);
}

static void ask_sums(struct report *report) {
    struct sums_ask *ask = &report->sums.ask;

    ask->by = report->ask.by;
    ask->zone = report->zone;
    ask->exclusions = report->ask.exclusions;
    ask->exclusion_count = report->ask.exclusion_count;
    if (ask->exclusion_count > 0)
        qsort(ask->exclusions, ask->exclusion_count, sizeof *ask->exclusions, compare_exclusions);
    for (size_t i = 0; i < report->ask.unit_count; i++)
        code_book_number(&report->book, report->ask.units[i]);
    ask->unit_count = report->book.count; /* the first codes in the book */
    report->sums.unit_met = calloc(ask->unit_count + 1, sizeof *report->sums.unit_met);
    assert(report->sums.unit_met != NULL);
}

static int read_log(struct report *report, struct db *db, struct reason *why) {
    struct measure_reading reading = {
        .db = db, .book = &report->book, .sums = &report->sums, .progress = report->ask.progress};
    SCOPED_RESULT
    *now = db_ask(db, "measures_now", NULL);

    if (now == NULL)
        return failed(db, why);
    report->sums.ask.now = db_time(now, 0, 0);
    int status = report->ask.kept ? measure_kept(&reading, why) : measure_whole(&reading);
    if (status != 0 && !report->ask.kept)
        return failed(db, why);
    report->kept_from = reading.kept_from;
    report->unreadable = reading.unreadable;
    return status;
}

/* A unit that the city has no longer may still have been charged; one that is in neither place is misspelt. */
static int check_units(const struct report *report, struct db *db, struct reason *why) {
    for (size_t i = 0; i < report->sums.ask.unit_count; i++) {
        struct params params = {0};
        const char *code = code_book_code(&report->book, (uint32_t)i);
        if (report->sums.unit_met[i])
            continue;
        params_text(&params, code);
        SCOPED_RESULT
        *known = db_ask(db, "measures_unit_is_known", &params);
        if (known == NULL)
            return failed(db, why);
        if (!db_bool(known, 0, 0))
            return refuse(why, "unit", "the city has no unit %.48s, and nothing was charged to one of that code", code);
    }
    return 0;
}

/* Where nobody is ever warned there is nothing to count, and no rule that is broken. */
static int drop_warned(struct report *report, struct db *db, struct reason *why) {
    SCOPED_RESULT
    *warns = db_ask(db, "measures_warns", NULL);

    if (warns == NULL)
        return failed(db, why);
    if (db_bool(warns, 0, 0))
        return 0;
    report->sums.total.measured[SLOT_moved_up] = (struct measured){0};
    for (size_t i = 0; i < report->sums.count; i++)
        report->sums.cells[i].measured[SLOT_moved_up] = (struct measured){0};
    return 0;
}

static int prepare(struct db *db, struct reason *why) {
    SCOPED_RESULT
    *done = db_ask(db, "measures_prepare", NULL);

    return done != NULL ? 0 : failed(db, why);
}

int report_make(struct report *report, struct db *db, const struct report_ask *ask, struct reason *why) {
    *report = (struct report){.ask = *ask};
    if (prepare(db, why) != 0 || read_city(report, db, why) != 0 || read_period(report, why) != 0)
        return -1;
    ask_sums(report);
    if (read_channels(report, db, why) != 0 || read_titles(report, db, why) != 0 || read_log(report, db, why) != 0)
        return -1;
    if (check_units(report, db, why) != 0 || drop_warned(report, db, why) != 0)
        return -1;
    make_rows(report);
    return read_names(report, db, why);
}

void report_close(struct report *report) {
    sums_close(&report->sums);
    code_book_close(&report->book);
    zone_close(&report->zone);
    free(report->rows);
    report->rows = NULL;
    report->row_count = 0;
}
