#include "common/code_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

void code_book_close(struct code_book *book) {
    for (uint32_t i = 0; i < book->count; i++)
        free(book->codes[i]);
    free(book->codes);
    code_index_close(&book->index);
    *book = (struct code_book){0};
}

static void grow(struct code_book *book) {
    book->room = book->room == 0 ? FIRST_ROOM : book->room * 2;
    book->codes = realloc(book->codes, book->room * sizeof *book->codes);
    assert(book->codes != NULL);
    code_index_close(&book->index);
    code_index_open(&book->index, book->room);
    for (uint32_t i = 0; i < book->count; i++)
        code_index_add(&book->index, book->codes[i], i);
}

uint32_t code_book_number(struct code_book *book, const char *code) {
    uint32_t number = book->count == 0 ? CODE_UNKNOWN : code_index_find(&book->index, code);

    if (number != CODE_UNKNOWN)
        return number;
    if (book->count == book->room)
        grow(book);
    number = book->count++;
    book->codes[number] = strdup(code);
    assert(book->codes[number] != NULL);
    code_index_add(&book->index, book->codes[number], number);
    return number;
}

const char *code_book_code(const struct code_book *book, uint32_t number) {
    assert(number < book->count);
    return book->codes[number];
}
