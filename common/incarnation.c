#include "common/incarnation.h"

#include <stdatomic.h>

#define NOT_KNOWN UINT64_MAX

static _Atomic uint64_t known = NOT_KNOWN;

bool incarnation_set(uint64_t incarnation) {
    uint64_t before = NOT_KNOWN;
    return atomic_compare_exchange_strong(&known, &before, incarnation) || before == incarnation;
}

uint64_t incarnation_now(void) {
    uint64_t now = atomic_load(&known);
    return now == NOT_KNOWN ? 0 : now;
}
