#include "services/zhitong/report_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/csv.h"

#define NAME_COLUMNS_MAX 32 /* of a row's name in the table, on the screen */
#define CELL_TEXT_MAX 32

/* ---- width on the screen --------------------------------------------------------------------------------------------- */

/* One code point of UTF-8; the text is valid, the city's check has seen to it. */
static uint32_t next_point(const char **text) {
    const unsigned char *at = (const unsigned char *)*text;
    int more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
    uint32_t point = more == 0 ? at[0] : at[0] & (0x3fu >> more);

    for (int i = 1; i <= more && (at[i] & 0xc0) == 0x80; i++)
        point = point << 6 | (at[i] & 0x3fu);
    for (*text += 1; ((unsigned char)**text & 0xc0) == 0x80;)
        ++*text;
    return point;
}

/* East Asian wide and fullwidth characters take two columns (Unicode, UAX 11). */
static int point_columns(uint32_t point) {
    bool wide = (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) ||
                (point >= 0xac00 && point <= 0xd7a3) || (point >= 0xf900 && point <= 0xfaff) ||
                (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
                (point >= 0xffe0 && point <= 0xffe6) || (point >= 0x20000 && point <= 0x3fffd);
    return wide ? 2 : 1;
}

static int text_columns(const char *text) {
    int columns = 0;

    while (*text != '\0')
        columns += point_columns(next_point(&text));
    return columns;
}

/* Cut to `columns`, or filled up with blanks: on the right, or on the left for numbers. */
static void print_cell(const char *text, int columns, bool number) {
    int blanks = columns - text_columns(text), used = 0;

    printf("%*s", number && blanks > 0 ? blanks : 0, "");
    while (*text != '\0') {
        const char *from = text;
        int wide = point_columns(next_point(&text));
        if (used + wide > columns)
            break;
        printf("%.*s", (int)(text - from), from);
        used += wide;
    }
    printf("%*s  ", number ? 0 : columns - used, "");
}

/* ---- table --------------------------------------------------------------------------------------------------------------- */

static const char *title_of(const struct report *report, const struct report_look *look, enum measure measure) {
    return look->zh ? report->titles_zh[measure] : report->titles_en[measure];
}

static const char *name_of(const struct report_row *row, const struct report_look *look) {
    const char *name = look->zh ? row->name_zh : row->name_en;

    return name[0] != '\0' ? name : row->code;
}

static void rate_text(double rate, char text[CELL_TEXT_MAX]) {
    if (isnan(rate))
        snprintf(text, CELL_TEXT_MAX, "-");
    else
        snprintf(text, CELL_TEXT_MAX, "%.1f%%", rate * 100);
}

static const char *word(const struct report_look *look, const char *zh, const char *en) {
    return look->zh ? zh : en;
}

static int title_columns(const struct report *report, const struct report_look *look, enum measure measure) {
    int columns = text_columns(title_of(report, look, measure));

    return columns < 6 ? 6 : columns;
}

static void print_head(const struct report *report, const struct report_look *look, int name_columns) {
    print_cell("", name_columns, false);
    print_cell(word(look, "件数", "cases"), 7, true);
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++)
        if (measure_spec(measure)->slot == look->slots)
            print_cell(title_of(report, look, measure), title_columns(report, look, measure), true);
    if (!look->slots) {
        print_cell(word(look, "综合", "score"), 6, true);
        print_cell(word(look, "名次", "rank"), 4, true);
    }
    printf("\n");
}

static void print_cells(const struct report *report, const struct report_look *look, const struct sums_cell *cell) {
    char text[CELL_TEXT_MAX];

    snprintf(text, sizeof text, "%llu", (unsigned long long)cell->cases);
    print_cell(text, 7, true);
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        if (measure_spec(measure)->slot != look->slots)
            continue;
        rate_text(measured_rate(&cell->measured[measure]), text);
        print_cell(text, title_columns(report, look, measure), true);
    }
    if (look->slots)
        return;
    double composite = measured_composite(cell->measured);
    snprintf(text, sizeof text, isnan(composite) ? "-" : "%.1f", composite);
    print_cell(text, 6, true);
}

