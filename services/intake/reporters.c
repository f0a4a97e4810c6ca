#include "services/intake/reporters.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/case_map.h"

#define DAY_MS 86400000LL

struct reporter_known { /* somebody's index with one key, and who it is */
    uint8_t person[SECRET_INDEX_BYTES];
    uint64_t reporter;             /* 0: not found */
    int64_t erase_at;              /* unix ms; of what is put */
    bool is_new, is_put;           /* in this batch */
    struct reporter_known *next;   /* with the same first 8 bytes */
    struct reporter_known *older;  /* the same person's index with the next older key */
    struct reporter_known *listed; /* the next one that was put */
    struct reporter indexes;
    struct reporter_details details;
    char language[9], channel[CODE_MAX + 1];
};

struct reporters {
    struct secret_keys *keys;
    struct batch *batch;
    struct case_map known; /* first 8 bytes of an index → struct reporter_known */
    bool any;
    struct reporter_known *put;
    struct column find;
    struct column numbers, persons, phones, emails, accounts, key_ids, sealed, languages, channels, erase;
    struct column touched, touched_erase;
    struct bytes scratch;
};

#define COLUMNS(reporters) \
    { \
        &(reporters)->find, &(reporters)->numbers, &(reporters)->persons, &(reporters)->phones, &(reporters)->emails, \
            &(reporters)->accounts, &(reporters)->key_ids, &(reporters)->sealed, &(reporters)->languages, \
            &(reporters)->channels, &(reporters)->erase, &(reporters)->touched, &(reporters)->touched_erase \
    }
#define COLUMN_COUNT 13

struct reporters *reporters_open(struct secret_keys *take_keys) {
    struct reporters *reporters = calloc(1, sizeof *reporters);
    assert(reporters != NULL);
    reporters->keys = take_keys;
    return reporters;
}

void reporters_close(struct reporters **reporters) {
    if (*reporters == NULL)
        return;
    struct column *columns[COLUMN_COUNT] = COLUMNS(*reporters);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        column_close(columns[i]);
    bytes_close(&(*reporters)->scratch);
    secret_keys_close(&(*reporters)->keys);
    free(*reporters);
    *reporters = NULL;
}

const struct secret_keys *reporters_keys(const struct reporters *reporters) {
    return reporters->keys;
}

void reporters_begin(struct reporters *reporters, struct batch *batch) {
    struct column *columns[COLUMN_COUNT] = COLUMNS(reporters);
    struct reason why;
    reporters->batch = batch;
    reporters->any = false;
    reporters->put = NULL;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        column_reset(columns[i]);
    /* A bad file leaves the ring as it is; `zhitong keys secret` never leaves one. */
    if (reporters->keys != NULL)
        (void)!secret_keys_refresh(&reporters->keys, &why);
}

static struct reporter_known *known_at(struct reporters *reporters, const uint8_t *person) {
    uint64_t key;
    memcpy(&key, person, sizeof key);
    void **at = case_map_at(&reporters->known, key | 1);
    for (struct reporter_known *known = *at; known != NULL; known = known->next)
        if (memcmp(known->person, person, SECRET_INDEX_BYTES) == 0)
            return known;
    struct reporter_known *known = arena_take(reporters->batch->arena, sizeof *known);
    memset(known, 0, sizeof *known);
    memcpy(known->person, person, SECRET_INDEX_BYTES);
    known->next = *at;
    *at = known;
    column_uuid(&reporters->find, person);
    return known;
}

struct reporter_known *reporters_ask(struct reporters *reporters, const struct submit *submit, const char *client) {
    struct reporter_details details;
    struct reporter_known *newest = NULL, **older = &newest;
    if (reporters->keys == NULL || !reporter_is_named(submit))
        return NULL;
    size_t keys = secret_keys_count(reporters->keys);
    if (!reporters->any)
        reporters->known = case_map_open(reporters->batch->arena, keys * reporters->batch->count);
    reporters->any = true;
    reporter_details_of(submit, client, &details);
    for (size_t i = 0; i < keys; i++) {
        struct reporter indexes;
        reporter_index(reporters->keys, i, &details, &indexes);
        *older = known_at(reporters, indexes.person);
        if (i == 0) {
            newest->indexes = indexes;
            newest->details = details;
        }
        older = &(*older)->older;
    }
    return newest;
}

