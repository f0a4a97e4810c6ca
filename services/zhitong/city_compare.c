#include "services/zhitong/city_compare.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEY_COLUMNS_MAX 4

/* The columns that tell a row of a table from the others; of a table that is not named, the first. */
static const struct key {
    size_t count;
    size_t columns[KEY_COLUMNS_MAX];
} keys[CITY_TABLE_COUNT] = {
    [CITY_ladder] = {3, {COLUMN(ladder, tier), COLUMN(ladder, severity), COLUMN(ladder, clock)}},
    [CITY_calendar] = {2, {COLUMN(calendar, date), COLUMN(calendar, calendar)}},
    [CITY_hours] = {4,
                    {COLUMN(hours, weekday), COLUMN(hours, from), COLUMN(hours, calendar), COLUMN(hours, valid_from)}},
    [CITY_reasons] = {2, {COLUMN(reasons, move), COLUMN(reasons, code)}},
    [CITY_source_fields] = {2, {COLUMN(source_fields, source), COLUMN(source_fields, field)}},
    [CITY_source_values] = {3,
                            {COLUMN(source_values, source), COLUMN(source_values, field),
                             COLUMN(source_values, theirs)}},
    [CITY_questions] = {2, {COLUMN(questions, item), COLUMN(questions, code)}},
    [CITY_choices] = {3, {COLUMN(choices, item), COLUMN(choices, question), COLUMN(choices, code)}},
    [CITY_item_texts] = {2, {COLUMN(item_texts, item), COLUMN(item_texts, language)}},
    [CITY_notices] = {3, {COLUMN(notices, event), COLUMN(notices, audience), COLUMN(notices, language)}},
    [CITY_fences] = {3, {COLUMN(fences, area), COLUMN(fences, part), COLUMN(fences, ring)}},
    [CITY_templates] = {2, {COLUMN(templates, code), COLUMN(templates, party)}},
};

struct side { /* one draft's rows of one table, by their key */
    const struct city_draft *draft;
    enum city_table table;
    struct key key;
    size_t *rows;
    size_t count;
};

static const char *field(const struct side *side, size_t row, size_t column) {
    return draft_field(side->draft, side->table, row, column);
}

static int compare_keys(const struct side *a, size_t row_a, const struct side *b, size_t row_b) {
    for (size_t i = 0; i < a->key.count; i++) {
        int order = strcmp(field(a, row_a, a->key.columns[i]), field(b, row_b, b->key.columns[i]));
        if (order != 0)
            return order;
    }
    return 0;
}

static int by_key(const void *left, const void *right, void *context) {
    const struct side *side = context;

    return compare_keys(side, *(const size_t *)left, side, *(const size_t *)right);
}

static void side_open(struct side *side, const struct city_draft *draft, enum city_table table) {
    *side = (struct side){draft, table, keys[table], NULL, 0};
    if (side->key.count == 0)
        side->key.count = 1;
    side->rows = calloc(draft->tables[table].count + 1, sizeof *side->rows);
    assert(side->rows != NULL);
    for (size_t row = 0; row < draft->tables[table].count; row++) {
        /* Of city.csv a key without value is as good as no row. */
        if (table != CITY_city || *field(side, row, COLUMN(city, value)) != '\0')
            side->rows[side->count++] = row;
    }
    qsort_r(side->rows, side->count, sizeof *side->rows, by_key, side);
}

static bool is_key(const struct side *side, size_t column) {
    for (size_t i = 0; i < side->key.count; i++)
        if (side->key.columns[i] == column)
            return true;
    return false;
}

static void print_row(FILE *out, char sign, const struct side *side, size_t row) {
    fprintf(out, "%c %s", sign, city_table_spec(side->table)->file);
    for (size_t i = 0; i < side->key.count; i++) {
        const char *text = field(side, row, side->key.columns[i]);
        fprintf(out, "%s%s", *text == '\0' ? "" : " ", text);
    }
}

static bool is_number(enum column_kind kind) {
    return kind == KIND_LATITUDE || kind == KIND_LONGITUDE || kind == KIND_AMOUNT || kind == KIND_HOURS ||
           kind == KIND_DAYS || kind == KIND_TIER || kind == KIND_YEAR;
}

/* 0.50 and 0.5 are the same number; 007 and 7 are two codes. */
static bool same(enum column_kind kind, const char *a, const char *b) {
    if (strcmp(a, b) == 0)
        return true;
    return is_number(kind) && *a != '\0' && *b != '\0' && strtod(a, NULL) == strtod(b, NULL);
}

static void compare_row(const struct side *sides[2], const size_t rows[2], FILE *out, struct table_changes *changes) {
    const struct table_spec *spec = city_table_spec(sides[0]->table);
    bool altered = false;

    for (size_t i = 0; i < spec->column_count; i++) {
        const char *before = field(sides[0], rows[0], i), *after = field(sides[1], rows[1], i);
        if (is_key(sides[0], i) || same(spec->columns[i].kind, before, after))
            continue;
        if (out != NULL && !altered)
            print_row(out, '~', sides[1], rows[1]);
        if (out != NULL)
            fprintf(out, "%s %s: \"%s\" -> \"%s\"", altered ? "," : "", spec->columns[i].name, before, after);
        changes->columns[i] = altered = true;
    }
    if (out != NULL && altered)
        fputc('\n', out);
    changes->altered += altered;
}

static void note_whole(FILE *out, char sign, const struct side *side, size_t row) {
    if (out == NULL)
        return;
    print_row(out, sign, side, row);
    fputc('\n', out);
}

struct table_changes city_compare(const struct city_draft *loaded, const struct city_draft *folder,
                                  enum city_table table, FILE *out) {
    struct table_changes changes = {0};
    struct side old, new;
    size_t i = 0, j = 0;

    side_open(&old, loaded, table);
    side_open(&new, folder, table);
    while (i < old.count || j < new.count) {
        int order = i == old.count ? 1 : j == new.count ? -1 : compare_keys(&old, old.rows[i], &new, new.rows[j]);
        if (order < 0) {
            note_whole(out, '-', &old, old.rows[i++]);
            changes.removed++;
        } else if (order > 0) {
            note_whole(out, '+', &new, new.rows[j++]);
            changes.added++;
        } else {
            compare_row((const struct side *[2]){&old, &new}, (size_t[2]){old.rows[i++], new.rows[j++]}, out, &changes);
        }
    }
    free(old.rows);
    free(new.rows);
    return changes;
}

bool table_is_changed(const struct table_changes *changes) {
    return changes->added + changes->removed + changes->altered > 0;
}
