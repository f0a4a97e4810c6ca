/* Chance, the trace, and what happens when something is broken. */
#include "tests/simulation/world.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world world;

const char *const happening_names[HAPPENED_COUNT] = {"steps",
                                                     "crashes",
                                                     "stops",
                                                     "stalls",
                                                     "zombies",
                                                     "breaks",
                                                     "held",
                                                     "packets",
                                                     "dropped",
                                                     "doubled",
                                                     "overtaken",
                                                     "cut before commit",
                                                     "cut after commit",
                                                     "blackouts",
                                                     "jumps",
                                                     "reports",
                                                     "retries",
                                                     "cases",
                                                     "moves asked",
                                                     "moves done",
                                                     "moves refused",
                                                     "logged",
                                                     "escalated",
                                                     "merged",
                                                     "entries",
                                                     "checks"};

/* splitmix64: small, and the same everywhere. */
static uint64_t mix(uint64_t number) {
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

uint64_t chance(void) {
    return mix(world.random += 0x9e3779b97f4a7c15u);
}

uint32_t chance_below(uint32_t limit) {
    return (uint32_t)((chance() >> 32) * limit >> 32);
}

bool chance_one_in(uint32_t times) {
    return !world.calm && chance_below(times) == 0;
}

int64_t chance_between(int64_t least, int64_t most) {
    return least + chance_below((uint32_t)(most - least + 1));
}

const char *chance_of(const char *const *names, size_t count) {
    return names[chance_below((uint32_t)count)];
}

void trace_bytes(const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        world.hash = (world.hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
}

void trace(const char *format, ...) {
    char line[600];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    trace_bytes(&world.now_ms, sizeof world.now_ms);
    trace_bytes(line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
    if (world.traced)
        printf("%8lld %016llx %s%s%s\n", (long long)world.now_ms, (unsigned long long)world.hash,
               world.current ? world.current->service->name : "", world.current ? ": " : "", line);
}

void broken(const char *what, const char *format, ...) {
    char text[2000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf(
        "broken %s: %s\n  seed %llu, step %lld, %lld ms, hash %016llx; see it again: zt-simulate --seed %llu --trace\n",
        what, text, (unsigned long long)world.seed, world.happened[HAPPENED_steps], (long long)world.now_ms,
        (unsigned long long)world.hash, (unsigned long long)world.seed);
    fflush(stdout);
    _Exit(1);
}

/* ---- libsodium's random numbers, from the seed too -------------------------------------------------------------------------- */

static const char *random_name(void) {
    return "seed";
}
static uint32_t random_number(void) {
    return (uint32_t)chance();
}
static void random_fill(void *const data, const size_t size) {
    uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)chance();
}

void world_begin(uint64_t seed) {
    static struct randombytes_implementation from_seed = {
        .implementation_name = random_name, .random = random_number, .buf = random_fill};
    bool traced = world.traced;
    randombytes_set_implementation(&from_seed);
    if (sodium_init() < 0) /* the first time it takes some numbers for itself: before they count */
        broken("setup", "libsodium does not start");
    memset(&world, 0, sizeof world);
    world.traced = traced;
    world.seed = seed;
    world.random = mix(seed + 1); /* the numbers of neighbours must not be each other's, shifted */
    world.hash = 0xcbf29ce484222325u;
    world.now_ms = 1000000; /* monotonic time is never 0 in practice, and 0 means "not yet" in places */
    world.city_since = world.now_ms;
    world.city_at = INT64_C(1778461200000) +
                    (int64_t)chance_below(7 * 86400) * 1000; /* some time in a week of May 2026 */
    world.city_speed = 1;
}
