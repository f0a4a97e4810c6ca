#include "common/city_sources.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_private.h"

static const char *const adapters[] = {"http", "webhook", "cap", "mail", "file", "submit", "staff"};
static const char *const formats[] = {"iso8601", "unix", "unix_ms"};

const char *adapter_name(enum adapter adapter) {
    return adapters[adapter];
}

static int number_of(const char *const *words, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return 0; /* empty: the first; what else it is not, the checks have seen */
}
#define NUMBER_OF(words, word) number_of((words), sizeof(words) / sizeof *(words), (word))

static void put(char *to, size_t room, const char *text) {
    size_t length = strlen(text);
    assert(length < room);
    memcpy(to, text, length + 1);
}
#define PUT(array, text) put((array), sizeof(array), (text))

static char *copy_of(const char *text) {
    char *copy = strdup(text);
    assert(copy != NULL);
    return copy;
}

static void *room_for(size_t count, size_t size) {
    void *room = calloc(count + 1, size);
    assert(room != NULL);
    return room;
}

static const struct field_spec *submit_spec(const char *name) {
    const struct message_spec *submit = message_spec(MESSAGE_submit);
    for (size_t i = 0; i < submit->field_count; i++)
        if (strcmp(submit->fields[i].name, name) == 0)
            return &submit->fields[i];
    return NULL;
}

/* ---- building ------------------------------------------------------------------------------------------------------- */

static int by_theirs(const void *left, const void *right) {
    return strcmp(((const struct source_value *)left)->theirs, ((const struct source_value *)right)->theirs);
}

static void build_values(struct source_field *field, const char *source, const struct city_draft *draft) {
    size_t count = 0;
    for (size_t row = 0; row < COUNT(draft, source_values); row++)
        count += strcmp(FIELD(draft, source_values, row, source), source) == 0 &&
                 strcmp(FIELD(draft, source_values, row, field), field->name) == 0;
    field->values = room_for(count, sizeof *field->values);
    for (size_t row = 0; row < COUNT(draft, source_values); row++)
        if (strcmp(FIELD(draft, source_values, row, source), source) == 0 &&
            strcmp(FIELD(draft, source_values, row, field), field->name) == 0)
            field->values[field->value_count++] = (struct source_value){
                copy_of(FIELD(draft, source_values, row, theirs)), copy_of(FIELD(draft, source_values, row, ours))};
    qsort(field->values, field->value_count, sizeof *field->values, by_theirs);
}

static void build_fields(struct source *source, const struct city_draft *draft) {
    size_t count = 0;
    for (size_t row = 0; row < COUNT(draft, source_fields); row++)
        count += strcmp(FIELD(draft, source_fields, row, source), source->code) == 0;
    source->fields = room_for(count, sizeof *source->fields);
    for (size_t row = 0; row < COUNT(draft, source_fields); row++) {
        if (strcmp(FIELD(draft, source_fields, row, source), source->code) != 0)
            continue;
        struct source_field *field = &source->fields[source->field_count++];
        PUT(field->name, FIELD(draft, source_fields, row, field));
        PUT(field->at, FIELD(draft, source_fields, row, at));
        field->spec = submit_spec(field->name);
        field->fallback = copy_of(FIELD(draft, source_fields, row, fallback));
        field->needed = strcmp(FIELD(draft, source_fields, row, needed), "yes") == 0;
        field->format = (enum instant_format)NUMBER_OF(formats, FIELD(draft, source_fields, row, format));
        build_values(field, source->code, draft);
    }
}

void city_build_sources(struct city *city, const struct city_draft *draft) {
    city->source_count = COUNT(draft, sources);
    city->sources = room_for(city->source_count, sizeof *city->sources);
    code_index_open(&city->source_index, city->source_count);
    for (size_t row = 0; row < city->source_count; row++) {
        struct source *source = &city->sources[row];
        PUT(source->code, FIELD(draft, sources, row, code));
        PUT(source->channel, FIELD(draft, sources, row, channel));
        PUT(source->item, FIELD(draft, sources, row, item));
        PUT(source->area, FIELD(draft, sources, row, area));
        PUT(source->datum, FIELD(draft, sources, row, datum));
        source->adapter = (enum adapter)NUMBER_OF(adapters, FIELD(draft, sources, row, adapter));
        source->per_minute = (uint32_t)strtoul(FIELD(draft, sources, row, per_minute), NULL, 10);
        build_fields(source, draft);
        (void)code_index_add(&city->source_index, source->code, (uint32_t)row);
    }
}

void city_close_sources(struct city *city) {
    for (size_t i = 0; i < city->source_count; i++) {
        struct source *source = &city->sources[i];
        for (size_t j = 0; j < source->field_count; j++) {
            for (size_t k = 0; k < source->fields[j].value_count; k++) {
                free(source->fields[j].values[k].theirs);
                free(source->fields[j].values[k].ours);
            }
            free(source->fields[j].values);
            free(source->fields[j].fallback);
        }
        free(source->fields);
    }
    free(city->sources);
    code_index_close(&city->source_index);
}

/* ---- looking up ------------------------------------------------------------------------------------------------------ */

const struct source *city_source(const struct city *city, const char *code) {
    uint32_t row = code_index_find(&city->source_index, code);
    return row == CODE_UNKNOWN ? NULL : &city->sources[row];
}

const struct source *city_sources(const struct city *city, size_t *count) {
    *count = city->source_count;
    return city->sources;
}

const struct source_field *source_field(const struct source *source, const char *name) {
    for (size_t i = 0; i < source->field_count; i++)
        if (strcmp(source->fields[i].name, name) == 0)
            return &source->fields[i];
    return NULL;
}

const char *source_value(const struct source_field *field, const char *theirs) {
    struct source_value sought = {.theirs = (char *)(uintptr_t)theirs};
    const struct source_value *found = NULL;
    if (field->value_count > 0)
        found = bsearch(&sought, field->values, field->value_count, sizeof sought, by_theirs);
    if (found == NULL && field->value_count > 0) {
        sought.theirs = (char *)(uintptr_t)SOURCE_ANY_VALUE;
        found = bsearch(&sought, field->values, field->value_count, sizeof sought, by_theirs);
    }
    return found != NULL ? found->ours : theirs;
}
