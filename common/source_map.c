#include "common/source_map.h"

#include <assert.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/instant.h"
#include "common/json_text.h"

struct making { /* a report under way */
    const struct source_reader *reader;
    struct submit *out;
    size_t attributes; /* bytes written */
    bool has_id;
    char text[SOURCE_TEXT_MAX + 1];
};

void source_hash(char hash[SOURCE_HASH_SIZE], const char *text) {
    uint8_t bytes[(SOURCE_HASH_SIZE - 1) / 2];
    crypto_generichash(bytes, sizeof bytes, (const uint8_t *)text, strlen(text), NULL, 0);
    sodium_bin2hex(hash, SOURCE_HASH_SIZE, bytes, sizeof bytes);
}

void source_key(char key[65], const char *id) {
    char hash[SOURCE_HASH_SIZE];
    if (strlen(id) <= SOURCE_KEY_OWN_MAX) {
        snprintf(key, 65, SOURCE_KEY "%s", id);
        return;
    }
    source_hash(hash, id);
    snprintf(key, 65, SOURCE_KEY "hash %s", hash);
}

/* Of an alert, where no row says otherwise: the elements of CAP 1.2 that a report is made of. */
static const struct {
    const char *name, *element;
} of_alerts[] = {{"title", "headline"}, {"address", "areaDesc"}, {"lat", "area"},
                 {"long", "area"},      {"occurred_at", "sent"}, {"source_id", "identifier"}};

const char *source_place(const struct source *source, const char *name) {
    const struct source_field *field = source_field(source, name);
    if (field != NULL && field->at[0] != '\0')
        return field->at;
    for (size_t i = 0; source->adapter == ADAPTER_CAP && i < sizeof of_alerts / sizeof of_alerts[0]; i++)
        if (strcmp(of_alerts[i].name, name) == 0)
            return of_alerts[i].element;
    return name;
}

/* ---- one field ---------------------------------------------------------------------------------------------------------- */

static int put_number(const char *text, double *number, struct reason *why) {
    char *end;
    *number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(*number) || strpbrk(text, "xXpP") != NULL)
        return refuse(why, "", "must be a number");
    return 0;
}

static int put_whole(const char *text, uint64_t *number, struct reason *why) {
    size_t length = strlen(text);
    if (length > 18 || strspn(text, "0123456789") != length)
        return refuse(why, "", "must be a whole number");
    *number = strtoull(text, NULL, 10);
    return 0;
}

static int put_flag(const char *text, bool *flag, struct reason *why) {
    static const char *const words[] = {"no", "false", "0", "yes", "true", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], text) != 0)
            continue;
        *flag = i >= 3;
        return 0;
    }
    return refuse(why, "", "must be yes or no");
}

static int put_text(const struct field_spec *spec, const char *text, char *at, struct reason *why) {
    size_t length = strlen(text);
    if (length > spec->limit)
        return refuse(why, "", "has %zu bytes, at most %zu", length, spec->limit);
    memcpy(at, text, length + 1);
    return 0;
}

/* The number may be longer than what is kept of it. */
static int put_id(struct making *making, const char *text, struct reason *why) {
    char hash[SOURCE_HASH_SIZE];
    if (strlen(text) > SOURCE_ID_BYTES_MAX)
        return refuse(why, "", "has %zu bytes, at most %d", strlen(text), SOURCE_ID_BYTES_MAX);
    making->has_id = true;
    source_key(making->out->key, text);
    if (strlen(text) < sizeof making->out->source_id) {
        strcpy(making->out->source_id, text);
        return 0;
    }
    source_hash(hash, text);
    snprintf(making->out->source_id, sizeof making->out->source_id, "hash:%s", hash);
    return 0;
}

/* Appends "code":"text" to the object of attributes; the closing brace comes last. */
static int put_attribute(struct making *making, const char *code, const char *text, struct reason *why) {
    char *to = making->out->attributes;
    size_t room = sizeof making->out->attributes - 2, used = making->attributes, length = strlen(text), taken = 0;
    if (used + strlen(code) + 6 > room)
        return refuse(why, "", "all attributes together must be at most %zu bytes", room);
    used += (size_t)sprintf(to + used, "%s\"%s\":\"", used == 0 ? "{" : ",", code);
    used += json_text(to + used, room - used, text, length, &taken);
    if (taken < length || used + 1 > room)
        return refuse(why, "", "all attributes together must be at most %zu bytes", room);
    to[used++] = '"';
    to[used] = '\0';
    making->attributes = used;
    return 0;
}

