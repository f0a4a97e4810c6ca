/* Whether a city's sources can work: every fault is a complaint with its line and column. */
#include <ctype.h>
#include <string.h>

#include "common/city_private.h"
#include "common/city_sources.h"

/* Not the sender's to say: we make them, or they come from elsewhere. */
static const char *const ours[] = {"key", "channel", "files"};
static const char *const formats[] = {"iso8601", "unix", "unix_ms"};

static size_t source_row(const struct city_draft *draft, const char *code) {
    size_t row = 0;
    while (row < COUNT(draft, sources) && strcmp(FIELD(draft, sources, row, code), code) != 0)
        row++;
    return row;
}

static const char *adapter_of(const struct city_draft *draft, const char *code) {
    size_t row = source_row(draft, code);
    return row < COUNT(draft, sources) ? FIELD(draft, sources, row, adapter) : "";
}

static bool is_field(const char *name) {
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(ours[i], name) == 0)
            return false;
    const struct message_spec *submit = message_spec(MESSAGE_submit);
    for (size_t i = 0; i < submit->field_count; i++)
        if (strcmp(submit->fields[i].name, name) == 0)
            return true;
    return strncmp(name, SOURCE_ATTRIBUTE, strlen(SOURCE_ATTRIBUTE)) == 0 && name[strlen(SOURCE_ATTRIBUTE)] != '\0';
}

/* RFC 6901: empty, or each part begins with a slash; a tilde stands before 0 or 1 only. */
static bool is_pointer(const char *text) {
    if (*text != '\0' && *text != '/')
        return false;
    for (const char *tilde = strchr(text, '~'); tilde != NULL; tilde = strchr(tilde + 1, '~'))
        if (tilde[1] != '0' && tilde[1] != '1')
            return false;
    return true;
}

static void check_place(struct city_draft *draft, size_t row) {
    const char *adapter = adapter_of(draft, FIELD(draft, source_fields, row, source));
    const char *at = FIELD(draft, source_fields, row, at), *fallback = FIELD(draft, source_fields, row, fallback);
    if (strlen(at) > SOURCE_PLACE_MAX)
        draft_complain(draft, PLACE(source_fields, row, at), "must be at most %d bytes", SOURCE_PLACE_MAX);
    if (strcmp(adapter, "webhook") == 0 && !is_pointer(at))
        draft_complain(draft, PLACE(source_fields, row, at),
                       "must be a JSON pointer (RFC 6901) such as /place/lat, not \"%s\"", at);
    if (*at == '\0' && *fallback == '\0')
        draft_complain(draft, PLACE(source_fields, row, at), "must not be empty, unless there is a fallback");
}

static void check_field(struct city_draft *draft, size_t row) {
    const char *source = FIELD(draft, source_fields, row, source), *name = FIELD(draft, source_fields, row, field);
    const char *format = FIELD(draft, source_fields, row, format), *adapter = adapter_of(draft, source);
    bool is_reports = strcmp(name, SOURCE_REPORTS) == 0;
    bool known = *format == '\0';
    if (!is_field(name) && !(is_reports && strcmp(adapter, "webhook") == 0))
        draft_complain(draft, PLACE(source_fields, row, field),
                       "\"%s\" is no field that a source may fill: see submit in PROTOCOL.md, or write attribute.CODE",
                       name);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        known = known || strcmp(formats[i], format) == 0;
    if (!known)
        draft_complain(draft, PLACE(source_fields, row, format), "must be iso8601, unix or unix_ms, not \"%s\"",
                       format);
    else if (*format != '\0' && strcmp(name, "occurred_at") != 0)
        draft_complain(draft, PLACE(source_fields, row, format), "is for an instant; %s is none", name);
    for (size_t other = 0; other < row; other++)
        if (strcmp(FIELD(draft, source_fields, other, source), source) == 0 &&
            strcmp(FIELD(draft, source_fields, other, field), name) == 0)
            draft_complain(draft, PLACE(source_fields, row, field), "%s of %s stands on line %zu already", name, source,
                           draft->tables[CITY_source_fields].rows[other].line);
    check_place(draft, row);
}

