#include "proto/lock.h"

#include <stdlib.h>
#include <string.h>

struct lock_line { /* one line taken apart; `field` is empty for a message */
    char message[REASON_FIELD_MAX], field[REASON_FIELD_MAX], type[8], limit[24], need[16];
    unsigned number;
};

const char *field_type_name(enum field_type type) {
    switch (type) {
    case FIELD_TEXT:
        return "text";
    case FIELD_U64:
        return "u64";
    case FIELD_I64:
        return "i64";
    case FIELD_F64:
        return "f64";
    case FIELD_FLAG:
        return "flag";
    }
    return "?";
}

static void write_field(FILE *out, const struct message_spec *spec, const struct field_spec *field) {
    fprintf(out, "field %s %s %s ", spec->name, field->name, field_type_name(field->type));
    if (field->type == FIELD_TEXT)
        fprintf(out, "%zu ", field->limit);
    else
        fputs("- ", out);
    fprintf(out, "%s\n", field->needed ? "needed" : "optional");
}

void lock_write(FILE *out) {
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    fputs("# What messages.def has promised (see lock.h). Written by: zt-describe lock\n", out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "message %s %d\n", specs[i].name, (int)specs[i].number);
        for (size_t j = 0; j < specs[i].field_count; j++)
            write_field(out, &specs[i], &specs[i].fields[j]);
    }
}

static int parse(const char *text, struct lock_line *line, struct reason *why) {
    int end = -1;
    *line = (struct lock_line){0};
    if (sscanf(text, "message %47s %u %n", line->message, &line->number, &end) == 2 && end >= 0 && !text[end])
        return 0;
    *line = (struct lock_line){0};
    int parts = sscanf(text, "field %47s %47s %7s %23s %15s %n", line->message, line->field, line->type, line->limit,
                       line->need, &end);
    if (parts == 5 && end >= 0 && !text[end])
        return 0;
    return refuse(why, "messages.lock", "not a line of a lock: %s", text);
}

static const struct message_spec *spec_named(const char *name) {
    size_t count;
    const struct message_spec *specs = message_specs(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(specs[i].name, name) == 0)
            return &specs[i];
    return NULL;
}

/* `place`: which of its message's lines this is, from 0. */
static int field_keeps(const struct message_spec *spec, size_t place, const struct lock_line *line,
                       struct reason *why) {
    char name[2 * REASON_FIELD_MAX];
    snprintf(name, sizeof name, "%s.%s", line->message, line->field);
    if (place >= spec->field_count || strcmp(spec->fields[place].name, line->field) != 0)
        return refuse(why, name, "was removed, renamed or moved; a locked field keeps its name and place");
    const struct field_spec *field = &spec->fields[place];
    if (strcmp(field_type_name(field->type), line->type) != 0)
        return refuse(why, name, "is %s now, was %s; a locked field keeps its type", field_type_name(field->type),
                      line->type);
    if (field->type == FIELD_TEXT && field->limit < strtoul(line->limit, NULL, 10))
        return refuse(why, name, "is limited to %zu bytes now, was %s; a limit never shrinks", field->limit,
                      line->limit);
    const char *need = field->needed ? "needed" : "optional";
    if (strcmp(need, line->need) != 0)
        return refuse(why, name, "is %s now, was %s; a locked field keeps its need", need, line->need);
    return 0;
}

/* `locked`: how many fields of this message stand in the lock; the rest were appended. */
static int appended_are_optional(const struct message_spec *spec, size_t locked, struct reason *why) {
    for (size_t i = locked; spec && i < spec->field_count; i++) {
        if (!spec->fields[i].needed)
            continue;
        char name[2 * REASON_FIELD_MAX];
        snprintf(name, sizeof name, "%s.%s", spec->name, spec->fields[i].name);
        return refuse(why, name, "is new in a locked message, so it must be OPTIONAL");
    }
    return 0;
}

static int message_keeps(const struct message_spec *spec, const struct lock_line *line, struct reason *why) {
    if (!spec)
        return refuse(why, line->message, "was removed or renamed; a locked message stays");
    if ((unsigned)spec->number != line->number)
        return refuse(why, line->message, "has number %d now, had %u; a locked message keeps its number",
                      (int)spec->number, line->number);
    return 0;
}

int lock_keeps(FILE *lock, struct reason *why) {
    char text[LOCK_LINE_MAX];
    struct lock_line line;
    const struct message_spec *spec = NULL;
    size_t place = 0;
    while (fgets(text, sizeof text, lock)) {
        if (text[0] == '#')
            continue;
        if (parse(text, &line, why))
            return -1;
        if (line.field[0]) {
            if (!spec || strcmp(spec->name, line.message) != 0)
                return refuse(why, "messages.lock", "a field does not stand under its message: %s", text);
            if (field_keeps(spec, place++, &line, why))
                return -1;
            continue;
        }
        if (appended_are_optional(spec, place, why))
            return -1;
        spec = spec_named(line.message);
        place = 0;
        if (message_keeps(spec, &line, why))
            return -1;
    }
    return appended_are_optional(spec, place, why);
}

int lock_is_current(FILE *lock, struct reason *why) {
    char *wanted = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&wanted, &size);
    if (!memory)
        abort();
    lock_write(memory);
    fclose(memory);

    int result = 0;
    const char *at = wanted;
    char text[LOCK_LINE_MAX];
    while (result == 0 && fgets(text, sizeof text, lock)) {
        size_t length = strlen(text);
        if (strncmp(at, text, length) != 0)
            result = refuse(why, "messages.lock", "not as in messages.def: %srun zt-describe lock", text);
        at += result == 0 ? length : 0;
    }
    if (result == 0 && *at)
        result = refuse(why, "messages.lock", "lacks %.*s; run zt-describe lock", (int)strcspn(at, "\n"), at);
    free(wanted);
    return result;
}
