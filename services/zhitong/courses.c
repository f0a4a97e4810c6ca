#include "services/zhitong/courses.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

/* ---- reading --------------------------------------------------------------------------------------------------------- */

struct columns {
    int course, share, after, move, actor, role, unit, fields;
};

static int copy(const struct csv *csv, int column, char *to, size_t room, struct reason *why) {
    const char *text = csv_field(csv, column);
    if (strlen(text) >= room)
        return refuse(why, csv_column_name(csv, (size_t)column), "line %zu: longer than %zu bytes", csv_line(csv),
                      room - 1);
    memcpy(to, text, strlen(text) + 1);
    return 0;
}

static int read_after(const struct csv *csv, int column, struct course_step *step, struct reason *why) {
    const char *text = csv_field(csv, column);
    char *end;
    step->from_close = strncmp(text, "close", 5) == 0;
    if (step->from_close)
        text += 5;
    step->minutes = strtoll(text, &end, 10);
    if (*end != '\0' || (!step->from_close && (end == text || step->minutes < 0)))
        return refuse(why, "after", "line %zu: must be minutes, or close, close-30 or close+30", csv_line(csv));
    return 0;
}

static int read_step(const struct csv *csv, const struct columns *at, struct course_step *step, struct reason *why) {
    *step = (struct course_step){0};
    if (copy(csv, at->move, step->move, sizeof step->move, why) != 0 ||
        copy(csv, at->actor, step->actor, sizeof step->actor, why) != 0 ||
        copy(csv, at->role, step->role, sizeof step->role, why) != 0 ||
        copy(csv, at->unit, step->unit, sizeof step->unit, why) != 0 ||
        copy(csv, at->fields, step->fields, sizeof step->fields, why) != 0)
        return -1;
    return read_after(csv, at->after, step, why);
}

static struct course *course_at(struct courses *courses, const char *name) {
    for (size_t i = 0; i < courses->count; i++)
        if (strcmp(courses->rows[i].name, name) == 0)
            return &courses->rows[i];
    return NULL;
}

static int read_row(struct courses *courses, const struct csv *csv, const struct columns *at, struct reason *why) {
    struct course *course = course_at(courses, csv_field(csv, at->course));
    if (course == NULL) {
        if (courses->count == COURSES_MAX)
            return refuse(why, "course", "line %zu: at most %d courses", csv_line(csv), COURSES_MAX);
        course = &courses->rows[courses->count];
        *course = (struct course){.share = (unsigned)strtoul(csv_field(csv, at->share), NULL, 10)};
        if (copy(csv, at->course, course->name, sizeof course->name, why) != 0)
            return -1;
        courses->count++;
        courses->shares += course->share;
    }
    if (*csv_field(csv, at->move) == '\0')
        return 0; /* a course in which nobody does anything */
    if (course->count == COURSE_STEPS_MAX)
        return refuse(why, "course", "line %zu: at most %d steps", csv_line(csv), COURSE_STEPS_MAX);
    struct course_step *step = &course->steps[course->count];
    if (read_step(csv, at, step, why) != 0)
        return -1;
    course->needs_close = course->needs_close || step->from_close;
    course->count++;
    return 0;
}

static int read_all(struct courses *courses, struct csv *csv, struct reason *why) {
    struct columns at = {csv_column(csv, "course"), csv_column(csv, "share"), csv_column(csv, "after"),
                         csv_column(csv, "move"),   csv_column(csv, "actor"), csv_column(csv, "role"),
                         csv_column(csv, "unit"),   csv_column(csv, "fields")};
    if (at.course < 0 || at.share < 0 || at.after < 0 || at.move < 0 || at.actor < 0 || at.role < 0 || at.unit < 0 ||
        at.fields < 0)
        return refuse(why, "header", "the columns are course,share,after,move,actor,role,unit,fields");
    int status;
    while ((status = csv_next(csv, why)) == 1)
        if (read_row(courses, csv, &at, why) != 0)
            return -1;
    return status;
}

int courses_open(struct courses *out, const char *path, struct reason *why) {
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot be read: %s", strerror(errno));
    struct csv *csv = NULL;
    struct courses courses = {.rows = calloc(COURSES_MAX, sizeof *courses.rows)};
    assert(courses.rows != NULL);
    int status = csv_open(&csv, file, path, why);
    if (status == 0)
        status = read_all(&courses, csv, why);
    csv_close(&csv);
    fclose(file);
    if (status != 0) {
        courses_close(&courses);
        return -1;
    }
    *out = courses;
    return 0;
}

void courses_close(struct courses *courses) {
    free(courses->rows);
    *courses = (struct courses){0};
}

/* ---- using ----------------------------------------------------------------------------------------------------------- */

const struct course *courses_of(const struct courses *courses, size_t nth, bool is_closed) {
    if (courses->shares == 0)
        return NULL;
    unsigned at = (unsigned)(nth % courses->shares);
    for (size_t i = 0; i < courses->count; i++) {
        const struct course *course = &courses->rows[i];
        if (at < course->share)
            return course->needs_close && !is_closed ? NULL : course;
        at -= course->share;
    }
    return NULL;
}

const struct course *courses_named(const struct courses *courses, const char *name) {
    for (size_t i = 0; i < courses->count; i++)
        if (strcmp(courses->rows[i].name, name) == 0)
            return &courses->rows[i];
    return NULL;
}

/* The next name=value of the text; NULL at its end. */
static const char *next_field(const char *text, char *name, char *value) {
    text += strspn(text, " ;");
    size_t name_size = strcspn(text, "=;");
    if (*text == '\0' || text[name_size] != '=')
        return NULL;
    const char *from = text + name_size + 1;
    size_t value_size = strcspn(from, ";");
    snprintf(name, 49, "%.*s", (int)(name_size < 48 ? name_size : 48), text);
    snprintf(value, FIELDS_TEXT_MAX + 1, "%.*s", (int)value_size, from);
    return from + value_size;
}

void course_field(const struct course_step *step, const char *name, char *value, size_t room) {
    char found[49], text[FIELDS_TEXT_MAX + 1];
    value[0] = '\0';
    for (const char *at = step->fields; (at = next_field(at, found, text)) != NULL;)
        if (strcmp(found, name) == 0)
            snprintf(value, room, "%s", text);
}

static int set_field(struct command *command, const char *name, const char *value, struct reason *why) {
    const struct message_spec *spec = message_spec(MESSAGE_command);
    for (size_t i = 0; i < spec->field_count; i++) {
        const struct field_spec *field = &spec->fields[i];
        void *at = (char *)command + field->offset;
        if (strcmp(field->name, name) != 0)
            continue;
        if (field->type == FIELD_TEXT && strlen(value) > field->limit)
            return refuse(why, name, "longer than %zu bytes", field->limit);
        if (field->type == FIELD_TEXT)
            memcpy(at, value, strlen(value) + 1);
        else
            *(int64_t *)at = strtoll(value, NULL, 10); /* a command has whole numbers only */
        return 0;
    }
    return refuse(why, name, "a command has no such field");
}

int course_fill(const struct course_step *step, struct command *command, course_word *word, void *context,
                struct reason *why) {
    char name[49], value[FIELDS_TEXT_MAX + 1];
    for (const char *at = step->fields; (at = next_field(at, name, value)) != NULL;)
        if (set_field(command, name, word(context, value), why) != 0)
            return -1;
    return 0;
}
