#include "services/intake/open311_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS, UNITS, QUESTIONS }; /* steps of the ask */
enum { ITEM_CODE, ITEM_NAME, ITEM_GROUP = ITEM_NAME + 2, ITEM_TEXT = ITEM_GROUP + 2, ITEM_KEYWORDS = ITEM_TEXT + 2 };
enum { QUESTION_ITEM, QUESTION_CODE, QUESTION_TYPE, QUESTION_NEEDED, QUESTION_TEXT, QUESTION_HINT = QUESTION_TEXT + 2 };
enum { CHOICE_CODE = QUESTION_HINT + 2, CHOICE_NAME };

struct open311_book {
    uint64_t version;
    PGresult *items, *units, *questions;
    struct code_index item_rows, unit_rows;
    struct code_index asked; /* items that have questions, and the row of the first */
};

/* Of two columns, English and Chinese. */
static const char *of(const PGresult *table, int row, int column, enum open311_language language) {
    const char *english = db_text(table, row, column), *chinese = db_text(table, row, column + 1);
    bool in_english = language == OPEN311_ENGLISH || *chinese == '\0';
    return in_english && *english != '\0' ? english : chinese;
}

struct ask *open311_book_ask(ask_done *done, void *context) {
    struct ask *ask = ask_make(done, context);
    ask_step(ask, "open311_items", NULL, 0);
    ask_step(ask, "open311_units", NULL, 0);
    ask_step(ask, "open311_questions", NULL, 0);
    return ask;
}

static PGresult *copy_of(const struct ask *ask, int step) {
    PGresult *copy = PQcopyResult(ask_result(ask, step), PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
    assert(copy != NULL);
    return copy;
}

static void index_rows(struct code_index *index, const PGresult *table) {
    code_index_open(index, (size_t)PQntuples(table));
    for (int row = 0; row < PQntuples(table); row++)
        (void)code_index_add(index, db_text(table, row, 0), (uint32_t)row);
}

struct open311_book *open311_book_open(const struct ask *ask, uint64_t version) {
    if (ask_result(ask, 0) == NULL)
        return NULL;
    struct open311_book *book = calloc(1, sizeof *book);
    assert(book != NULL);
    book->version = version;
    book->items = copy_of(ask, ITEMS);
    book->units = copy_of(ask, UNITS);
    book->questions = copy_of(ask, QUESTIONS);
    index_rows(&book->item_rows, book->items);
    index_rows(&book->unit_rows, book->units);
    index_rows(&book->asked, book->questions);
    return book;
}

void open311_book_close(struct open311_book **book) {
    if (*book == NULL)
        return;
    code_index_close(&(*book)->item_rows);
    code_index_close(&(*book)->unit_rows);
    code_index_close(&(*book)->asked);
    PQclear((*book)->items);
    PQclear((*book)->units);
    PQclear((*book)->questions);
    free(*book);
    *book = NULL;
}

uint64_t open311_book_version(const struct open311_book *book) {
    return book->version;
}

enum open311_language open311_book_language(const struct open311_book *book, enum open311_language asked) {
    if (asked != OPEN311_THEIRS)
        return asked;
    bool chinese = PQntuples(book->items) > 0 && *db_text(book->items, 0, ITEM_NAME + 1) != '\0';
    return chinese ? OPEN311_CHINESE : OPEN311_ENGLISH;
}

const char *open311_service_name(const struct open311_book *book, enum open311_language language, const char *item) {
    uint32_t row = code_index_find(&book->item_rows, item);
    return row == CODE_UNKNOWN ? item : of(book->items, (int)row, ITEM_NAME, language);
}

const char *open311_unit_name(const struct open311_book *book, enum open311_language language, const char *unit) {
    uint32_t row = code_index_find(&book->unit_rows, unit);
    return row == CODE_UNKNOWN ? unit : of(book->units, (int)row, 1, language);
}

const char *open311_service_text(const struct open311_book *book, enum open311_language language, const char *item) {
    uint32_t row = code_index_find(&book->item_rows, item);
    return row == CODE_UNKNOWN ? "" : of(book->items, (int)row, ITEM_TEXT, language);
}

void open311_emit_services(struct emit *emit, const struct open311_book *book, enum open311_language language) {
    emit_list(emit, "services", "service");
    for (int row = 0; row < PQntuples(book->items); row++) {
        const char *code = db_text(book->items, row, ITEM_CODE);
        emit_record(emit, NULL);
        emit_text(emit, "service_code", code);
        emit_text(emit, "service_name", of(book->items, row, ITEM_NAME, language));
        emit_text(emit, "description", of(book->items, row, ITEM_TEXT, language));
        emit_flag(emit, "metadata", code_index_find(&book->asked, code) != CODE_UNKNOWN);
        emit_text(emit, "type", "realtime");
        emit_text(emit, "keywords", of(book->items, row, ITEM_KEYWORDS, language));
        emit_text(emit, "group", of(book->items, row, ITEM_GROUP, language));
        emit_end(emit);
    }
    emit_end(emit);
}

/* One attribute; *row is moved to its last answer. */
static void emit_question(struct emit *emit, const PGresult *table, enum open311_language language, int order,
                          int *row) {
    int first = *row;
    const char *code = db_text(table, first, QUESTION_CODE), *item = db_text(table, first, QUESTION_ITEM);
    emit_record(emit, NULL);
    emit_flag(emit, "variable", true);
    emit_text(emit, "code", code);
    emit_text(emit, "datatype", db_text(table, first, QUESTION_TYPE));
    emit_flag(emit, "required", strcmp(db_text(table, first, QUESTION_NEEDED), "yes") == 0);
    emit_text(emit, "datatype_description", of(table, first, QUESTION_HINT, language));
    emit_int(emit, "order", order);
    emit_text(emit, "description", of(table, first, QUESTION_TEXT, language));
    emit_list(emit, "values", "value");
    for (; *row < PQntuples(table); (*row)++) {
        if (strcmp(db_text(table, *row, QUESTION_CODE), code) != 0 ||
            strcmp(db_text(table, *row, QUESTION_ITEM), item) != 0)
            break;
        if (db_null(table, *row, CHOICE_CODE))
            continue;
        emit_record(emit, NULL);
        emit_text(emit, "key", db_text(table, *row, CHOICE_CODE));
        emit_text(emit, "name", of(table, *row, CHOICE_NAME, language));
        emit_end(emit);
    }
    (*row)--;
    emit_end(emit);
    emit_end(emit);
}

void open311_emit_service(struct emit *emit, const struct open311_book *book, enum open311_language language,
                          const char *item) {
    uint32_t first = code_index_find(&book->asked, item);
    int order = 0;
    emit_record(emit, "service_definition");
    emit_text(emit, "service_code", item);
    emit_list(emit, "attributes", "attribute");
    for (int row = first == CODE_UNKNOWN ? PQntuples(book->questions) : (int)first; row < PQntuples(book->questions);
         row++)
        if (strcmp(db_text(book->questions, row, QUESTION_ITEM), item) == 0)
            emit_question(emit, book->questions, language, ++order, &row);
    emit_end(emit);
    emit_end(emit);
}
