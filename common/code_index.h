/* From a code to its number: a hash table for texts that live elsewhere. Built once, then read by any thread. */
#ifndef ZHITONG_CODE_INDEX_H
#define ZHITONG_CODE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_UNKNOWN UINT32_MAX

struct code_slot {
    const char *code; /* NULL: free */
    uint32_t number;
};

struct code_index {
    struct code_slot *slots;
    size_t mask; /* slots - 1, a power of two less one */
    size_t count, room;
};

void code_index_open(struct code_index *index, size_t room); /* memory failure aborts */
void code_index_close(struct code_index *index);
/* False when the code is there already: its first number stays. `code` is borrowed; at most `room` codes go in. */
bool code_index_add(struct code_index *index, const char *code, uint32_t number);
uint32_t code_index_find(const struct code_index *index, const char *code); /* CODE_UNKNOWN when it is not there */

/* Whether a code is one of those in a text, separated by spaces; the empty code never is. */
bool codes_hold(const char *codes, const char *code);

#endif
