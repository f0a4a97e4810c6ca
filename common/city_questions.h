/* What is said of an item and asked of whoever reports it, in the languages of the city's folder: names, texts, questions with
 * the answers that they take. Immutable like the city; every text handed out lives as long as it, and is never NULL. */
#ifndef ZHITONG_CITY_QUESTIONS_H
#define ZHITONG_CITY_QUESTIONS_H

#include "common/city.h"

#define QUESTIONS_MAX 32 /* of an item */
#define CHOICES_MAX 200  /* of a question */

enum datatype {
    DATATYPE_string,
    DATATYPE_number,
    DATATYPE_datetime,
    DATATYPE_text,
    DATATYPE_singlevaluelist,
    DATATYPE_multivaluelist,
    DATATYPE_COUNT
};

struct wording { /* "" where the folder has none */
    const char *en, *zh;
};

struct choice {
    char code[CODE_MAX + 1];
    struct wording name;
};

struct question {
    char code[CODE_MAX + 1]; /* unique within the item */
    enum datatype datatype;
    bool needed; /* a report without an answer is refused, where the sender can be asked */
    struct wording text, hint;
    const struct choice *choices; /* of a list, in the order of choices.csv */
    size_t choice_count;
};

struct item_text { /* in one language */
    const char *language, *description, *keywords, *filing, *closing, *basis, *answer;
};

struct item_words {
    struct wording name;
    const char *matter;               /* organisation, risk, service or development */
    const struct question *questions; /* in the order of questions.csv */
    size_t question_count;
    const struct item_text *texts; /* in the order of item_texts.csv */
    size_t text_count;
};

/* The item must be of this city. */
const struct item_words *city_item_words(const struct city *city, const struct item *item);
/* All items, in the order of items.csv. */
const struct item *city_items(const struct city *city, size_t *count);

/* NULL when the item has none of that code. */
const struct question *question_of(const struct item_words *words, const char *code);
const struct choice *choice_of(const struct question *question, const char *code);
const char *datatype_name(enum datatype datatype); /* as in Open311 GeoReport v2 */

/* The words in a language, a tag of BCP 47 of which the first part counts: those in Chinese for zh, else those in English; the
 * other ones where there are none. */
const char *wording_in(const struct wording *wording, const char *language);
/* The texts in this language, or its first part; else the first ones. NULL: the item has none. */
const struct item_text *item_text_in(const struct item_words *words, const char *language);
/* "zh" where the folder names the city's first item in Chinese, else "en": what is spoken to who asks for no language. */
const char *city_language(const struct city *city);

/* ---- for city_build.c and city_rules.c ---------------------------------------------------------------------------- */

struct city_draft;
void city_build_questions(struct city *city, const struct city_draft *draft); /* after the items */
void city_close_questions(struct city *city);
/* What kinds and references of the columns of questions, choices, door and item_texts do not say: rows that stand once, choices
 * for lists and for nothing else, percents, and that nothing is linked which is not even suggested. */
void city_check_door(struct city_draft *draft);

#endif
