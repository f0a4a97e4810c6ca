#include "common/moved_facts.h"

#include <string.h>

#include "proto/cursor.h"
#include "proto/guard.h"

enum fact { FACT_NUMBER, FACT_TEXT };

static const struct fact_spec {
    const char *key;
    size_t key_size, offset, room; /* room: bytes of a text with its NUL */
    enum fact kind;
} specs[] = {
/* The first NAMES_COUNT of them are FACTS_NAMES. */
#define NUMBER_FACT(key, member) \
    { key, sizeof(key) - 1, offsetof(struct moved_facts, member), 8, FACT_NUMBER }
#define TEXT_FACT(member) \
    { \
#        member, sizeof(#        member) - 1, offsetof(struct moved_facts, member), \
            sizeof(((struct moved_facts *)0)->member), FACT_TEXT \
    }
    NUMBER_FACT("case", case_id),
    NUMBER_FACT("version", version),
    NUMBER_FACT("at", at),
    TEXT_FACT(move),
    TEXT_FACT(state),
    NUMBER_FACT("tier", tier),
    TEXT_FACT(severity),
    TEXT_FACT(channel),
    TEXT_FACT(item),
    TEXT_FACT(area)};

#define NAMES_COUNT 4
#define SPEC_COUNT (sizeof specs / sizeof specs[0])
#define TYPE_NAME "case_moved"

static bool is_text(const struct token *token, const char *text, size_t size) {
    return token->kind == TOKEN_TEXT && token->size == size && memcmp(token->bytes, text, size) == 0;
}

static const struct fact_spec *spec_named(const struct token *key) {
    for (size_t i = 0; i < SPEC_COUNT; i++)
        if (is_text(key, specs[i].key, specs[i].key_size))
            return &specs[i];
    return NULL;
}

static int take_fact(const struct fact_spec *spec, const struct token *value, struct moved_facts *facts) {
    char *at = (char *)facts + spec->offset;
    if (spec->kind == FACT_NUMBER) {
        if (value->kind != TOKEN_UNSIGNED && value->kind != TOKEN_NEGATIVE)
            return -1;
        memcpy(at, &value->number, sizeof value->number); /* a negative one lies in the same place */
        return 0;
    }
    if (value->kind != TOKEN_TEXT || value->size == 0 || value->size >= spec->room)
        return -1;
    memcpy(at, value->bytes, value->size);
    at[value->size] = '\0';
    return 0;
}

/* Moves past one whole object. */
static int skip_object(struct cursor *cursor) {
    size_t size = guard_object_size(cursor->at, (size_t)(cursor->end - cursor->at));
    cursor->at += size;
    return size == 0 ? -1 : 0;
}

/* It is one of the last fields: looked for as the bytes that a text of this length begins with, which stand in no text of
 * UTF-8, because its first two bytes do not follow each other there. */
static void read_traceparent(const uint8_t *data, size_t size, struct moved_facts *facts) {
    static const uint8_t before[] = "\xabtraceparent\xd9\x37";
    const size_t before_size = sizeof before - 1;
    const uint8_t *at = memmem(data, size, before, before_size);
    facts->traceparent[0] = '\0';
    if (at == NULL || size - (size_t)(at - data) < before_size + TRACEPARENT_SIZE)
        return;
    memcpy(facts->traceparent, at + before_size, TRACEPARENT_SIZE);
    facts->traceparent[TRACEPARENT_SIZE] = '\0';
    traceparent_copy(facts->traceparent, facts->traceparent);
}

int moved_facts_read(const uint8_t *data, size_t size, enum facts_wanted wanted, struct moved_facts *facts) {
    struct cursor cursor = {data, data + size};
    struct token map = cursor_next(&cursor), key = cursor_next(&cursor), type = cursor_next(&cursor);
    size_t left = wanted == FACTS_NAMES ? NAMES_COUNT : SPEC_COUNT;
    unsigned have = 0;
    if (map.kind != TOKEN_MAP || !is_text(&key, "t", 1) || !is_text(&type, TYPE_NAME, sizeof TYPE_NAME - 1))
        return -1;
    if (wanted == FACTS_ALL)
        *facts = (struct moved_facts){0};
    for (uint32_t i = 1; i < map.size && left > 0; i++) {
        key = cursor_next(&cursor);
        const struct fact_spec *spec = key.kind == TOKEN_TEXT ? spec_named(&key) : NULL;
        if (spec == NULL) {
            if (key.kind != TOKEN_TEXT || skip_object(&cursor) != 0)
                return -1;
            continue;
        }
        unsigned bit = 1u << (spec - specs);
        struct token value = cursor_next(&cursor);
        if ((have & bit) != 0 || take_fact(spec, &value, facts) != 0)
            return -1;
        have |= bit;
        left -= wanted == FACTS_ALL || spec - specs < NAMES_COUNT;
    }
    if (left > 0)
        return -1;
    read_traceparent(data, size, facts);
    return 0;
}

void moved_facts_of(const struct case_moved *moved, struct moved_facts *facts) {
    *facts = (struct moved_facts){
        .case_id = moved->case_id, .version = moved->version, .tier = moved->tier, .at = moved->at};
    memcpy(facts->move, moved->move, sizeof facts->move);
    memcpy(facts->state, moved->state, sizeof facts->state);
    memcpy(facts->severity, moved->severity, sizeof facts->severity);
    memcpy(facts->channel, moved->channel, sizeof facts->channel);
    memcpy(facts->item, moved->item, sizeof facts->item);
    memcpy(facts->area, moved->area, sizeof facts->area);
    traceparent_copy(facts->traceparent, moved->traceparent);
}
