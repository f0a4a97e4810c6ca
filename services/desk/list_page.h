/* A page of a list: what is asked for, and the cursor that says where the next one begins. Pure. */
#ifndef ZHITONG_DESK_LIST_PAGE_H
#define ZHITONG_DESK_LIST_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/reason.h"

#define PAGE_LIMIT_MAX 200
#define PAGE_LIMIT 50
#define CURSOR_SIZE 64

enum cursor_kind { CURSOR_OPENED = 'o', CURSOR_DUE = 'd', CURSOR_LOG = 'l', CURSOR_COUNCIL = 'c' };

struct cursor {      /* after this instant and this case; of a log or council only the number counts */
    int64_t at;      /* unix ms */
    uint64_t number; /* 0: none; the instant alone counts */
};
void cursor_write(enum cursor_kind kind, const struct cursor *cursor, char text[CURSOR_SIZE]);
/* Refuses (field "after") what cursor_write never wrote for that kind. */
MUST_CHECK int cursor_read(enum cursor_kind kind, const char *text, struct cursor *cursor, struct reason *why);

/* A parameter of the query as it came, NULL where there was none. */
typedef const char *list_parameter(void *context, const char *name);

#define LIST_VALUES 14
struct list_page {
    int limit;
    char numbers[4][24]; /* what values point to */
    const char
        *values[LIST_VALUES]; /* of the query desk_cases; those that were not given are NULL; texts are borrowed */
};
/* Refuses a parameter that makes no sense, with its name. */
MUST_CHECK int list_page_read(struct list_page *page, list_parameter *parameter, void *context, struct reason *why);
/* Only the limit: 1 to PAGE_LIMIT_MAX, PAGE_LIMIT where none is given. */
MUST_CHECK int list_limit_read(const char *text, int *limit, struct reason *why);

#endif
