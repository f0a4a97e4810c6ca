/* The sources of a city: who hands reports in, how it speaks, and where its fields stand in what it sends (sources.csv,
 * source_fields.csv, source_values.csv). Immutable like the city; every pointer lives as long as it. */
#ifndef ZHITONG_CITY_SOURCES_H
#define ZHITONG_CITY_SOURCES_H

#include "common/city.h"
#include "proto/codec.h"

#define SOURCE_PLACE_MAX 240     /* bytes of a pointer or a column's name */
#define SOURCE_FIELD_NAME_MAX 58 /* "attribute." and a code */
#define SOURCE_ATTRIBUTE "attribute."
#define SOURCE_REPORTS "reports" /* the field that says where a webhook's body has its array of reports */
#define SOURCE_ANY_VALUE "*"     /* in source_values.csv: whatever stands in no other row */

#define SOURCE_NONE "http" /* client of HTTP callers without a key: no source is called so */

enum adapter { ADAPTER_HTTP, ADAPTER_WEBHOOK, ADAPTER_CAP, ADAPTER_MAIL, ADAPTER_FILE, ADAPTER_SUBMIT, ADAPTER_STAFF };
enum instant_format { INSTANT_ISO8601, INSTANT_UNIX, INSTANT_UNIX_MS };

struct source_value {
    char *theirs, *ours;
};

struct source_field {
    char name[SOURCE_FIELD_NAME_MAX + 1]; /* a field of submit, attribute.CODE, or reports */
    const struct field_spec *spec;        /* in submit; NULL: an attribute, or reports */
    char at[SOURCE_PLACE_MAX + 1];        /* JSON pointer, column or CAP element; "": always the fallback */
    char *fallback;                       /* "": none */
    bool needed;
    enum instant_format format;
    struct source_value *values; /* by `theirs`, in the order of bytes */
    size_t value_count;
};

struct source {
    char code[CODE_MAX + 1], channel[CODE_MAX + 1];
    char item[CODE_MAX + 1], area[CODE_MAX + 1]; /* of a report that names none; "": it must */
    char datum[17];                              /* "": wgs84 */
    enum adapter adapter;
    uint32_t per_minute; /* reports that it may hand in; 0: the service's setting */
    struct source_field *fields;
    size_t field_count;
};

/* NULL when there is none. Constant time. */
const struct source *city_source(const struct city *city, const char *code);
/* All of them, in the order of sources.csv. */
const struct source *city_sources(const struct city *city, size_t *count);
/* The row of source_fields.csv; NULL when the source has none of that name. */
const struct source_field *source_field(const struct source *source, const char *name);
/* What a source's word means here; the word itself where source_values.csv does not say. */
const char *source_value(const struct source_field *field, const char *theirs);

const char *adapter_name(enum adapter adapter);

/* ---- for city_build.c and city_rules.c ---------------------------------------------------------------------------- */

struct city_draft;
void city_build_sources(struct city *city, const struct city_draft *draft);
void city_close_sources(struct city *city);
/* What the columns' kinds and references do not say: fields that exist, pointers that are pointers, rows that stand once, codes
 * that exist, and that every report can have an item and an area. Complaints go into the draft. */
void city_check_sources(struct city_draft *draft);

#endif