static void print_rank(const struct report_row *row) {
    char text[CELL_TEXT_MAX] = "-";

    if (row->rank > 0)
        snprintf(text, sizeof text, "%u", row->rank);
    print_cell(text, 4, true);
}

static void print_notes(const struct report *report, const struct report_look *look) {
    if (look->slots && look->zh)
        printf(
            "“八个必须”的名称：城市在 slots.csv 中写明的用其原文，其余为本项目的默认名称，并非任何城市的文件原文。\n");
    if (look->slots && !look->zh)
        printf(
            "Titles of the eight rules: the city's where slots.csv gives one, else the project's default and no city's text.\n");
    if (report->ask.by == SUMS_BY_unit && !look->slots)
        printf("%s: %d\n", word(look, "参加排名的最少件数", "cases below which nobody is ranked"), RANKED_CASES_MIN);
    if (report->ask.by == SUMS_BY_tier)
        printf("%s\n", word(look, "一件经多级办理的，每级各计一次", "a case counts at each tier that held it"));
    if (report->ask.exclusion_count > 0)
        printf("%s: %llu\n", word(look, "经批准申诉剔除的件数", "cases taken out by an approved appeal"),
               (unsigned long long)report->sums.excluded);
    if (report->sums.headless > 0)
        printf("%s: %llu\n",
               word(look, "日志已不完整、未计入的件数", "cases left out because part of their log is gone"),
               (unsigned long long)report->sums.headless);
}

void report_print_table(const struct report *report, const struct report_look *look) {
    int name_columns = 5;

    for (size_t i = 0; i < report->row_count; i++) {
        int columns = text_columns(name_of(&report->rows[i], look));
        name_columns = columns > name_columns ? columns : name_columns;
    }
    if (name_columns > NAME_COLUMNS_MAX)
        name_columns = NAME_COLUMNS_MAX;
    print_head(report, look, name_columns);
    for (size_t i = 0; i < report->row_count; i++) {
        print_cell(name_of(&report->rows[i], look), name_columns, false);
        print_cells(report, look, report->rows[i].cell);
        if (!look->slots)
            print_rank(&report->rows[i]);
        printf("\n");
    }
    if (report->ask.by != SUMS_BY_none) {
        print_cell(word(look, "合计", "all"), name_columns, false);
        print_cells(report, look, &report->sums.total);
        if (!look->slots)
            print_cell("", 4, true);
        printf("\n");
    }
    print_notes(report, look);
}

/* ---- CSV ------------------------------------------------------------------------------------------------------------------ */

static void csv_text(const char *text) {
    csv_write_field(stdout, text);
    putchar(',');
}

static void csv_row(const struct report *report, const struct report_look *look, const struct report_row *row) {
    for (enum measure measure = 0; measure < MEASURE_COUNT; measure++) {
        const struct measured *measured = &row->cell->measured[measure];
        if (measure_spec(measure)->slot != look->slots)
            continue;
        csv_text(row->code);
        csv_text(look->zh ? row->name_zh : row->name_en);
        csv_text(measure_spec(measure)->name);
        csv_text(title_of(report, look, measure));
        printf("%llu,%.1f,%llu,", (unsigned long long)row->cell->cases, (double)measured->tenths / 10,
               (unsigned long long)measured->of);
        if (measured->of > 0)
            printf("%.6f", measured_rate(measured));
        printf("\r\n");
    }
}

void report_print_csv(const struct report *report, const struct report_look *look) {
    printf("code,name,measure,title,cases,hit,of,rate\r\n");
    for (size_t i = 0; i < report->row_count; i++)
        csv_row(report, look, &report->rows[i]);
}
