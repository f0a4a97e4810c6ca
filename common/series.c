#include "common/series.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OTHER "other"

struct row {
    char value[SERIES_VALUE_BYTES_MAX + 1];
    int64_t values[SERIES_FAMILIES_MAX];
};

struct series_sheet {
    const struct series_group *group;
    struct row rows[SERIES_SHOWN_MAX];
    size_t count, least; /* least: of the rows, the one to give way; known once they are full */
    int64_t rest[SERIES_FAMILIES_MAX];
    bool any_rest;
};

/* ---- gathering ----------------------------------------------------------------------------------------------------- */

static void add_to_rest(struct series_sheet *sheet, const int64_t *values) {
    sheet->any_rest = true;
    for (size_t i = 0; i < sheet->group->family_count; i++)
        sheet->rest[i] += values[i];
}

static int64_t worth(const struct series_sheet *sheet, const int64_t *values) {
    int64_t sum = 0;
    for (size_t i = 0; i < sheet->group->family_count; i++)
        if (sheet->group->families[i].kind == SERIES_WORSE)
            sum += values[i];
    return sum;
}

static void find_least(struct series_sheet *sheet) {
    sheet->least = 0;
    for (size_t i = 1; i < sheet->count; i++)
        if (worth(sheet, sheet->rows[i].values) < worth(sheet, sheet->rows[sheet->least].values))
            sheet->least = i;
}

static void put(struct series_sheet *sheet, size_t at, const char *value, const int64_t *values) {
    struct row *row = &sheet->rows[at];
    size_t size = strnlen(value, SERIES_VALUE_BYTES_MAX + 1);
    if (size > SERIES_VALUE_BYTES_MAX) /* never half a character */
        for (size = SERIES_VALUE_BYTES_MAX; size > 0 && ((unsigned char)value[size] & 0xc0) == 0x80;)
            size--;
    memcpy(row->value, value, size);
    row->value[size] = '\0';
    memcpy(row->values, values, sheet->group->family_count * sizeof *values);
}

void series_add(struct series_sheet *sheet, const char *value, const int64_t *values) {
    if (strcmp(value, OTHER) == 0) {
        add_to_rest(sheet, values);
        return;
    }
    if (sheet->count < SERIES_SHOWN_MAX) {
        put(sheet, sheet->count++, value, values);
        if (sheet->count == SERIES_SHOWN_MAX)
            find_least(sheet);
        return;
    }
    if (worth(sheet, values) <= worth(sheet, sheet->rows[sheet->least].values)) {
        add_to_rest(sheet, values);
        return;
    }
    add_to_rest(sheet, sheet->rows[sheet->least].values);
    put(sheet, sheet->least, value, values);
    find_least(sheet);
}

struct series_sheet *series_sheet_open(const struct series_group *group) {
    assert(group->family_count <= SERIES_FAMILIES_MAX);
    struct series_sheet *sheet = calloc(1, sizeof *sheet);
    assert(sheet != NULL);
    sheet->group = group;
    return sheet;
}

void series_sheet_close(struct series_sheet **sheet) {
    free(*sheet);
    *sheet = NULL;
}

void series_add_all(struct series_sheet *to, const struct series_sheet *from) {
    for (size_t i = 0; i < from->count; i++)
        series_add(to, from->rows[i].value, from->rows[i].values);
    if (from->any_rest)
        add_to_rest(to, from->rest);
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static const char *type_of(const struct series_family *family) {
    return family->kind == SERIES_COUNTER ? "counter" : "gauge";
}

/* A label's value: backslash, quote and line feed are escaped (text format 0.0.4). */
static void write_value(FILE *out, const char *value) {
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else
            fprintf(out, *value == '\\' || *value == '"' ? "\\%c" : "%c", *value);
    }
}

static void write_sample(FILE *out, const struct series_sheet *sheet, const char *service, size_t family) {
    const struct series_group *group = sheet->group;
    const char *name = group->families[family].name;
    for (size_t i = 0; i < sheet->count; i++) {
        fprintf(out, "zhitong_%s{service=\"%s\",%s=\"", name, service, group->label);
        write_value(out, sheet->rows[i].value);
        fprintf(out, "\"} %" PRId64 "\n", sheet->rows[i].values[family]);
    }
    if (sheet->any_rest && group->families[family].kind != SERIES_COUNTER)
        fprintf(out, "zhitong_%s{service=\"%s\",%s=\"" OTHER "\"} %" PRId64 "\n", name, service, group->label,
                sheet->rest[family]);
}

void series_write(FILE *out, const char *service, const struct series_group *groups, size_t count,
                  struct service_loop *loop) {
    for (size_t i = 0; i < count; i++) {
        const struct series_group *group = &groups[i];
        struct series_sheet *sheet = series_sheet_open(group);
        group->list(loop, sheet);
        for (size_t family = 0; family < group->family_count; family++) {
            fprintf(out, "# HELP zhitong_%s %s\n", group->families[family].name, group->families[family].meaning);
            fprintf(out, "# TYPE zhitong_%s %s\n", group->families[family].name, type_of(&group->families[family]));
            write_sample(out, sheet, service, family);
        }
        series_sheet_close(&sheet);
    }
}

void series_markdown(FILE *out, const struct series_group *groups, size_t count) {
    fputs("| metric | type | unit | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++)
        for (size_t family = 0; family < groups[i].family_count; family++)
            fprintf(out, "| `zhitong_%s{%s}` | %s | %s | %s; a row for %s |\n", groups[i].families[family].name,
                    groups[i].label, type_of(&groups[i].families[family]), groups[i].families[family].unit,
                    groups[i].families[family].meaning, groups[i].rows);
}
