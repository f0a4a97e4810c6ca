#include "common/code_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits. Codes come from the city's own folder, so nobody picks them to collide. */
static uint64_t hash(const char *code) {
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (; *code != '\0'; code++)
        value = (value ^ (unsigned char)*code) * UINT64_C(0x100000001b3);
    return value ^ value >> 32;
}

void code_index_open(struct code_index *index, size_t room) {
    size_t slots = 8;

    while (slots < room * 2 + 1)
        slots *= 2;
    index->slots = calloc(slots, sizeof *index->slots);
    assert(index->slots != NULL);
    index->mask = slots - 1;
    index->count = 0;
    index->room = room;
}

void code_index_close(struct code_index *index) {
    free(index->slots);
    index->slots = NULL;
}

/* Where the code is, or would be: more than half of the slots are free, so a free one ends the search. */
static struct code_slot *slot_of(const struct code_index *index, const char *code) {
    size_t at = hash(code) & index->mask;

    while (index->slots[at].code != NULL && strcmp(index->slots[at].code, code) != 0)
        at = (at + 1) & index->mask;
    return &index->slots[at];
}

bool code_index_add(struct code_index *index, const char *code, uint32_t number) {
    struct code_slot *slot = slot_of(index, code);

    if (slot->code != NULL)
        return false;
    assert(index->count < index->room);
    index->count++;
    *slot = (struct code_slot){code, number};
    return true;
}

uint32_t code_index_find(const struct code_index *index, const char *code) {
    const struct code_slot *slot = slot_of(index, code);

    return slot->code == NULL ? CODE_UNKNOWN : slot->number;
}

bool codes_hold(const char *codes, const char *code) {
    size_t size = strlen(code);

    while (*codes != '\0' && size > 0) {
        size_t word = strcspn(codes, " ");
        if (word == size && memcmp(codes, code, size) == 0)
            return true;
        codes += word + (codes[word] == ' ');
    }
    return false;
}
