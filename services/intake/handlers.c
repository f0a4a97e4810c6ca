#include "services/intake/handlers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/case_map.h"
#include "services/intake/report.h"
#include "services/intake/report_files.h"
#include "services/intake/report_source.h"

struct intake_lane {
    struct column find;
    struct column cases, times, digests, shards, bodies; /* of intake_save */
    struct report_files files;
    struct bytes scratch;
    struct report_received received;
    struct case_map known; /* first 8 bytes of a digest → struct known */
};

struct asked { /* a decoded request */
    struct submit submit;
    uint8_t digest[REPORT_DIGEST_BYTES];
    struct known *known;
};

struct known { /* a digest and the case it got, before or in this batch */
    uint8_t digest[REPORT_DIGEST_BYTES];
    uint64_t case_id;   /* 0: none yet */
    struct known *next; /* the same first 8 bytes */
};

void *intake_lane_open(const struct settings *settings) {
    (void)settings;
    struct intake_lane *lane = calloc(1, sizeof *lane);
    assert(lane != NULL);
    return lane;
}

void intake_lane_close(void *own) {
    struct intake_lane *lane = own;
    column_close(&lane->find);
    column_close(&lane->cases);
    column_close(&lane->times);
    column_close(&lane->digests);
    column_close(&lane->shards);
    column_close(&lane->bodies);
    report_files_close(&lane->files);
    bytes_close(&lane->scratch);
    free(lane);
}

static struct known *known_at(struct batch *batch, const uint8_t *digest) {
    struct intake_lane *lane = batch->own;
    uint64_t key;
    memcpy(&key, digest, sizeof key);
    void **at = case_map_at(&lane->known, key | 1);
    for (struct known *known = *at; known != NULL; known = known->next)
        if (memcmp(known->digest, digest, REPORT_DIGEST_BYTES) == 0)
            return known;
    struct known *known = arena_take(batch->arena, sizeof *known);
    memcpy(known->digest, digest, REPORT_DIGEST_BYTES);
    known->case_id = 0;
    known->next = *at;
    *at = known;
    return known;
}

static void decode(struct batch *batch, struct input *input) {
    struct intake_lane *lane = batch->own;
    struct asked *asked = arena_take(batch->arena, sizeof *asked);
    struct reason why;
    if (message_decode(MESSAGE_submit, input->body, input->size, &asked->submit, &why) != 0) {
        batch_reject(input, &why);
        return;
    }
    report_digest(input->client, asked->submit.key, asked->digest);
    asked->known = known_at(batch, asked->digest);
    column_uuid(&lane->find, asked->digest);
    report_files_ask(&lane->files, asked->submit.files);
    input->decoded = asked;
}

int intake_load(struct batch *batch) {
    struct intake_lane *lane = batch->own;
    struct column *columns[] = {&lane->find, &lane->cases, &lane->times, &lane->digests, &lane->shards, &lane->bodies};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        column_reset(columns[i]);
    report_files_begin(&lane->files);
    lane->known = case_map_open(batch->arena, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->inputs[i]->outcome == OUTCOME_PENDING)
            decode(batch, batch->inputs[i]);
    if (lane->find.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &lane->find);
    if (db_send(batch->db, "intake_find", &params) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(batch->db);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        size_t size;
        struct known *known = known_at(batch, db_bytea(result, row, 0, &size));
        known->case_id = (uint64_t)db_int8(result, row, 1);
    }
    return report_files_load(&lane->files, batch->db);
}

static void keep_report(struct batch *batch, const struct asked *asked, uint64_t case_id) {
    struct intake_lane *lane = batch->own;
    lane->received.case_id = case_id;
    lane->received.at = batch->now;
    report_received_of(&asked->submit, &lane->received);
    batch_emit(batch, case_id, MESSAGE_report_received, &lane->received);
    lane->scratch.size = 0;
    size_t size = message_encode(MESSAGE_report_received, &lane->received, &lane->scratch);
    column_int8(&lane->cases, (int64_t)case_id);
    column_time(&lane->times, batch->now);
    column_uuid(&lane->digests, asked->digest);
    column_int2(&lane->shards, (int16_t)case_shard(case_id));
    column_bytea(&lane->bodies, lane->scratch.data, size);
    report_files_keep(&lane->files, asked->submit.files, case_id);
}

void intake_on_submit(struct batch *batch, struct input *input) {
    struct asked *asked = input->decoded;
    struct accepted accepted = {.case_id = asked->known->case_id, .repeated = asked->known->case_id != 0};
    memcpy(accepted.key, asked->submit.key, sizeof accepted.key);
    if (accepted.case_id == 0) {
        struct reason why;
        const struct report_files *files = &((struct intake_lane *)batch->own)->files;
        if (report_source_check(batch->city, input->client, &asked->submit, &why) != 0 ||
            report_check(batch->city, &asked->submit, &why) != 0 ||
            report_files_check(files, asked->submit.files, &why) != 0) {
            batch_reject(input, &why);
            return;
        }
        accepted.case_id = case_id_of(input->shard, batch_next_seq(batch, input->shard));
        asked->known->case_id = accepted.case_id;
        keep_report(batch, asked, accepted.case_id);
    }
    batch_reply(input, MESSAGE_accepted, &accepted);
}

int intake_save(struct batch *batch) {
    struct intake_lane *lane = batch->own;
    if (lane->cases.count == 0)
        return 0;
    struct params params = {0};
    params_column(&params, &lane->cases);
    params_column(&params, &lane->times);
    params_column(&params, &lane->digests);
    params_column(&params, &lane->shards);
    params_column(&params, &lane->bodies);
    if (db_send(batch->db, "intake_save", &params) != 0)
        return -1;
    return report_files_save(&lane->files, batch->db);
}

uint16_t intake_submit_shard(const void *request, const char **key) {
    *key = ((const struct submit *)request)->key;
    return SHARD_ANY;
}
