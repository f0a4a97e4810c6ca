#include "common/city_questions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_fields.h"
#include "common/city_keep.h"
#include "common/city_private.h"

static const char *const datatypes[] = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"};

struct city_words {
    struct item_words *items; /* in the order of items */
    struct question *questions;
    struct choice *choices;
    struct item_text *texts;
    char *block, *end; /* all texts */
};

const char *datatype_name(enum datatype datatype) {
    return datatypes[datatype];
}

static enum datatype datatype_of(const char *name) {
    enum datatype datatype = DATATYPE_string;
    while (datatype < DATATYPE_COUNT - 1 && strcmp(datatypes[datatype], name) != 0)
        datatype++;
    return datatype;
}

/* ---- building ------------------------------------------------------------------------------------------------------- */

#define KEEP(table, column) keep_text(&words->end, FIELD(draft, table, row, column))

static void build_choices(struct city_words *words, struct question *question, const struct city_draft *draft,
                          size_t question_row) {
    const char *item = FIELD(draft, questions, question_row, item);
    question->choices = &words->choices[0];
    for (size_t row = 0; row < COUNT(draft, choices); row++) {
        if (strcmp(FIELD(draft, choices, row, question), question->code) != 0 ||
            strcmp(FIELD(draft, choices, row, item), item) != 0)
            continue;
        struct choice *choice = &words->choices[question->choice_count++];
        strcpy(choice->code, FIELD(draft, choices, row, code));
        choice->name = (struct wording){KEEP(choices, name_en), KEEP(choices, name_zh)};
    }
    words->choices += question->choice_count;
}

/* Rows of an item lie side by side afterwards, in their own order: by the first word, which is the item. */
static size_t *rows_by_item(const struct city *city, const struct city_draft *draft, enum city_table table) {
    size_t count = draft->tables[table].count, kept = 0;
    size_t *rows = keep_room(count, sizeof *rows), *next = keep_room(city->item_count + 1, sizeof *next);
    for (size_t row = 0; row < count; row++)
        next[city_item(city, draft_field(draft, table, row, 0)) - city->items]++;
    for (size_t item = 0; item < city->item_count; item++) {
        size_t of_item = next[item];
        next[item] = kept;
        kept += of_item;
    }
    for (size_t row = 0; row < count; row++)
        rows[next[city_item(city, draft_field(draft, table, row, 0)) - city->items]++] = row;
    free(next);
    return rows;
}

static void build_questions(struct city *city, struct city_words *words, const struct city_draft *draft) {
    size_t *rows = rows_by_item(city, draft, CITY_questions);
    struct choice *first = words->choices;
    for (size_t i = 0; i < COUNT(draft, questions); i++) {
        size_t row = rows[i];
        struct question *question = &words->questions[i];
        struct item_words *item = &words->items[city_item(city, FIELD(draft, questions, row, item)) - city->items];
        strcpy(question->code, FIELD(draft, questions, row, code));
        question->datatype = datatype_of(FIELD(draft, questions, row, datatype));
        question->needed = field_flag(FIELD(draft, questions, row, needed));
        question->text = (struct wording){KEEP(questions, text_en), KEEP(questions, text_zh)};
        question->hint = (struct wording){KEEP(questions, hint_en), KEEP(questions, hint_zh)};
        build_choices(words, question, draft, row);
        if (item->question_count++ == 0)
            item->questions = question;
    }
    words->choices = first;
    free(rows);
}

static void build_texts(struct city *city, struct city_words *words, const struct city_draft *draft) {
    size_t *rows = rows_by_item(city, draft, CITY_item_texts);
    for (size_t i = 0; i < COUNT(draft, item_texts); i++) {
        size_t row = rows[i];
        struct item_words *item = &words->items[city_item(city, FIELD(draft, item_texts, row, item)) - city->items];
        words->texts[i] = (struct item_text){.language = KEEP(item_texts, language),
                                             .description = KEEP(item_texts, description),
                                             .keywords = KEEP(item_texts, keywords),
                                             .filing = KEEP(item_texts, filing),
                                             .closing = KEEP(item_texts, closing),
                                             .basis = KEEP(item_texts, basis),
                                             .answer = KEEP(item_texts, answer)};
        if (item->text_count++ == 0)
            item->texts = &words->texts[i];
    }
    free(rows);
}

void city_build_questions(struct city *city, const struct city_draft *draft) {
    struct city_words *words = keep_room(1, sizeof *words);
    words->items = keep_room(city->item_count, sizeof *words->items);
    words->questions = keep_room(COUNT(draft, questions), sizeof *words->questions);
    words->choices = keep_room(COUNT(draft, choices), sizeof *words->choices);
    words->texts = keep_room(COUNT(draft, item_texts), sizeof *words->texts);
    words->block = words->end = keep_room(keep_bytes(draft, CITY_items) + keep_bytes(draft, CITY_questions) +
                                              keep_bytes(draft, CITY_choices) + keep_bytes(draft, CITY_item_texts),
                                          1);
    for (size_t row = 0; row < city->item_count; row++) {
        words->items[row].name = (struct wording){KEEP(items, name_en), KEEP(items, name_zh)};
        words->items[row].matter = KEEP(items, matter);
    }
    build_questions(city, words, draft);
    build_texts(city, words, draft);
    city->words = words;
}

void city_close_questions(struct city *city) {
    if (city->words == NULL)
        return;
    free(city->words->items);
    free(city->words->questions);
    free(city->words->choices);
    free(city->words->texts);
    free(city->words->block);
    free(city->words);
    city->words = NULL;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

const struct item *city_items(const struct city *city, size_t *count) {
    *count = city->item_count;
    return city->items;
}

const struct item_words *city_item_words(const struct city *city, const struct item *item) {
    return &city->words->items[item - city->items];
}

const struct question *question_of(const struct item_words *words, const char *code) {
    for (size_t i = 0; i < words->question_count; i++)
        if (strcmp(words->questions[i].code, code) == 0)
            return &words->questions[i];
    return NULL;
}

const struct choice *choice_of(const struct question *question, const char *code) {
    for (size_t i = 0; i < question->choice_count; i++)
        if (strcmp(question->choices[i].code, code) == 0)
            return &question->choices[i];
    return NULL;
}

static size_t first_part(const char *language) {
    return strcspn(language, "-");
}

static bool speaks(const char *language, const char *wanted) {
    return first_part(language) == first_part(wanted) && strncmp(language, wanted, first_part(wanted)) == 0;
}

const char *wording_in(const struct wording *wording, const char *language) {
    bool chinese = speaks("zh", language);
    const char *wanted = chinese ? wording->zh : wording->en;
    return *wanted != '\0' ? wanted : chinese ? wording->en : wording->zh;
}

const struct item_text *item_text_in(const struct item_words *words, const char *language) {
    const struct item_text *like = words->texts;
    for (size_t i = words->text_count; i-- > 0;) {
        if (strcmp(words->texts[i].language, language) == 0)
            return &words->texts[i];
        if (speaks(words->texts[i].language, language))
            like = &words->texts[i];
    }
    return like;
}

const char *city_language(const struct city *city) {
    return city->item_count > 0 && *city->words->items[0].name.zh != '\0' ? "zh" : "en";
}
