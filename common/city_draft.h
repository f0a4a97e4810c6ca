/* A city as text, from a folder of CSV files or from the database: rows as they stand there, and what is wrong with
 * them. A draft without complaints becomes a struct city (city_build.h). */
#ifndef ZHITONG_CITY_DRAFT_H
#define ZHITONG_CITY_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define CITY_ROWS_MAX 200000    /* rows of one table */
#define CITY_COLUMNS_MAX 16     /* columns of one table */
#define COMPLAINTS_KEPT_MAX 200 /* the rest is counted only */

enum city_table {
#define CITY_TABLE(name, file, meaning) CITY_##name,
#define CITY_COLUMN(...)
#define CITY_END(name)
#include "common/city_tables.def"
#undef CITY_TABLE
#undef CITY_COLUMN
#undef CITY_END
    CITY_TABLE_COUNT,
    CITY_none = CITY_TABLE_COUNT
};

/* One byte a column: its offset is the column's number, see COLUMN below. */
#define CITY_TABLE(name, file, meaning) struct name##_columns {
#define CITY_COLUMN(table, name, kind, need, refers, meaning) char column_##name;
#define CITY_END(name) \
    } \
    ;
#include "common/city_tables.def"
#undef CITY_TABLE
#undef CITY_COLUMN
#undef CITY_END
#define COLUMN(table, name) offsetof(struct table##_columns, column_##name)

enum column_kind {
    KIND_CODE,
    KIND_NAME,
    KIND_TEXT,
    KIND_FLAG,
    KIND_SEVERITY,
    KIND_PRIVACY,
    KIND_HOURS,
    KIND_DAYS,
    KIND_TIER,
    KIND_YEAR,
    KIND_LATITUDE,
    KIND_LONGITUDE,
    KIND_MATTER,
    KIND_AMOUNT,
    KIND_LIMIT_UNIT,
    KIND_CLOCK,
    KIND_REASONED,
    KIND_DATE,
    KIND_DAY_KIND,
    KIND_WEEKDAY,
    KIND_TIME,
    KIND_ADAPTER,
    KIND_DATUM,
    KIND_DATATYPE,
    KIND_WANT,
    KIND_CAP_CATEGORY,
    KIND_CAP_URGENCY,
    KIND_CAP_CERTAINTY,
    KIND_RING
};

struct column_spec {
    const char *name;
    enum column_kind kind;
    bool needed;
    enum city_table refers; /* CITY_none: to nothing */
    const char *meaning;
};

enum file_need { FILE_ROWS, FILE_HEADER, FILE_ABSENT, FILE_SHAPES }; /* see city_tables.def */

struct table_spec {
    const char *name, *file, *meaning;
    enum file_need need;
    const struct column_spec *columns;
    size_t column_count;
};

const struct table_spec *city_table_spec(enum city_table table);

struct draft_row {
    size_t line; /* in the file; from the database: number of the row */
    const char *fields[CITY_COLUMNS_MAX];
};

struct draft_table {
    struct draft_row *rows;
    size_t count, room;
    size_t place[CITY_COLUMNS_MAX]; /* of each column in the file, from 1 */
};

struct complaint {
    enum city_table table;
    size_t line, column; /* from 1 */
    struct reason why;
};

struct text_block;

struct city_draft {
    struct draft_table tables[CITY_TABLE_COUNT];
    struct text_block *texts; /* what the fields point into */
    uint64_t version;         /* 0: from a folder */
    uint64_t calendar_version;
    size_t complaint_count; /* all of them; the first COMPLAINTS_KEPT_MAX are kept */
    struct complaint complaints[COMPLAINTS_KEPT_MAX];
};

struct city_draft *city_draft_open(void); /* memory failure aborts */
void city_draft_close(struct city_draft **draft);

struct db;
/* The rows that are loaded, all tables in one transaction behind the lock that a load holds; version 0 and no rows where none
 * is. The connection must know city_queries. -1: the database failed, see db_reason. */
MUST_CHECK int city_draft_read(struct city_draft *draft, struct db *db);

/* Copies a row; fields in the order of city_tables.def. False, with a complaint, when there are too many. */
bool city_draft_add(struct city_draft *draft, enum city_table table, size_t line, const char *const *fields);
const char *draft_field(const struct city_draft *draft, enum city_table table, size_t row, size_t column);
/* Value of a key of city.csv, "" when it has none. */
const char *draft_city_value(const struct city_draft *draft, const char *key);

struct draft_place {
    enum city_table table;
    size_t row, column;
};
/* By the names of city_tables.def. */
#define PLACE(table, row, column) ((struct draft_place){CITY_##table, (row), COLUMN(table, column)})
#define FIELD(draft, table, row, column) draft_field((draft), CITY_##table, (row), COLUMN(table, column))
#define COUNT(draft, table) ((draft)->tables[CITY_##table].count)

/* Keeps a complaint about a field; `format` says what is wrong and what to do. */
void draft_complain(struct city_draft *draft, struct draft_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same about a place that is no field of a row: place.row is the line, place.column counts from 1. */
void draft_complain_at(struct city_draft *draft, struct draft_place place, const struct reason *why);
/* By file, line and column. */
void draft_sort_complaints(struct city_draft *draft);

#endif