static int put_value(struct making *making, const struct source_field *field, const char *text, struct reason *why) {
    const struct field_spec *spec = field->spec;
    if (spec == NULL)
        return put_attribute(making, field->name + strlen(SOURCE_ATTRIBUTE), text, why);
    void *at = (char *)making->out + spec->offset;
    if (at == making->out->source_id)
        return put_id(making, text, why);
    switch (spec->type) {
    case FIELD_TEXT:
        return put_text(spec, text, at, why);
    case FIELD_F64:
        return put_number(text, at, why);
    case FIELD_U64:
        return put_whole(text, at, why);
    case FIELD_FLAG:
        return put_flag(text, at, why);
    case FIELD_I64:
        if (instant_of_text(making->reader->zone, field->format, text, at) != 0)
            return refuse(why, "", "is no instant%s",
                          field->format == INSTANT_ISO8601 ? " such as 2026-09-01T08:30:00+08:00" : " as a unix time");
        return 0;
    }
    return refuse(why, "", "is of no known kind");
}

static int read_field(struct making *making, const struct source_field *field, struct reason *why) {
    const struct source_reader *reader = making->reader;
    enum found found = FOUND_NOTHING;
    if (field->at[0] != '\0' || reader->source->adapter == ADAPTER_MAIL)
        found = reader->find(reader->context, field, making->text, why);
    if (found == FOUND_WRONG)
        return -1;
    if (found == FOUND_NOTHING || making->text[0] == '\0') {
        if (field->needed && field->fallback[0] == '\0')
            return refuse(why, "", "is missing");
        snprintf(making->text, sizeof making->text, "%s", field->fallback);
    }
    return making->text[0] == '\0' ? 0 : put_value(making, field, source_value(field, making->text), why);
}

/* ---- the report --------------------------------------------------------------------------------------------------------------- */

static void name_place(const struct source *source, const char *name, struct reason *why) {
    char text[REASON_TEXT_MAX + 1];
    snprintf(text, sizeof text, "%s", why->text);
    (void)refuse(why, source_place(source, name), "%s", text);
}

static void fill_gaps(const struct source *source, struct submit *out) {
    snprintf(out->channel, sizeof out->channel, "%s", source->channel);
    if (out->item[0] == '\0')
        snprintf(out->item, sizeof out->item, "%s", source->item);
    if (out->area[0] == '\0')
        snprintf(out->area, sizeof out->area, "%s", source->area);
    if (out->datum[0] == '\0' && !isnan(out->lat))
        snprintf(out->datum, sizeof out->datum, "%s", source->datum);
}

static int finish(struct making *making, struct reason *why) {
    const struct source *source = making->reader->source;
    struct submit *out = making->out;
    char field[REASON_FIELD_MAX + 1];
    if (making->attributes > 0)
        strcpy(out->attributes + making->attributes, "}");
    fill_gaps(source, out);
    if (!making->has_id && making->reader->key == NULL)
        return refuse(why, source_place(source, "source_id"), "is missing: each report needs its number");
    if (!making->has_id)
        snprintf(out->key, sizeof out->key, "%s", making->reader->key);
    if (message_check(MESSAGE_submit, out, why) == 0)
        return 0;
    snprintf(field, sizeof field, "%s", strcmp(why->field, "key") == 0 ? "source_id" : why->field);
    name_place(source, field, why);
    return -1;
}

int source_report(const struct source_reader *reader, struct submit *out, struct reason *why) {
    struct making *making = malloc(sizeof *making);
    assert(making != NULL);
    *making = (struct making){.reader = reader, .out = out};
    *out = (struct submit){.lat = NAN, .lon = NAN};
    int status = 0;
    for (size_t i = 0; status == 0 && i < reader->source->field_count; i++) {
        const struct source_field *field = &reader->source->fields[i];
        if (strcmp(field->name, SOURCE_REPORTS) == 0)
            continue;
        status = read_field(making, field, why);
        if (status != 0)
            name_place(reader->source, field->name, why);
    }
    if (status == 0)
        status = finish(making, why);
    free(making);
    return status;
}
