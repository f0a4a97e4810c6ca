#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/door.h"

static bool is_number(const char *text) {
    char *end;
    if (strspn(text, "+-.0123456789eE") != strlen(text))
        return false;
    double number = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(number);
}

/* d stands for a digit, everything else for itself. What follows the shape, NULL when the text has another one. */
static const char *past_shape(const char *text, const char *shape) {
    for (; *shape != '\0'; shape++, text++)
        if (*shape == 'd' ? !isdigit((unsigned char)*text) : *text != *shape)
            return NULL;
    return text;
}

static bool is_between(const char *digits, int least, int most) {
    int number = (digits[0] - '0') * 10 + digits[1] - '0';
    return number >= least && number <= most;
}

/* A date, or a date and a time with or without a zone, as in ISO 8601. */
static bool is_datetime(const char *text) {
    const char *time = past_shape(text, "dddd-dd-dd"), *rest;
    if (time == NULL || !is_between(text + 5, 1, 12) || !is_between(text + 8, 1, 31))
        return false;
    if (*time == '\0')
        return true;
    if ((*time != 'T' && *time != ' ') || (rest = past_shape(time + 1, "dd:dd")) == NULL ||
        !is_between(time + 1, 0, 23) || !is_between(time + 4, 0, 59))
        return false;
    if (*rest == ':' && ((rest = past_shape(rest, ":dd")) == NULL || !is_between(rest - 2, 0, 60)))
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (*rest == 'Z')
        return rest[1] == '\0';
    if (*rest != '+' && *rest != '-')
        return *rest == '\0';
    const char *end = past_shape(rest + 1, "dd:dd");
    return end != NULL && *end == '\0' && is_between(rest + 1, 0, 23);
}

/* NULL: the text is an answer. */
static const char *fault_of(const struct question *question, const char *text) {
    switch (question->datatype) {
    case DATATYPE_number:
        return is_number(text) ? NULL : "must be a number";
    case DATATYPE_datetime:
        return is_datetime(text) ? NULL : "must be a date and time such as 2026-05-01T08:30:00+08:00";
    case DATATYPE_singlevaluelist:
    case DATATYPE_multivaluelist:
        return choice_of(question, text) != NULL ? NULL : "must be one of the item's choices";
    case DATATYPE_string:
        return strchr(text, '\n') == NULL ? NULL : "must be one line";
    case DATATYPE_text:
    case DATATYPE_COUNT:
        break;
    }
    return NULL;
}

/* Whether all of the answer's texts are right ones; *given: one of them is not empty. */
static const char *answer_fault(const struct question *question, const json_t *answer, bool *given) {
    bool is_many = json_typeof(answer) == JSON_ARRAY;
    size_t count = is_many ? json_array_size(answer) : 1;
    *given = false;
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(is_many ? json_array_get(answer, i) : answer);
        if (*text == '\0')
            continue;
        const char *fault = fault_of(question, text);
        if (fault != NULL)
            return fault;
        if (*given && question->datatype != DATATYPE_multivaluelist)
            return "takes one answer only";
        *given = true;
    }
    return NULL;
}

static bool is_texts(const json_t *answer) {
    if (json_typeof(answer) == JSON_STRING)
        return true;
    for (size_t i = 0; i < json_array_size(answer); i++)
        if (json_typeof(json_array_get(answer, i)) != JSON_STRING)
            return false;
    return json_typeof(answer) == JSON_ARRAY;
}

static int look_at(const struct door_ask *ask, const struct item_words *words, json_t *json, uint32_t *answered,
                   struct reason *why) {
    const char *code;
    json_t *answer;
    json_object_foreach(json, code, answer) {
        char field[sizeof DOOR_ATTRIBUTE + CODE_MAX];
        bool given = false;
        snprintf(field, sizeof field, DOOR_ATTRIBUTE "%s", code);
        if (!is_texts(answer))
            return refuse(why, field, "must be a text or an array of texts");
        const struct question *question = question_of(words, code);
        const char *fault = question == NULL ? "is not asked of this item" : answer_fault(question, answer, &given);
        if (fault != NULL && ask->asks)
            return refuse(why, field, "%s", fault);
        if (fault == NULL && given)
            *answered |= UINT32_C(1) << (question - words->questions);
    }
    return 0;
}

int door_answers(const struct door_ask *ask, const struct submit *submit, const struct item_words *words,
                 uint32_t *answered, struct reason *why) {
    uint32_t found = 0;
    json_error_t error;
    json_t *json = json_loads(submit->attributes, JSON_REJECT_DUPLICATES, &error);
    int status = -1;
    if (json == NULL)
        (void)refuse(why, "attributes", "must be a JSON object: column %d: %s", error.column, error.text);
    else if (json_typeof(json) != JSON_OBJECT)
        (void)refuse(why, "attributes", "must be a JSON object from codes of questions to answers");
    else
        status = look_at(ask, words, json, &found, why);
    json_decref(json);
    if (status == 0)
        *answered = found;
    return status;
}