int reporters_find(struct reporters *reporters) {
    struct params params = {0};
    if (!reporters->any)
        return 0;
    params_column(&params, &reporters->find);
    if (db_send(reporters->batch->db, "intake_reporters", &params) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(reporters->batch->db);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        size_t size;
        known_at(reporters, db_bytea(result, row, 0, &size))->reporter = (uint64_t)db_int8(result, row, 1);
    }
    return 0;
}

/* The one that was found, with whichever key; else the newest, which is to be made. */
static struct reporter_known *resolve(struct reporter_known *known) {
    for (struct reporter_known *at = known; at != NULL; at = at->older)
        if (at->reporter != 0)
            return at;
    return known;
}

uint64_t reporters_put(struct reporters *reporters, struct reporter_known *known, uint64_t case_id,
                       const struct submit *submit) {
    if (known == NULL)
        return 0;
    known = resolve(known);
    const struct channel *channel = city_channel(reporters->batch->city, submit->channel);
    int64_t erase_at = reporters->batch->now + (channel != NULL ? channel->keep_days : 1) * DAY_MS;
    if (known->reporter == 0) {
        known->reporter = case_id;
        known->is_new = true;
        memcpy(known->language, submit->language, sizeof known->language);
        memcpy(known->channel, submit->channel, sizeof known->channel);
    }
    if (!known->is_put) {
        known->is_put = true;
        known->listed = reporters->put;
        reporters->put = known;
    }
    if (erase_at > known->erase_at)
        known->erase_at = erase_at;
    return known->reporter;
}

static void add_new(struct reporters *reporters, const struct reporter_known *known) {
    reporters->scratch.size = 0;
    reporter_seal(reporters->keys, known->reporter, &known->details, &reporters->scratch);
    column_int8(&reporters->numbers, (int64_t)known->reporter);
    column_uuid(&reporters->persons, known->indexes.person);
    column_uuid(&reporters->phones, known->indexes.phone);
    column_uuid(&reporters->emails, known->indexes.email);
    column_uuid(&reporters->accounts, known->indexes.account);
    column_int8(&reporters->key_ids, secret_keys_id(reporters->keys, 0));
    column_bytea(&reporters->sealed, reporters->scratch.data, reporters->scratch.size);
    column_text(&reporters->languages, known->language);
    column_text(&reporters->channels, known->channel);
    column_time(&reporters->erase, known->erase_at);
}

static int save_new(struct reporters *reporters) {
    struct params params = {0};
    struct column *columns[] = {&reporters->numbers,  &reporters->persons, &reporters->phones, &reporters->emails,
                                &reporters->accounts, &reporters->key_ids, &reporters->sealed, &reporters->languages,
                                &reporters->channels, &reporters->erase};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        params_column(&params, columns[i]);
    params_time(&params, reporters->batch->now);
    return db_send(reporters->batch->db, "intake_add_reporters", &params);
}

static int save_touched(struct reporters *reporters) {
    struct params params = {0};
    params_column(&params, &reporters->touched);
    params_column(&params, &reporters->touched_erase);
    params_time(&params, reporters->batch->now);
    return db_send(reporters->batch->db, "intake_touch_reporters", &params);
}

int reporters_save(struct reporters *reporters) {
    for (const struct reporter_known *known = reporters->put; known != NULL; known = known->listed) {
        if (known->is_new) {
            add_new(reporters, known);
            continue;
        }
        column_int8(&reporters->touched, (int64_t)known->reporter);
        column_time(&reporters->touched_erase, known->erase_at);
    }
    if (reporters->numbers.count > 0 && save_new(reporters) != 0)
        return -1;
    return reporters->touched.count > 0 ? save_touched(reporters) : 0;
}
