/* Codes of units, items and channels as numbers from 0, in the order in which they were first met. Grows as needed; not thread-safe. */
#ifndef ZHITONG_CODE_BOOK_H
#define ZHITONG_CODE_BOOK_H

#include "common/code_index.h"

struct code_book { /* zero-initialised is empty */
    char **codes;
    uint32_t count, room;
    struct code_index index;
};

void code_book_close(struct code_book *book);
/* The code's number; a new code is copied and gets the next one. Memory failure aborts. */
uint32_t code_book_number(struct code_book *book, const char *code);
/* Borrowed until code_book_close. */
const char *code_book_code(const struct code_book *book, uint32_t number);

#endif
