#include "common/city_folder.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/city_private.h"
#include "common/city_rules.h"
#include "common/csv.h"
#include "common/geojson.h"

#define NOWHERE(table) ((struct draft_place){(table), 1, 1})

/* Where each column of the table stands in the file, -1 for one that is left out. False, with complaints, when one that is
 * needed is missing, or one is not known. */
static bool find_columns(struct city_draft *draft, enum city_table table, const struct csv *csv, int *found) {
    const struct table_spec *spec = city_table_spec(table);
    bool good = true;
    struct reason why;

    for (size_t i = 0; i < spec->column_count; i++) {
        found[i] = csv_column(csv, spec->columns[i].name);
        if (found[i] >= 0) {
            draft->tables[table].place[i] = (size_t)found[i] + 1;
            continue;
        }
        if (!spec->columns[i].needed)
            continue;
        (void)refuse(&why, spec->columns[i].name, "the header lacks this column");
        draft_complain_at(draft, NOWHERE(table), &why);
        good = false;
    }
    for (size_t place = 0; place < csv_column_count(csv); place++) {
        const char *name = csv_column_name(csv, place);
        size_t i = 0;
        while (i < spec->column_count && strcmp(spec->columns[i].name, name) != 0)
            i++;
        if (i < spec->column_count)
            continue;
        (void)refuse(&why, name, "is no column of %s: remove or rename it", spec->file);
        draft_complain_at(draft, (struct draft_place){table, 1, place + 1}, &why);
        good = false;
    }
    return good;
}

/* The csv reader's refusals begin with file, line and column, as complaints do when they are printed. */
static void complain_of_text(struct city_draft *draft, enum city_table table, const struct reason *refusal) {
    struct draft_place place = NOWHERE(table);
    struct reason why = *refusal;
    const char *text = strchr(refusal->text, ':');
    int used = 0;

    if (text != NULL && sscanf(text, ":%zu:%zu: %n", &place.row, &place.column, &used) == 2 && used > 0)
        (void)refuse(&why, refusal->field, "%s", text + used);
    draft_complain_at(draft, place, &why);
}

static void read_rows(struct city_draft *draft, enum city_table table, struct csv *csv) {
    const struct table_spec *spec = city_table_spec(table);
    int found[CITY_COLUMNS_MAX] = {0}, got;
    struct reason why;

    if (!find_columns(draft, table, csv, found))
        return;
    while ((got = csv_next(csv, &why)) != 0) {
        const char *fields[CITY_COLUMNS_MAX];
        if (got < 0) {
            complain_of_text(draft, table, &why);
            continue;
        }
        for (size_t i = 0; i < spec->column_count; i++)
            fields[i] = csv_field(csv, found[i]);
        if (!city_draft_add(draft, table, csv_line(csv), fields))
            return;
    }
}

static void read_table(struct city_draft *draft, enum city_table table, const char *folder) {
    const struct table_spec *spec = city_table_spec(table);
    const char *name = spec->file;
    char path[PATH_MAX];
    struct reason why;
    struct csv *csv;

    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (spec->need == FILE_SHAPES && length < (int)sizeof path) {
        geojson_read_fences(draft, path);
        return;
    }
    errno = ENAMETOOLONG;
    FILE *file = length < (int)sizeof path ? fopen(path, "re") : NULL;
    if (file == NULL && errno == ENOENT && spec->need == FILE_ABSENT)
        return;
    if (file == NULL) {
        (void)refuse(&why, "", "cannot be read from %s: %s", folder, strerror(errno));
        draft_complain_at(draft, NOWHERE(table), &why);
        return;
    }
    if (csv_open(&csv, file, name, &why) != 0) {
        complain_of_text(draft, table, &why);
    } else {
        read_rows(draft, table, csv);
        csv_close(&csv);
    }
    fclose(file);
}

static void build_and_walk(struct city **city, struct city_draft *draft) {
    struct reason why;

    if (city_build(city, draft, &why) != 0) {
        draft_complain_at(draft, NOWHERE(CITY_calendar), &why);
        return;
    }
    city_check_reach(draft, *city);
    if (draft->complaint_count > 0)
        city_close(city);
}

int city_folder_open(struct city **city, struct city_draft **draft, const char *folder) {
    struct city *built = NULL;

    *draft = city_draft_open();
    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++)
        read_table(*draft, table, folder);
    if ((*draft)->complaint_count == 0) /* else what is missing would be complained of again */
        city_check_tables(*draft);
    if ((*draft)->complaint_count == 0)
        build_and_walk(&built, *draft);
    draft_sort_complaints(*draft);
    if (built == NULL)
        return -1;
    *city = built;
    return 0;
}

void city_folder_print(FILE *out, const struct complaint *complaint) {
    const char *field = complaint->why.field;

    fprintf(out, "%s:%zu:%zu: %s%s%s\n", city_table_spec(complaint->table)->file, complaint->line, complaint->column,
            field, *field == '\0' ? "" : ": ", complaint->why.text);
}
