#include "services/intake/handlers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/case_map.h"
#include "common/metrics.h"
#include "common/receipt.h"
#include "services/intake/door.h"
#include "services/intake/duplicates.h"
#include "services/intake/report.h"
#include "services/intake/report_files.h"
#include "services/intake/report_source.h"
#include "services/intake/reporters.h"

enum { CASES, TIMES, DIGESTS, SHARDS, BODIES, PARENTS, PLACES, REPORTERS, REPORT_COLUMNS };

struct intake_lane {
    struct column find;
    struct column saved[REPORT_COLUMNS]; /* of intake_save, in its order */
    struct duplicates *duplicates;
    struct report_files files;
    struct bytes scratch;
    struct report_received received;
    struct reporters *reporters;
    struct case_map known; /* first 8 bytes of a digest → struct known */
};

struct asked { /* a decoded request */
    struct submit submit;
    uint8_t digest[REPORT_DIGEST_BYTES];
    struct known *known;
    struct door_found found;
    const struct reason *refused; /* NULL: it can be taken */
    struct reporter_known *from;  /* NULL: anonymous */
    struct seeker *seeker;        /* for older reports of the same matter */
};

struct known { /* a digest and the case it got, before or in this batch */
    uint8_t digest[REPORT_DIGEST_BYTES];
    uint64_t case_id;   /* 0: none yet */
    struct known *next; /* the same first 8 bytes */
};

void *intake_lane_open(const struct settings *settings) {
    struct intake_lane *lane = calloc(1, sizeof *lane);
    struct secret_keys *keys = NULL;
    struct reason why;
    assert(lane != NULL);
    /* A bad keyring is refused by intake_open, which comes after this. */
    (void)!secret_keys_of_settings(&keys, settings, &why);
    lane->reporters = reporters_open(keys);
    lane->duplicates = duplicates_open();
    return lane;
}

