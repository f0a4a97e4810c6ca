#include "services/zhitong/import_source.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/options.h"

extern const struct db_query city_queries[];
extern const struct db_query import_queries[];

struct import_source {
    struct city *city;
    const struct source *source;
    const struct csv *csv;
    int *columns; /* of each field of the source; -1: the file has none */
};

static int check_key(struct db *db, const struct import_source_options *options, struct reason *why) {
    struct params params = {0};
    params_text(&params, options->public_key);
    SCOPED_RESULT
    *result = db_ask(db, "import_access", &params);
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    const char *name = PQntuples(result) > 0 ? db_text(result, 0, 0) : "nobody";
    if (strcmp(name, options->code) == 0)
        return 0;
    return refuse(why, "--key", "is the key of %s; `zhitong keys source add %s --kind curve` makes one of the source",
                  name, options->code);
}

static int read_city(struct import_source *own, const struct import_source_options *options, struct reason *why) {
    const struct db_query *tables[] = {city_queries, import_queries, NULL};
    struct db *db = NULL;
    if (db_open(&db, options->database_url, "mesh", tables, why) != 0)
        return -1;
    int status = city_read(&own->city, db, why);
    own->source = status == 0 ? city_source(own->city, options->code) : NULL;
    if (status == 0 && own->source == NULL)
        status = refuse(why, "--source", "the loaded city has no source %s", options->code);
    if (status == 0)
        status = check_key(db, options, why);
    db_close(&db);
    return status;
}

static int find_columns(struct import_source *own, struct reason *why) {
    const struct source *source = own->source;
    own->columns = calloc(source->field_count + 1, sizeof *own->columns);
    assert(own->columns != NULL);
    for (size_t i = 0; i < source->field_count; i++) {
        const struct source_field *field = &source->fields[i];
        own->columns[i] = field->at[0] != '\0' ? csv_column(own->csv, field->at) : -1;
        if (own->columns[i] < 0 && field->needed && field->fallback[0] == '\0')
            return refuse(why, field->at,
                          "the file has no column of that name, which source_fields.csv says is needed");
    }
    return 0;
}

int import_source_open(struct import_source **out, const struct import_source_options *options, struct reason *why) {
    struct import_source *own = calloc(1, sizeof *own);
    assert(own != NULL);
    own->csv = options->csv;
    if (read_city(own, options, why) != 0 || find_columns(own, why) != 0) {
        import_source_close(&own);
        return -1;
    }
    *out = own;
    return 0;
}

void import_source_close(struct import_source **source) {
    if (*source == NULL)
        return;
    city_close(&(*source)->city);
    free((*source)->columns);
    free(*source);
    *source = NULL;
}

static enum found find(void *context, const struct source_field *field, char *text, struct reason *why) {
    const struct import_source *own = context;
    const char *found = csv_field(own->csv, own->columns[field - own->source->fields]);
    size_t length = strlen(found);
    if (length > SOURCE_TEXT_MAX) {
        (void)refuse(why, "", "has %zu bytes, which is too long", length);
        return FOUND_WRONG;
    }
    memcpy(text, found, length + 1);
    return length > 0 ? FOUND_TEXT : FOUND_NOTHING;
}

int import_source_read(const struct import_source *source, const char *key, struct submit *out, struct reason *why) {
    const struct source_reader reader = {.source = source->source,
                                         .zone = city_zone(source->city),
                                         .find = find,
                                         .context = (void *)(uintptr_t)source,
                                         .key = key};
    return source_report(&reader, out, why);
}

void import_source_place(const struct import_source *source, struct reason *why) {
    struct reason said = *why;
    (void)refuse(why, source_place(source->source, said.field), "%s", said.text);
}
