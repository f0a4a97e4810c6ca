#include <math.h>
#include <stdio.h>
#include <time.h>

#include "common/measure_report.h"

static json_t *json_instant(int64_t unix_ms) {
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm parts;
    char text[32];

    if (unix_ms == 0)
        return json_null();
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static json_t *json_rate(double rate) {
    return isnan(rate) ? json_null() : json_real(rate);
}

static json_t *json_text_or_null(const char *text) {
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

/* Hits are in whole ones where they are whole: half of a partly solved case is 0.5. */
static json_t *json_measured(const struct measured *measured) {
    json_t *hit = measured->tenths % 10 == 0 ? json_integer((json_int_t)(measured->tenths / 10))
                                             : json_real((double)measured->tenths / 10);
    return json_pack("{s:o,s:I,s:o}", "hit", hit, "of", (json_int_t)measured->of, "rate",
                     json_rate(measured_rate(measured)));
}

static json_t *json_cell(const struct sums_cell *cell) {
    json_t *object = json_object();

    json_object_set_new(object, "cases", json_integer((json_int_t)cell->cases));
    json_object_set_new(object, "composite", json_rate(measured_composite(cell->measured)));
    json_t *measures = json_object();
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++)
        json_object_set_new(measures, measure_spec(measure)->name, json_measured(&cell->measured[measure]));
    json_object_set_new(object, "measures", measures);
    return object;
}

static json_t *json_row(const struct report_row *row) {
    json_t *object = json_cell(row->cell);

    json_object_set_new(object, "code", json_text_or_null(row->code));
    json_object_set_new(object, "name_zh", json_text_or_null(row->name_zh));
    json_object_set_new(object, "name_en", json_text_or_null(row->name_en));
    json_object_set_new(object, "rank", row->rank == 0 ? json_null() : json_integer(row->rank));
    return object;
}

static json_t *json_definitions(const struct report *report) {
    json_t *list = json_array();

    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        const struct measure_spec *spec = measure_spec(measure);
        json_t *one = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "name", spec->name, "kind",
                                spec->slot ? "slot" : "rate", "zh", report->titles_zh[measure], "en",
                                report->titles_en[measure], "period", measure_period_name(spec->period), "numerator",
                                spec->numerator, "denominator", spec->denominator, "meaning", spec->meaning);
        if (spec->slot)
            json_object_set_new(one, "wording", json_string(report->titled[measure] ? "city" : "project default"));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *json_exclusions(const struct report *report) {
    json_t *list = json_array();

    for (size_t i = 0; i < report->ask.exclusion_count; i++) {
        const struct exclusion *exclusion = &report->ask.exclusions[i];
        if (exclusion->met)
            json_array_append_new(list, json_pack("{s:I,s:s,s:s}", "case", (json_int_t)exclusion->case_id, "reason",
                                                  exclusion->reason, "approved_by", exclusion->approved_by));
    }
    return list;
}

json_t *report_json(const struct report *report) {
    json_t *object = json_object(), *rows = json_array();

    json_object_set_new(object, "city_zh", json_text_or_null(report->city_zh));
    json_object_set_new(object, "city_en", json_text_or_null(report->city_en));
    json_object_set_new(object, "from", json_text_or_null(report->ask.from));
    json_object_set_new(object, "to", json_text_or_null(report->ask.to));
    json_object_set_new(object, "by", json_text_or_null(sums_by_name(report->ask.by)));
    json_object_set_new(object, "at", json_instant(report->sums.ask.now));
    json_object_set_new(object, "log_whole_from", json_instant(report->kept_from));
    json_object_set_new(object, "cases_without_beginning", json_integer((json_int_t)report->sums.headless));
    json_object_set_new(object, "events_uncharged", json_integer((json_int_t)report->sums.uncharged));
    json_object_set_new(object, "entries_unreadable", json_integer((json_int_t)report->unreadable));
    json_object_set_new(object, "excluded", json_integer((json_int_t)report->sums.excluded));
    json_object_set_new(object, "exclusions", json_exclusions(report));
    json_object_set_new(object, "ranked_from_cases", json_integer(RANKED_CASES_MIN));
    json_object_set_new(object, "definitions", json_definitions(report));
    json_object_set_new(object, "total", json_cell(&report->sums.total));
    for (size_t i = 0; i < report->row_count; i++)
        json_array_append_new(rows, json_row(&report->rows[i]));
    json_object_set_new(object, "rows", rows);
    return object;
}
