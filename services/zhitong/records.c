#include "services/zhitong/records.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/instant.h"

struct columns {
    int at, closed_at, lat, lon;
    int texts[7];
};

/* Texts of the report, by the column of the same name. */
static char *text_at(struct submit *report, int number, size_t *limit, const char **name) {
    struct {
        const char *name;
        char *text;
        size_t limit;
    } texts[] = {
        {"channel", report->channel, sizeof report->channel - 1},
        {"item", report->item, sizeof report->item - 1},
        {"area", report->area, sizeof report->area - 1},
        {"address", report->address, sizeof report->address - 1},
        {"title", report->title, sizeof report->title - 1},
        {"description", report->description, sizeof report->description - 1},
        {"source_id", report->source_id, sizeof report->source_id - 1},
    };
    *name = texts[number].name;
    *limit = texts[number].limit;
    return texts[number].text;
}

static int read_degrees(const char *text, double *degrees) {
    *degrees = NAN;
    if (text[0] == '\0')
        return 0;
    char *end;
    *degrees = strtod(text, &end);
    return *end == '\0' && isfinite(*degrees) ? 0 : -1;
}

static int read_record(const struct csv *csv, const struct columns *columns, struct record *record,
                       struct reason *why) {
    for (int i = 0; i < 7; i++) {
        size_t limit;
        const char *name, *text = csv_field(csv, columns->texts[i]);
        char *to = text_at(&record->report, i, &limit, &name);
        if (strlen(text) > limit)
            return refuse(why, name, "line %zu: longer than %zu bytes", csv_line(csv), limit);
        strcpy(to, text);
    }
    if (instant_read(csv_field(csv, columns->at), &record->at) != 0)
        return refuse(why, "at", "line %zu: must be an instant like 2011-07-01T01:32:33-04:00", csv_line(csv));
    const char *closed = csv_field(csv, columns->closed_at);
    if (closed[0] != '\0' && instant_read(closed, &record->closed_at) != 0)
        return refuse(why, "closed_at", "line %zu: must be an instant or empty", csv_line(csv));
    if (read_degrees(csv_field(csv, columns->lat), &record->report.lat) != 0 ||
        read_degrees(csv_field(csv, columns->lon), &record->report.lon) != 0)
        return refuse(why, "lat", "line %zu: lat and long must be degrees or empty", csv_line(csv));
    return 0;
}

static int find_columns(const struct csv *csv, struct columns *columns, struct reason *why) {
    struct submit unused;
    *columns = (struct columns){
        csv_column(csv, "at"), csv_column(csv, "closed_at"), csv_column(csv, "lat"), csv_column(csv, "long"), {0}};
    for (int i = 0; i < 7; i++) {
        size_t limit;
        const char *name;
        (void)text_at(&unused, i, &limit, &name);
        columns->texts[i] = csv_column(csv, name);
        if (i < 3 && columns->texts[i] < 0)
            return refuse(why, name, "the file has no such column");
    }
    return columns->at < 0 ? refuse(why, "at", "the file has no such column") : 0;
}

static void add_record(struct records *records, const struct record *record) {
    if ((records->count & (records->count + 1)) == 0) {
        records->rows = realloc(records->rows, (records->count + 1) * 2 * sizeof *records->rows);
        assert(records->rows != NULL);
    }
    struct record *kept = malloc(sizeof *kept);
    assert(kept != NULL);
    *kept = *record;
    records->rows[records->count++] = kept;
}

static int read_all(struct records *records, struct csv *csv, struct reason *why) {
    struct columns columns;
    if (find_columns(csv, &columns, why) != 0)
        return -1;
    int status;
    while ((status = csv_next(csv, why)) == 1) {
        struct record record = {0};
        if (records->count == RECORDS_MAX)
            return refuse(why, "records", "at most %d records can be replayed", RECORDS_MAX);
        if (read_record(csv, &columns, &record, why) != 0)
            return -1;
        add_record(records, &record);
    }
    return status;
}

static int by_time(const void *a, const void *b) {
    const struct record *left = *(struct record *const *)a, *right = *(struct record *const *)b;
    return left->at < right->at ? -1 : left->at > right->at;
}

int records_open(struct records *out, const char *path, struct reason *why) {
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot be read: %s", strerror(errno));
    struct csv *csv = NULL;
    struct records records = {0};
    int status = csv_open(&csv, file, path, why);
    if (status == 0)
        status = read_all(&records, csv, why);
    csv_close(&csv);
    fclose(file);
    if (status != 0) {
        records_close(&records);
        return -1;
    }
    if (records.count > 0) /* of no rows there is no array */
        qsort(records.rows, records.count, sizeof(struct record *), by_time);
    *out = records;
    return 0;
}

void records_close(struct records *records) {
    for (size_t i = 0; i < records->count; i++)
        free(records->rows[i]);
    free(records->rows);
    *records = (struct records){0};
}
