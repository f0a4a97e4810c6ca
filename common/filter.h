/* Which entries somebody wants: a text of terms apart by a blank, each FIELD=CODE[,CODE…] (one of them) or FIELD!=CODE[,CODE…]
 * (none of them). Every term must hold; no term: everything is wanted. Pure.
 *
 * Fields: area and item (with all that lies below), channel, severity, kind (the move), tier, state. */
#ifndef ZHITONG_FILTER_H
#define ZHITONG_FILTER_H

#include "common/moved_facts.h"

#define FILTER_TEXT_MAX 480
#define FILTER_TERMS_MAX 16

struct filter_term {
    uint16_t codes; /* offset of the first in filter.codes */
    uint16_t count;
    uint8_t field;
    bool none; /* !=: none of the codes */
};

struct filter {                      /* a value without pointers */
    char codes[FILTER_TEXT_MAX + 1]; /* each ended by a NUL */
    struct filter_term terms[FILTER_TERMS_MAX];
    int count; /* 0: everything is wanted */
};

/* Refuses (field "filter") what is no filter, and codes that there are not: of the city where it is not NULL. */
MUST_CHECK int filter_parse(struct filter *filter, const char *text, const struct city *city, struct reason *why);

/* Whether it is wanted. A code that the city has no more matches only itself; so does every code without a city (NULL). */
bool filter_match_facts(const struct filter *filter, const struct city *city, const struct moved_facts *facts);
bool filter_match(const struct filter *filter, const struct city *city, const struct case_moved *moved);

#endif
