#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/form_inner.h"
#include "proto/text.h"

#define DISPOSITION "Content-Disposition:"
#define TYPE "Content-Type:"

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " \t");
}

/* A quoted string: a backslash keeps a quote or a backslash, and is itself before anything else, since old browsers send paths. */
static const char *read_quoted(const char *at, char value[FORM_NAME_BYTES_MAX + 1]) {
    size_t size = 0;
    for (; *at != '"'; at++) {
        if (at[0] == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        if (*at == '\0' || size == FORM_NAME_BYTES_MAX)
            return NULL;
        value[size++] = *at;
    }
    value[size] = '\0';
    return at + 1;
}

static const char *read_value(const char *at, char value[FORM_NAME_BYTES_MAX + 1]) {
    if (*at == '"')
        return read_quoted(at + 1, value);
    size_t size = strcspn(at, "; \t\"");
    if (size > FORM_NAME_BYTES_MAX)
        return NULL;
    memcpy(value, at, size);
    value[size] = '\0';
    return at + size;
}

int form_parameter(const char *header, const char *name, char value[FORM_NAME_BYTES_MAX + 1]) {
    char other[FORM_NAME_BYTES_MAX + 1];
    const char *at = header + strcspn(header, ";");
    int found = 0;
    while (*at == ';') {
        at = skip_blanks(at + 1);
        size_t size = strcspn(at, "=; \t");
        if (at[size] != '=') { /* a blank or nothing: no parameter */
            at = skip_blanks(at + size);
            if (*at != ';' && *at != '\0')
                return -1;
            continue;
        }
        bool wanted = size == strlen(name) && strncasecmp(at, name, size) == 0;
        if (wanted && found == 1)
            return -1; /* two of them would be read otherwise elsewhere */
        found |= wanted;
        at = read_value(at + size + 1, wanted ? value : other);
        if (at == NULL)
            return -1;
        at = skip_blanks(at);
        if (*at != ';' && *at != '\0')
            return -1;
    }
    return found;
}

static bool is_clean(const char *text) {
    return text_clean(text, strlen(text)) == strlen(text) && strpbrk(text, "\t\n") == NULL;
}

static int take_disposition(struct form *form, const char *value, struct reason *why) {
    static const char broken[] = "a part's Content-Disposition is broken, twice there, or a name in it is too long";
    value = skip_blanks(value);
    if (form->has_name || strncasecmp(value, "form-data", 9) != 0 || strchr("; \t", value[9]) == NULL ||
        form_parameter(value, "name", form->name) != 1)
        return refuse(why, "body", "%s", broken);
    form->has_name = true;
    form->name_size = strlen(form->name);
    int file = form_parameter(value, "filename", form->file_name);
    if (file < 0)
        return refuse(why, "body", "%s", broken);
    form->has_file_name = file == 1;
    if (file == 1 && !is_clean(form->file_name))
        return refuse(why, "body", "a file's name holds a control byte or what is not UTF-8");
    return 0;
}

int form_take_header(struct form *form, struct reason *why) {
    if (form->line[0] == ' ' || form->line[0] == '\t')
        return refuse(why, "body", "a part's header is folded");
    if (strncasecmp(form->line, DISPOSITION, strlen(DISPOSITION)) == 0)
        return take_disposition(form, form->line + strlen(DISPOSITION), why);
    if (strncasecmp(form->line, TYPE, strlen(TYPE)) != 0)
        return 0;
    const char *type = skip_blanks(form->line + strlen(TYPE));
    if (form->has_type || strlen(type) > FORM_NAME_BYTES_MAX || !is_clean(type))
        return refuse(why, "body", "a part's Content-Type is twice there, too long, or not UTF-8");
    form->has_type = true;
    snprintf(form->content_type, sizeof form->content_type, "%.*s", FORM_NAME_BYTES_MAX, type);
    return 0;
}
