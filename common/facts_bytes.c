#include "common/facts_bytes.h"

#include <assert.h>
#include <string.h>

#include "common/city.h"
#include "proto/case_life.h"

/* Numbers stand in LEB128, seven bits a byte, the lowest first; codes as their length and their bytes. One walk over the fields
 * serves both directions: `number` writes what it is given, or gives what it reads. */
struct packing {
    bool reads, broken;
    uint8_t *out;
    const uint8_t *in, *end;
    struct code_book *book;             /* reads */
    const struct code_book *known_book; /* writes */
};

static uint64_t read_number(struct packing *packing) {
    uint64_t value = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        if (packing->in == packing->end)
            break;
        uint8_t byte = *packing->in++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    packing->broken = true;
    return 0;
}

static uint64_t number(struct packing *packing, uint64_t value) {
    if (packing->reads)
        return read_number(packing);
    for (; value > 0x7f; value >>= 7)
        *packing->out++ = (uint8_t)(value | 0x80);
    *packing->out++ = (uint8_t)value;
    return value;
}

static uint32_t read_code(struct packing *packing) {
    char code[CODE_MAX + 1];
    uint64_t size = read_number(packing);

    if (packing->broken || size > CODE_MAX || size > (uint64_t)(packing->end - packing->in)) {
        packing->broken = true;
        return 0;
    }
    memcpy(code, packing->in, size);
    code[size] = '\0';
    packing->in += size;
    return code_book_number(packing->book, code);
}

static uint32_t code(struct packing *packing, uint32_t known) {
    if (packing->reads)
        return read_code(packing);
    const char *text = code_book_code(packing->known_book, known);
    size_t size = strlen(text);
    number(packing, size);
    memcpy(packing->out, text, size);
    packing->out += size;
    return known;
}

static int8_t place(struct packing *packing, int8_t known) {
    return (int8_t)((int)(number(packing, (uint64_t)(known + 1)) & 0x7f) - 1);
}

static void pack_place(struct packing *packing, struct place *at) {
    at->unit = code(packing, at->unit);
    at->tier = (uint8_t)number(packing, at->tier);
    for (int i = 0; i < TALLY_COUNT; i++) {
        at->of[i] = (uint8_t)number(packing, at->of[i]);
        at->hit[i] = (uint8_t)number(packing, at->hit[i]);
    }
}

#define FLAGS(FLAG) \
    FLAG(headless) \
    FLAG(arrived) \
    FLAG(started) \
    FLAG(late) \
    FLAG(claimed) \
    FLAG(claim_in_time) \
    FLAG(evidence) \
    FLAG(concluded) \
    FLAG(called) \
    FLAG(merged) \
    FLAG(redone) \
    FLAG(redo_awaited)

static void pack_flags(struct packing *packing, struct case_facts *facts) {
    uint64_t flags = 0;
    int bit = 0;

#define FLAG(name) flags |= (uint64_t)facts->name << bit++;
    FLAGS(FLAG)
#undef FLAG
    flags = number(packing, flags);
    bit = 0;
#define FLAG(name) facts->name = (flags >> bit++ & 1) != 0;
    FLAGS(FLAG)
#undef FLAG
}

static void pack(struct packing *packing, struct case_facts *facts) {
    facts->version = number(packing, facts->version);
    facts->opened_at = (int64_t)number(packing, (uint64_t)facts->opened_at);
    facts->closed_at = (int64_t)number(packing, (uint64_t)facts->closed_at);
    facts->held_at = (int64_t)number(packing, (uint64_t)facts->held_at);
    for (int i = 0; i < PROMISE_COUNT; i++) {
        facts->promises[i].by = (int64_t)number(packing, (uint64_t)facts->promises[i].by);
        facts->promises[i].passed = number(packing, facts->promises[i].passed) != 0;
    }
    facts->channel = code(packing, facts->channel);
    facts->item = code(packing, facts->item);
    facts->source = code(packing, facts->source);
    facts->uncharged = (uint32_t)number(packing, facts->uncharged);
    facts->state = (uint8_t)number(packing, facts->state);
    facts->taken = (uint8_t)number(packing, facts->taken);
    facts->outcome = (uint8_t)number(packing, facts->outcome);
    facts->rating = (uint8_t)number(packing, facts->rating);
    facts->warned = (uint8_t)number(packing, facts->warned);
    facts->attempts = (uint8_t)number(packing, facts->attempts);
    facts->quality = (uint8_t)number(packing, facts->quality);
    pack_flags(packing, facts);
    int8_t *const marks[] = {&facts->first,    &facts->holder, &facts->taker,
                             &facts->claimant, &facts->redoer, &facts->lower};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        *marks[i] = place(packing, *marks[i]);
    facts->place_count = (uint8_t)number(packing, facts->place_count);
    for (int i = 0; i < facts->place_count && i < PLACES_MAX && !packing->broken; i++)
        pack_place(packing, &facts->places[i]);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        packing->broken |= *marks[i] >= facts->place_count;
    packing->broken |= facts->place_count > PLACES_MAX || facts->state >= CASE_STATE_COUNT ||
                       facts->outcome > OUTCOME_solved || facts->rating > RATING_MAX || facts->quality > QUALITY_MAX;
}

size_t facts_pack(const struct case_facts *facts, const struct code_book *book, uint8_t bytes[FACTS_BYTES_MAX]) {
    struct case_facts copy = *facts;
    struct packing packing = {.out = bytes, .known_book = book};

    pack(&packing, &copy);
    assert(packing.out <= bytes + FACTS_BYTES_MAX);
    return (size_t)(packing.out - bytes);
}

int facts_unpack(struct case_facts *facts, struct code_book *book, const uint8_t *bytes, size_t size,
                 struct reason *why) {
    struct case_facts read = {0};
    struct packing packing = {.reads = true, .in = bytes, .end = bytes + size, .book = book};

    pack(&packing, &read);
    if (packing.broken || packing.in != packing.end)
        return refuse(why, "facts",
                      "kept facts cannot be read; empty the table measures.case_facts and "
                      "measures.cursor, and they are folded anew");
    *facts = read;
    return 0;
}
