#include "common/city_draft.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BLOCK_BYTES 65536

#define NEEDED true
#define OPTIONAL false

#define CITY_TABLE(name, file, meaning) static const struct column_spec name##_column_specs[] = {
#define CITY_COLUMN(table, name, kind, need, refers, meaning) {#name, KIND_##kind, need, CITY_##refers, meaning},
#define CITY_END(name) \
    } \
    ; \
    static_assert(sizeof(struct name##_columns) <= CITY_COLUMNS_MAX, "too many columns: raise CITY_COLUMNS_MAX");
#include "common/city_tables.def"
#undef CITY_TABLE
#undef CITY_COLUMN
#undef CITY_END

#define ENDING_ROWS ".csv"
#define ENDING_HEADER ".csv"
#define ENDING_ABSENT ".csv"
#define ENDING_SHAPES ".geojson"
static const struct table_spec specs[] = {
#define CITY_TABLE(name, file, meaning) \
    {#name, #name ENDING_##file, meaning, FILE_##file, name##_column_specs, sizeof(struct name##_columns)},
#define CITY_COLUMN(...)
#define CITY_END(name)
#include "common/city_tables.def"
#undef CITY_TABLE
#undef CITY_COLUMN
#undef CITY_END
};

const struct table_spec *city_table_spec(enum city_table table) {
    assert(table < CITY_TABLE_COUNT);
    return &specs[table];
}

struct text_block {
    struct text_block *next;
    size_t size, room;
    char bytes[];
};

struct city_draft *city_draft_open(void) {
    struct city_draft *draft = calloc(1, sizeof *draft);

    assert(draft != NULL);
    for (size_t i = 0; i < CITY_TABLE_COUNT; i++) {
        for (size_t column = 0; column < CITY_COLUMNS_MAX; column++)
            draft->tables[i].place[column] = column + 1;
    }
    return draft;
}

void city_draft_close(struct city_draft **draft) {
    if (*draft == NULL)
        return;
    for (size_t i = 0; i < CITY_TABLE_COUNT; i++)
        free((*draft)->tables[i].rows);
    for (struct text_block *block = (*draft)->texts, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(*draft);
    *draft = NULL;
}

static const char *keep_text(struct city_draft *draft, const char *text) {
    size_t size = strlen(text) + 1;
    struct text_block *block = draft->texts;

    if (block == NULL || block->room - block->size < size) {
        size_t room = size > TEXT_BLOCK_BYTES ? size : TEXT_BLOCK_BYTES;
        block = malloc(sizeof *block + room);
        assert(block != NULL);
        *block = (struct text_block){.next = draft->texts, .room = room};
        draft->texts = block;
    }
    char *kept = block->bytes + block->size;
    memcpy(kept, text, size);
    block->size += size;
    return kept;
}

bool city_draft_add(struct city_draft *draft, enum city_table table, size_t line, const char *const *fields) {
    struct draft_table *rows = &draft->tables[table];

    if (rows->count == CITY_ROWS_MAX) {
        struct reason why;
        (void)refuse(&why, "", "more than %d rows", CITY_ROWS_MAX);
        draft_complain_at(draft, (struct draft_place){table, line, 1}, &why);
        return false;
    }
    if (rows->count == rows->room) {
        rows->room = rows->room == 0 ? 64 : rows->room * 2;
        rows->rows = realloc(rows->rows, rows->room * sizeof *rows->rows);
        assert(rows->rows != NULL);
    }
    struct draft_row *row = &rows->rows[rows->count++];
    *row = (struct draft_row){.line = line};
    for (size_t i = 0; i < specs[table].column_count; i++)
        row->fields[i] = keep_text(draft, fields[i]);
    return true;
}

const char *draft_field(const struct city_draft *draft, enum city_table table, size_t row, size_t column) {
    return draft->tables[table].rows[row].fields[column];
}

const char *draft_city_value(const struct city_draft *draft, const char *key) {
    for (size_t i = 0; i < draft->tables[CITY_city].count; i++) {
        if (strcmp(draft_field(draft, CITY_city, i, COLUMN(city, key)), key) == 0)
            return draft_field(draft, CITY_city, i, COLUMN(city, value));
    }
    return "";
}

void draft_complain_at(struct city_draft *draft, struct draft_place place, const struct reason *why) {
    if (draft->complaint_count < COMPLAINTS_KEPT_MAX)
        draft->complaints[draft->complaint_count] = (struct complaint){place.table, place.row, place.column, *why};
    draft->complaint_count++;
}

void draft_complain(struct city_draft *draft, struct draft_place place, const char *format, ...) {
    const struct draft_table *table = &draft->tables[place.table];
    char text[4 * REASON_TEXT_MAX];
    struct reason why;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)refuse(&why, specs[place.table].columns[place.column].name, "%s", text);
    place.row = place.row < table->count ? table->rows[place.row].line : 1;
    place.column = table->place[place.column];
    draft_complain_at(draft, place, &why);
}

static int complaint_compare(const void *left, const void *right) {
    const struct complaint *a = left, *b = right;

    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

void draft_sort_complaints(struct city_draft *draft) {
    size_t kept = draft->complaint_count < COMPLAINTS_KEPT_MAX ? draft->complaint_count : COMPLAINTS_KEPT_MAX;

    qsort(draft->complaints, kept, sizeof *draft->complaints, complaint_compare);
}