void intake_lane_close(void *own) {
    struct intake_lane *lane = own;
    column_close(&lane->find);
    for (int i = 0; i < REPORT_COLUMNS; i++)
        column_close(&lane->saved[i]);
    duplicates_close(&lane->duplicates);
    report_files_close(&lane->files);
    reporters_close(&lane->reporters);
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

/* Before it is compared with others: the door sets area and position right. */
static void look(struct batch *batch, const struct input *input, struct asked *asked) {
    const struct door_ask ask = {.city = batch->city, .now = batch->now, .asks = door_asks(batch->city, input->client)};
    struct reason why;
    asked->refused = NULL;
    asked->found = (struct door_found){0};
    if (report_source_check(batch->city, input->client, &asked->submit, &why) == 0 &&
        report_check(batch->city, &asked->submit, &why) == 0 &&
        door_look(&ask, &asked->submit, &asked->found, &why) == 0)
        return;
    struct reason *kept = arena_take(batch->arena, sizeof *kept);
    *kept = why;
    asked->refused = kept;
}

static void decode(struct batch *batch, struct input *input) {
    struct intake_lane *lane = batch->own;
    struct asked *asked = arena_take(batch->arena, sizeof *asked);
    struct reason why;
    if (message_decode(MESSAGE_submit, input->body, input->size, &asked->submit, &why) != 0) {
        batch_reject(input, &why);
        return;
    }
    batch_about(input, 0, asked->submit.traceparent);
    memcpy(asked->submit.traceparent, input->traceparent, sizeof asked->submit.traceparent);
    report_digest(input->client, asked->submit.key, asked->digest);
    asked->known = known_at(batch, asked->digest);
    look(batch, input, asked);
    if (asked->refused == NULL) {
        asked->from = reporters_ask(lane->reporters, &asked->submit, input->client);
        report_received_of(&asked->submit, &lane->received);
        asked->seeker = duplicates_seek(lane->duplicates, batch, &lane->received);
    }
    column_uuid(&lane->find, asked->digest);
    report_files_ask(&lane->files, asked->submit.files);
    input->decoded = asked;
}

int intake_load(struct batch *batch) {
    struct intake_lane *lane = batch->own;
    column_reset(&lane->find);
    for (int i = 0; i < REPORT_COLUMNS; i++)
        column_reset(&lane->saved[i]);
    report_files_begin(&lane->files);
    lane->known = case_map_open(batch->arena, batch->count);
    reporters_begin(lane->reporters, batch);
    duplicates_begin(lane->duplicates, batch);
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
    if (report_files_load(&lane->files, batch->db) != 0 || reporters_find(lane->reporters) != 0)
        return -1;
    return duplicates_load(lane->duplicates, batch);
}

static void keep_report(struct batch *batch, const struct asked *asked, uint64_t case_id) {
    struct intake_lane *lane = batch->own;
    const struct link_wish wish = {asked->submit.same_as, asked->submit.distinct};
    lane->received.case_id = case_id;
    lane->received.at = batch->now;
    report_received_of(&asked->submit, &lane->received);
    lane->received.score = asked->found.score;
    strcpy(lane->received.missing, asked->found.missing);
    lane->received.reporter = reporters_put(lane->reporters, asked->from, case_id, &asked->submit);
    int64_t place = duplicates_decide(lane->duplicates, batch, asked->seeker, &wish, &lane->received);
    batch_emit(batch, case_id, MESSAGE_report_received, &lane->received);
    lane->scratch.size = 0;
    size_t size = message_encode(MESSAGE_report_received, &lane->received, &lane->scratch);
    column_int8(&lane->saved[CASES], (int64_t)case_id);
    column_time(&lane->saved[TIMES], batch->now);
    column_uuid(&lane->saved[DIGESTS], asked->digest);
    column_int2(&lane->saved[SHARDS], (int16_t)case_shard(case_id));
    column_bytea(&lane->saved[BODIES], lane->scratch.data, size);
    column_int8(&lane->saved[PARENTS], (int64_t)lane->received.parent);
    column_int8(&lane->saved[PLACES], place);
    column_int8(&lane->saved[REPORTERS], (int64_t)lane->received.reporter);
    report_files_keep(&lane->files, asked->submit.files, case_id);
}

void intake_on_submit(struct batch *batch, struct input *input) {
    struct asked *asked = input->decoded;
    const struct secret_keys *keys = reporters_keys(((struct intake_lane *)batch->own)->reporters);
    struct accepted accepted = {.case_id = asked->known->case_id, .repeated = asked->known->case_id != 0};
    memcpy(accepted.key, asked->submit.key, sizeof accepted.key);
    if (accepted.case_id == 0) {
        struct reason why;
        const struct report_files *files = &((struct intake_lane *)batch->own)->files;
        if (asked->refused != NULL) {
            metric_add(METRIC_reports_refused_total, 1);
            batch_reject(input, asked->refused);
            return;
        }
        if (report_files_check(files, asked->submit.files, &why) != 0 ||
            reporter_check(&asked->submit, keys != NULL, &why) != 0) {
            metric_add(METRIC_reports_refused_total, 1);
            batch_reject(input, &why);
            return;
        }
        accepted.case_id = case_id_of(batch->incarnation, input->shard, batch_next_seq(batch, input->shard));
        asked->known->case_id = accepted.case_id;
        report_source_note(batch->city, input->client, &((struct intake_lane *)batch->own)->received);
        keep_report(batch, asked, accepted.case_id);
        accepted.parent = ((struct intake_lane *)batch->own)->received.parent;
    }
    input->case_id = accepted.case_id;
    /* A retry brings the same report, and so the door finds the same. */
    accepted.score = asked->found.score;
    strcpy(accepted.missing, asked->found.missing);
    if (keys != NULL && report_tells_receipt(input->client, &asked->submit, accepted.repeated))
        receipt_print(keys, accepted.case_id, accepted.receipt);
    batch_reply(input, MESSAGE_accepted, &accepted);
}

int intake_save(struct batch *batch) {
    struct intake_lane *lane = batch->own;
    if (duplicates_save(lane->duplicates, batch) != 0)
        return -1;
    if (lane->saved[CASES].count == 0)
        return 0;
    struct params params = {0};
    for (int i = 0; i < REPORT_COLUMNS; i++)
        params_column(&params, &lane->saved[i]);
    if (reporters_save(lane->reporters) != 0 || db_send(batch->db, "intake_save", &params) != 0)
        return -1;
    return report_files_save(&lane->files, batch->db);
}

int intake_tick(struct batch *batch) {
    return duplicates_tick(((struct intake_lane *)batch->own)->duplicates, batch);
}

uint16_t intake_submit_shard(const void *request, const char **key) {
    *key = ((const struct submit *)request)->key;
    return SHARD_ANY;
}
