/* Whether what a city asks at its door makes sense: every fault is a complaint with its line and column. */
#include <stdlib.h>
#include <string.h>

#include "common/city_private.h"
#include "common/city_questions.h"

/* Rows of which the first columns say what they are about: two of the same are one too many. */
static void check_once(struct city_draft *draft, enum city_table table, size_t columns) {
    for (size_t row = 0; row < draft->tables[table].count; row++)
        for (size_t other = 0; other < row; other++) {
            size_t same = 0;
            while (same < columns &&
                   strcmp(draft_field(draft, table, row, same), draft_field(draft, table, other, same)) == 0)
                same++;
            if (same < columns)
                continue;
            const char *code = draft_field(draft, table, row, columns - 1);
            draft_complain(draft, (struct draft_place){table, row, columns - 1}, "%s%s%s stands on line %zu already",
                           *code != '\0' ? "\"" : "", *code != '\0' ? code : "a row without item",
                           *code != '\0' ? "\"" : "", draft->tables[table].rows[other].line);
            break;
        }
}

static bool is_list(const char *datatype) {
    return strcmp(datatype, "singlevaluelist") == 0 || strcmp(datatype, "multivaluelist") == 0;
}

/* The row of a choice's question; the number of rows when there is none. */
static size_t question_row(const struct city_draft *draft, const char *item, const char *code) {
    size_t row = 0;
    while (row < COUNT(draft, questions) && (strcmp(FIELD(draft, questions, row, code), code) != 0 ||
                                             strcmp(FIELD(draft, questions, row, item), item) != 0))
        row++;
    return row;
}

static void check_choice(struct city_draft *draft, size_t row) {
    const char *item = FIELD(draft, choices, row, item), *code = FIELD(draft, choices, row, question);
    size_t at = question_row(draft, item, code);
    if (at == COUNT(draft, questions))
        draft_complain(draft, PLACE(choices, row, question), "there is no question \"%s\" of \"%s\" in questions.csv",
                       code, item);
    else if (!is_list(FIELD(draft, questions, at, datatype)))
        draft_complain(draft, PLACE(choices, row, question), "\"%s\" takes no choices: it is a %s", code,
                       FIELD(draft, questions, at, datatype));
}

static void check_question(struct city_draft *draft, size_t row) {
    const char *item = FIELD(draft, questions, row, item), *code = FIELD(draft, questions, row, code);
    size_t choices = 0, before = 0;
    for (size_t i = 0; i < COUNT(draft, choices); i++)
        choices += strcmp(FIELD(draft, choices, i, question), code) == 0 &&
                   strcmp(FIELD(draft, choices, i, item), item) == 0;
    for (size_t i = 0; i < row; i++)
        before += strcmp(FIELD(draft, questions, i, item), item) == 0;
    if (is_list(FIELD(draft, questions, row, datatype)) && choices == 0)
        draft_complain(draft, PLACE(questions, row, datatype), "a list needs choices: add rows to choices.csv");
    if (choices > CHOICES_MAX)
        draft_complain(draft, PLACE(questions, row, code), "has %zu choices, at most %d are possible", choices,
                       CHOICES_MAX);
    if (before == QUESTIONS_MAX)
        draft_complain(draft, PLACE(questions, row, item), "\"%s\" has more than %d questions", item, QUESTIONS_MAX);
}

static unsigned long amount(const char *text, unsigned long empty) {
    return *text == '\0' ? empty : strtoul(text, NULL, 10);
}

static void check_door(struct city_draft *draft, size_t row) {
    unsigned long link = amount(FIELD(draft, door, row, link_percent), 0);
    unsigned long suggest = amount(FIELD(draft, door, row, suggest_percent), 50);
    if (link > 100)
        draft_complain(draft, PLACE(door, row, link_percent), "must be a percentage, 0 to 100");
    if (suggest > 100)
        draft_complain(draft, PLACE(door, row, suggest_percent), "must be a percentage, 0 to 100");
    if (link != 0 && link < suggest)
        draft_complain(draft, PLACE(door, row, link_percent), "must not be less than suggest_percent, %lu", suggest);
    if (amount(FIELD(draft, door, row, text_least), 0) > 1000)
        draft_complain(draft, PLACE(door, row, text_least), "must be at most 1000 characters");
}

/* A tag of BCP 47 in small letters: its first part has two or three. */
static void check_text(struct city_draft *draft, size_t row) {
    const char *language = FIELD(draft, item_texts, row, language);
    size_t letters = strspn(language, "abcdefghijklmnopqrstuvwxyz");
    if (letters < 2 || letters > 3 || (language[letters] != '\0' && language[letters] != '-') || strlen(language) > 8)
        draft_complain(draft, PLACE(item_texts, row, language),
                       "must be a language such as en, zh or pt-br, not \"%s\"", language);
}

void city_check_door(struct city_draft *draft) {
    check_once(draft, CITY_questions, 2);
    check_once(draft, CITY_choices, 3);
    check_once(draft, CITY_door, 1);
    check_once(draft, CITY_warnings, 1);
    check_once(draft, CITY_item_texts, 2);
    for (size_t row = 0; row < COUNT(draft, questions); row++)
        check_question(draft, row);
    for (size_t row = 0; row < COUNT(draft, choices); row++)
        check_choice(draft, row);
    for (size_t row = 0; row < COUNT(draft, door); row++)
        check_door(draft, row);
    for (size_t row = 0; row < COUNT(draft, item_texts); row++)
        check_text(draft, row);
}
