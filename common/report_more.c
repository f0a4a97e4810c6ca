#include "common/report_more.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 64
#define ATTRIBUTE "attribute."

static bool says_something(const json_t *answer) {
    size_t i;
    json_t *one;
    if (json_is_string(answer))
        return json_string_length(answer) > 0;
    json_array_foreach(answer, i, one) {
        if (json_string_length(one) > 0)
            return true;
    }
    return false;
}

static int write_answers(const json_t *json, char *answers, size_t size) {
    char *text = json_dumps(json, JSON_COMPACT);
    int status = text != NULL && strlen(text) < size ? 0 : -1;
    if (status == 0)
        strcpy(answers, json_object_size(json) > 0 ? text : "");
    free(text);
    return status;
}

int report_add_answers(char *answers, size_t size, const char *said, bool replaces) {
    json_t *more = json_loads(said, JSON_REJECT_DUPLICATES, NULL), *answer;
    json_t *all = answers[0] != '\0' ? json_loads(answers, JSON_REJECT_DUPLICATES, NULL) : json_object();
    const char *code;
    int status = -1;
    if (json_is_object(more) && json_is_object(all)) {
        json_object_foreach(more, code, answer) {
            if (says_something(answer) && (replaces || json_object_get(all, code) == NULL))
                json_object_set(all, code, answer);
        }
        status = write_answers(all, answers, size);
    }
    json_decref(more);
    json_decref(all);
    return status;
}

/* Where the name stands in a list separated by blanks; NULL: it does not. */
static char *find_name(char *names, const char *name, size_t length) {
    for (char *at = names; *at != '\0';) {
        size_t here = strcspn(at, " ");
        if (here == length && strncmp(at, name, length) == 0)
            return at;
        at += here + strspn(at + here, " ");
    }
    return NULL;
}

int report_add_file(char *files, size_t size, const char *file) {
    size_t used = strlen(files);
    if (strspn(file, "0123456789abcdef") != HASH_DIGITS || (file[HASH_DIGITS] != '\0' && file[HASH_DIGITS] != ' '))
        return -1;
    if (find_name(files, file, HASH_DIGITS) != NULL)
        return 0;
    if (used + (used > 0) + HASH_DIGITS >= size)
        return -1;
    snprintf(files + used, size - used, "%s%.*s", used > 0 ? " " : "", HASH_DIGITS, file);
    return 0;
}

int report_add_words(char *text, size_t size, const char *words) {
    size_t used = strlen(text);
    if (used + (used > 0) + strlen(words) >= size)
        return -1;
    snprintf(text + used, size - used, "%s%s", used > 0 ? "\n" : "", words);
    return 0;
}

static void take_out(char *names, const char *name) {
    char *at = find_name(names, name, strlen(name));
    if (at == NULL)
        return;
    char *rest = at + strlen(name);
    rest += strspn(rest, " ");
    memmove(at, rest, strlen(rest) + 1);
    size_t used = strlen(names);
    if (used > 0 && names[used - 1] == ' ')
        names[used - 1] = '\0';
}

void report_fill_missing(char *missing, const char *answers, const char *files) {
    json_t *all = answers[0] != '\0' ? json_loads(answers, 0, NULL) : NULL, *answer;
    const char *code;
    json_object_foreach(all, code, answer) {
        char name[sizeof ATTRIBUTE + 64];
        snprintf(name, sizeof name, ATTRIBUTE "%s", code);
        if (says_something(answer))
            take_out(missing, name);
    }
    if (files[0] != '\0')
        take_out(missing, "files");
    json_decref(all);
}
