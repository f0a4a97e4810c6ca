#include "services/zhitong/import_record.h"

#include <assert.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/instant.h"

#define KEY_OWN_MAX 47 /* bytes of a key that are left beside the hash and a colon */

/* ---- keys and instants ----------------------------------------------------------------------------------------- */

void import_hash(char out[IMPORT_HASH_MAX], const char *text) {
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash(hash, sizeof hash, (const uint8_t *)text, strlen(text), NULL, 0);
    sodium_bin2hex(out, IMPORT_HASH_MAX, hash, (IMPORT_HASH_MAX - 1) / 2);
}

void import_key(char key[65], const char *hash, const char *source_id, size_t line) {
    char own[IMPORT_HASH_MAX];
    if (source_id[0] == '\0') {
        snprintf(key, 65, "%s:line %zu", hash, line);
    } else if (strlen(source_id) <= KEY_OWN_MAX) {
        snprintf(key, 65, "%s:%s", hash, source_id);
    } else {
        import_hash(own, source_id);
        snprintf(key, 65, "%s:hash %s", hash, own);
    }
}

/* ---- records ------------------------------------------------------------------------------------------------------ */

static const struct field_spec *submit_field(size_t index) {
    return &message_spec(MESSAGE_submit)->fields[index];
}

static bool is_known(const char *column) {
    if (strcmp(column, "at") == 0 || strcmp(column, "closed_at") == 0)
        return true;
    for (size_t i = 0; i < message_spec(MESSAGE_submit)->field_count; i++)
        if (strcmp(submit_field(i)->name, column) == 0 && strcmp(column, "key") != 0)
            return true;
    return false;
}

static void note_unknown(struct import_columns *columns, const struct csv *csv) {
    size_t used = 0;
    columns->unknown[0] = '\0';
    for (size_t i = 0; i < csv_column_count(csv); i++) {
        const char *name = csv_column_name(csv, i);
        if (is_known(name) || used + strlen(name) + 3 > sizeof columns->unknown)
            continue;
        used += (size_t)snprintf(columns->unknown + used, sizeof columns->unknown - used, "%s%s", used == 0 ? "" : ", ",
                                 name);
    }
}

int import_columns_find(struct import_columns *columns, const struct csv *csv, const char *channel,
                        struct reason *why) {
    size_t count = message_spec(MESSAGE_submit)->field_count;
    assert(count <= IMPORT_FIELDS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct field_spec *field = submit_field(i);
        bool is_key = strcmp(field->name, "key") == 0; /* we make it */
        columns->of_field[i] = is_key ? -1 : csv_column(csv, field->name);
        bool given = is_key || (channel != NULL && strcmp(field->name, "channel") == 0);
        if (field->needed && !given && columns->of_field[i] < 0)
            return refuse(why, field->name, "the file has no column of that name%s",
                          strcmp(field->name, "channel") == 0 ? "; --channel CODE names one for all records" : "");
    }
    columns->at = csv_column(csv, "at");
    columns->source_id = csv_column(csv, "source_id");
    note_unknown(columns, csv);
    return 0;
}

static int read_number(const struct field_spec *field, const char *text, double *number, struct reason *why) {
    char *end;
    *number = *text == '\0' ? NAN : strtod(text, &end);
    if (*text != '\0' && (end == text || *end != '\0' || !isfinite(*number)))
        return refuse(why, field->name, "is not a number");
    return 0;
}

static int read_whole(const struct field_spec *field, const char *text, int64_t *number, struct reason *why) {
    bool digits = strspn(text, "0123456789") == strlen(text) && strlen(text) <= 18;
    if (!digits && (field->type != FIELD_I64 || instant_read(text, number) != 0))
        return refuse(why, field->name,
                      field->type == FIELD_I64 ? "is neither an instant with a zone nor unix milliseconds"
                                               : "is not a whole number");
    if (digits)
        *number = strtoll(text, NULL, 10);
    return 0;
}

static int read_value(const struct field_spec *field, const char *text, void *at, struct reason *why) {
    int64_t whole = 0;
    switch (field->type) {
    case FIELD_TEXT:
        if (strlen(text) > field->limit)
            return refuse(why, field->name, "has %zu bytes, at most %zu", strlen(text), field->limit);
        strcpy(at, text);
        return 0;
    case FIELD_F64:
        return read_number(field, text, at, why);
    case FIELD_FLAG:
        *(bool *)at = strcmp(text, "yes") == 0;
        if (*text != '\0' && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return refuse(why, field->name, "must be yes or no");
        return 0;
    case FIELD_U64:
    case FIELD_I64:
        if (read_whole(field, text, &whole, why) != 0)
            return -1;
        memcpy(at, &whole, sizeof whole);
        return 0;
    }
    return refuse(why, field->name, "is of no known kind");
}

int import_record_read(struct submit *out, const struct csv *csv, const struct import_columns *columns,
                       const struct import_origin *origin, struct reason *why) {
    for (size_t i = 0; i < message_spec(MESSAGE_submit)->field_count; i++) {
        const struct field_spec *field = submit_field(i);
        const char *text = csv_field(csv, columns->of_field[i]);
        if (read_value(field, text, (char *)out + field->offset, why) != 0)
            return -1;
    }
    if (out->channel[0] == '\0' && origin->channel != NULL)
        snprintf(out->channel, sizeof out->channel, "%s", origin->channel);
    import_key(out->key, origin->hash, out->source_id, csv_line(csv));
    return message_check(MESSAGE_submit, out, why);
}