static bool stands_in(const struct city_draft *draft, enum city_table table, const char *code) {
    for (size_t row = 0; row < draft->tables[table].count; row++)
        if (strcmp(draft_field(draft, table, row, 0), code) == 0)
            return true;
    return false;
}

static bool has_field(const struct city_draft *draft, const char *source, const char *name) {
    for (size_t row = 0; row < COUNT(draft, source_fields); row++)
        if (strcmp(FIELD(draft, source_fields, row, source), source) == 0 &&
            strcmp(FIELD(draft, source_fields, row, field), name) == 0)
            return true;
    return false;
}

static void check_code(struct city_draft *draft, struct draft_place place, const char *field, const char *code) {
    enum city_table table = strcmp(field, "item") == 0 ? CITY_items : CITY_areas;
    if ((strcmp(field, "item") == 0 || strcmp(field, "area") == 0) && *code != '\0' && !stands_in(draft, table, code))
        draft_complain(draft, place, "there is no \"%s\" in %s", code, city_table_spec(table)->file);
}

static void check_value(struct city_draft *draft, size_t row) {
    const char *source = FIELD(draft, source_values, row, source), *field = FIELD(draft, source_values, row, field);
    const char *theirs = FIELD(draft, source_values, row, theirs);
    if (!has_field(draft, source, field))
        draft_complain(draft, PLACE(source_values, row, field), "%s has no row for %s in source_fields.csv", source,
                       field);
    check_code(draft, PLACE(source_values, row, ours), field, FIELD(draft, source_values, row, ours));
    for (size_t other = 0; other < row; other++)
        if (strcmp(FIELD(draft, source_values, other, source), source) == 0 &&
            strcmp(FIELD(draft, source_values, other, field), field) == 0 &&
            strcmp(FIELD(draft, source_values, other, theirs), theirs) == 0)
            draft_complain(draft, PLACE(source_values, row, theirs), "\"%s\" of %s stands on line %zu already", theirs,
                           field, draft->tables[CITY_source_values].rows[other].line);
}

/* Whoever speaks a language of its own must be able to say what it is about and where. */
static void check_source(struct city_draft *draft, size_t row) {
    const char *code = FIELD(draft, sources, row, code), *adapter = FIELD(draft, sources, row, adapter);
    bool mapped = strcmp(adapter, "webhook") == 0 || strcmp(adapter, "file") == 0 || strcmp(adapter, "mail") == 0 ||
                  strcmp(adapter, "cap") == 0;
    if (strcmp(code, SOURCE_NONE) == 0)
        draft_complain(draft, PLACE(sources, row, code),
                       "\"%s\" stands for callers without a key; call the source otherwise", code);
    if (mapped && *FIELD(draft, sources, row, item) == '\0' && !has_field(draft, code, "item"))
        draft_complain(draft, PLACE(sources, row, item),
                       "must not be empty, unless source_fields.csv says where %s has it", code);
    if (mapped && *FIELD(draft, sources, row, area) == '\0' && !has_field(draft, code, "area"))
        draft_complain(draft, PLACE(sources, row, area),
                       "must not be empty, unless source_fields.csv says where %s has it", code);
    if (strcmp(adapter, "webhook") == 0 && !has_field(draft, code, "title") && !has_field(draft, code, "description"))
        draft_complain(draft, PLACE(sources, row, adapter),
                       "a webhook needs rows in source_fields.csv: neither title nor description of %s stands there",
                       code);
}

void city_check_sources(struct city_draft *draft) {
    for (size_t row = 0; row < COUNT(draft, sources); row++)
        check_source(draft, row);
    for (size_t row = 0; row < COUNT(draft, source_fields); row++) {
        check_field(draft, row);
        check_code(draft, PLACE(source_fields, row, fallback), FIELD(draft, source_fields, row, field),
                   FIELD(draft, source_fields, row, fallback));
    }
    for (size_t row = 0; row < COUNT(draft, source_values); row++)
        check_value(draft, row);
}
