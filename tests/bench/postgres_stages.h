/* What each service writes for a batch of new cases, without the service: its own queries with the same columns, bodies of
 * the same size, one transaction a batch. */
#ifndef ZHITONG_POSTGRES_STAGES_H
#define ZHITONG_POSTGRES_STAGES_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/chain.h"
#include "common/db.h"
#include "common/ids.h"
#include "proto/codec.h"

extern const struct db_query common_queries[], log_queries[], intake_queries[], routing_queries[], escalation_queries[],
    notification_queries[];

#define STAGE_COLUMNS 22
#define UNITS 8
#define CENTRES 2
#define DUE_AFTER_MS (90 * INT64_C(86400000))

struct rows { /* one batch of cases: batch b lies in shard b mod 128 */
    uint16_t shard;
    int64_t first_seq; /* in its shard's logs */
    int count;
    int64_t now;
};

struct stage {
    const char *service;
    const struct db_query *queries;
    bool follows, keeps_log; /* an upstream's log; a log of its own */
    int (*save)(struct stage *stage, const struct rows *rows);
    struct db *db;
    struct column columns[STAGE_COLUMNS], log[6], fence[8];
    struct bytes body, kept;
    struct report_received received;
    struct case_moved moved;
};

static uint64_t case_of(const struct rows *rows, int i) {
    return case_id_of(0, rows->shard, (uint64_t)(rows->first_seq + i));
}

static void fill_stage(struct stage *stage) {
    struct report_received *received = &stage->received;
    struct case_moved *moved = &stage->moved;
    strcpy(received->channel, "hotline");
    strcpy(received->item, "item_01");
    strcpy(received->area, "town_01");
    strcpy(received->address, "28 Songshan Road, opposite the north gate of the market");
    received->lat = 33.5321;
    received->lon = 114.0321;
    strcpy(received->title, "Street light has been out for three nights");
    strcpy(
        received->description,
        "The lamp in front of the school entrance does not come on. Children walk home here in the dark; last night a "
        "cyclist fell over the open kerb. Please mend it and tell us by when.");
    strcpy(received->source_id, "B-123456");
    moved->version = 1;
    strcpy(moved->move, "open");
    strcpy(moved->from, "none");
    strcpy(moved->state, "dispatched");
    moved->tier = 2;
    strcpy(moved->severity, "yellow");
    strcpy(moved->actor, "channel hotline");
    strcpy(moved->channel, received->channel);
    strcpy(moved->item, received->item);
    strcpy(moved->area, received->area);
    strcpy(moved->address, received->address);
    moved->lat = received->lat;
    moved->lon = received->lon;
    strcpy(moved->title, received->title);
    strcpy(moved->description, received->description);
}

/* Encodes the entry of case i, as intake or routing would. */
static void encode(struct stage *stage, const struct rows *rows, int i, enum message type) {
    stage->body.size = 0;
    stage->received.case_id = stage->moved.case_id = case_of(rows, i);
    stage->received.at = stage->moved.at = rows->now;
    stage->moved.due_at = rows->now + DUE_AFTER_MS;
    stage->moved.next_at = rows->now + DUE_AFTER_MS / 6;
    stage->moved.sign_by = rows->now + DUE_AFTER_MS / 3;
    stage->moved.contact_by = rows->now + DUE_AFTER_MS * 4 / 9;
    stage->moved.policy = 1;
    snprintf(stage->moved.unit, sizeof stage->moved.unit, "unit_%d", i * UNITS / rows->count + 1);
    message_encode(type, type == MESSAGE_report_received ? (void *)&stage->received : (void *)&stage->moved,
                   &stage->body);
}

static int send_columns(struct stage *stage, const char *query, struct column *columns, int count) {
    struct params params = {0};
    for (int i = 0; i < count; i++)
        params_column(&params, &columns[i]);
    return db_send(stage->db, query, &params);
}

static int send_and_take(struct stage *stage, const char *query, struct column *columns, int count) {
    if (send_columns(stage, query, columns, count) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_take(stage->db);
    return result == NULL ? -1 : 0;
}

static void add_log(struct stage *stage, const struct rows *rows, int i, enum message type) {
    column_int2(&stage->log[0], (int16_t)rows->shard);
    column_int8(&stage->log[1], rows->first_seq + i);
    column_int8(&stage->log[2], (int64_t)case_of(rows, i));
    column_int2(&stage->log[3], (int16_t)type);
    column_time(&stage->log[4], rows->now);
    column_bytea(&stage->log[5], stage->body.data, stage->body.size);
}

/* ---- the services ------------------------------------------------------------------------------------------------------- */

static inline int save_intake(struct stage *stage, const struct rows *rows) {
    struct column *digests = &stage->columns[8];
    for (int i = 0; i < rows->count; i++) {
        uint64_t digest[2] = {case_of(rows, i) * UINT64_C(0x9e3779b97f4a7c15),
                              case_of(rows, i)}; /* spread, as hashes are */
        encode(stage, rows, i, MESSAGE_report_received);
        add_log(stage, rows, i, MESSAGE_report_received);
        column_uuid(digests, (const uint8_t *)digest);
        column_int8(&stage->columns[0], (int64_t)case_of(rows, i));
        column_time(&stage->columns[1], rows->now);
        column_uuid(&stage->columns[2], (const uint8_t *)digest);
        column_int2(&stage->columns[3], (int16_t)rows->shard);
        column_bytea(&stage->columns[4], stage->body.data, stage->body.size);
        column_int8(&stage->columns[5], 0);
        column_int8(&stage->columns[6], (int64_t)digest[0]); /* a place of its own */
        column_int8(&stage->columns[7], 0);
    }
    if (send_and_take(stage, "intake_find", digests, 1) != 0)
        return -1;
    return send_columns(stage, "intake_save", stage->columns, 8);
}

/* What a case of the bench's city keeps: the three clocks that run when it opens. */
static void keep_clocks(struct stage *stage, const struct rows *rows) {
    struct case_kept kept = {.dispatched_at = rows->now};
    snprintf(
        kept.clocks, sizeof kept.clocks,
        "sign %lld 30 3 0 0 2592000000 0 0 1;contact %lld 40 3 0 0 3456000000 0 0 1;resolve %lld 90 3 0 0 7776000000 0 0 1;",
        (long long)rows->now, (long long)rows->now, (long long)rows->now);
    stage->kept.size = 0;
    message_encode(MESSAGE_case_kept, &kept, &stage->kept);
}

/* A row of case_file for the case whose opening move was encoded last. */
static void add_case_columns(struct stage *stage, uint64_t case_id, int64_t now) {
    struct column *columns = stage->columns;
    uint8_t chain[CHAIN_SIZE];
    chain_hash(stage->body.data, stage->body.size, chain);
    column_int8(&columns[0], (int64_t)case_id);
    column_time(&columns[1], stage->moved.due_at);
    column_time(&columns[2], stage->moved.next_at);
    column_int8(&columns[3], 0);
    column_int4(&columns[4], 1);
    column_int2(&columns[5], (int16_t)case_shard(case_id));
    column_int2(&columns[6], 2);
    column_int2(&columns[7], 0);
    column_text(&columns[8], stage->moved.state);
    column_text(&columns[9], stage->moved.unit);
    column_text(&columns[10], "");
    column_text(&columns[11], "");
    column_bytea(&columns[12], stage->kept.data, stage->kept.size);
    column_bytea(&columns[13], chain, CHAIN_SIZE);
    column_time(&columns[14], now);
    column_time(&columns[15], now);
    column_int8(&columns[16], 1);
    column_text(&columns[17], stage->moved.severity);
    column_text(&columns[18], stage->moved.channel);
    column_text(&columns[19], stage->moved.item);
    column_text(&columns[20], stage->moved.area);
    column_bytea(&columns[21], stage->body.data, stage->body.size);
}

static inline int save_routing(struct stage *stage, const struct rows *rows) {
    keep_clocks(stage, rows);
    for (int i = 0; i < rows->count; i++) {
        encode(stage, rows, i, MESSAGE_case_moved);
        add_log(stage, rows, i, MESSAGE_case_moved);
        add_case_columns(stage, case_of(rows, i), rows->now);
    }
    return send_columns(stage, "routing_open", stage->columns, 22);
}

static inline int save_escalation(struct stage *stage, const struct rows *rows) {
    for (int i = 0; i < rows->count; i++) {
        column_int8(&stage->columns[0], (int64_t)case_of(rows, i));
        column_time(&stage->columns[1], rows->now + DUE_AFTER_MS);
        column_int4(&stage->columns[2], 1);
        column_int2(&stage->columns[3], (int16_t)rows->shard);
        column_int2(&stage->columns[4], 2);
    }
    return send_columns(stage, "escalation_arm", stage->columns, 5);
}

/* The cases go to UNITS units in turn, as many to each as its place gives it; entries of a unit lie side by side. The two centres,
 * whose codes come first, hear of all of them. */
static inline int save_notification(struct stage *stage, const struct rows *rows) {
    static const char *const centres[] = {"centre_1", "centre_2"};
    struct column *columns = stage->columns;
    for (int centre = 0; centre < CENTRES; centre++) {
        column_text(&columns[0], centres[centre]);
        column_int8(&columns[1], rows->count);
        column_time(&columns[2], rows->now);
        for (int i = 0; i < rows->count; i++) {
            int unit = i % UNITS;
            column_int4(&columns[10], centre + 1);
            column_int8(&columns[11], 0);
            column_int4(&columns[12], CENTRES + unit + 1);
            column_int8(&columns[13], (rows->count - unit + UNITS - 1) / UNITS - i / UNITS - 1);
        }
    }
    for (int unit = 0; unit < UNITS && unit < rows->count; unit++) {
        int entries = (rows->count - unit + UNITS - 1) / UNITS;
        char code[16];
        snprintf(code, sizeof code, "unit_%d", unit + 1);
        column_text(&columns[0], code);
        column_int8(&columns[1], entries);
        column_time(&columns[2], rows->now);
        for (int i = unit, nth = 1; i < rows->count; i += UNITS, nth++) {
            encode(stage, rows, i, MESSAGE_case_moved);
            column_int4(&columns[3], CENTRES + unit + 1);
            column_int8(&columns[4], entries - nth);
            column_time(&columns[5], rows->now);
            column_int8(&columns[6], (int64_t)case_of(rows, i));
            column_int4(&columns[7], 1);
            column_int2(&columns[8], MESSAGE_case_moved);
            column_bytea(&columns[9], stage->body.data, stage->body.size);
        }
    }
    return send_and_take(stage, "notification_append", columns, 14);
}

/* ---- a batch: its rows, its log, its fence, its commit ------------------------------------------------------------------ */

static int send_fence(struct stage *stage, const struct rows *rows) {
    int64_t before = rows->first_seq - 1, after = before + rows->count;
    const int64_t values[8] = {0,
                               0,
                               stage->follows ? before : 0,
                               0,
                               stage->keeps_log ? before : 0,
                               stage->follows ? after : 0,
                               0,
                               stage->keeps_log ? after : 0};
    struct params params = {0};
    column_int2(&stage->fence[0], (int16_t)rows->shard);
    for (int i = 1; i < 8; i++)
        column_int8(&stage->fence[i], values[i]);
    for (int i = 0; i < 8; i++)
        params_column(&params, &stage->fence[i]);
    params_int8(&params, 1);
    return db_send(stage->db, "common_fence", &params);
}

static inline int stage_batch(struct stage *stage, const struct rows *rows) {
    for (int i = 0; i < STAGE_COLUMNS; i++)
        column_reset(&stage->columns[i]);
    for (int i = 0; i < 6; i++)
        column_reset(&stage->log[i]);
    for (int i = 0; i < 8; i++)
        column_reset(&stage->fence[i]);
    bool sent = stage->save(stage, rows) == 0;
    sent = sent && (!stage->keeps_log || send_columns(stage, "log_append", stage->log, 6) == 0);
    sent = sent && send_fence(stage, rows) == 0;
    return db_sync(stage->db) == 0 && sent ? 0 : -1;
}

static inline int stage_open(struct stage *stage, const char *url, struct reason *why) {
    const struct db_query *const tables[] = {common_queries, stage->queries, stage->keeps_log ? log_queries : NULL,
                                             NULL};
    fill_stage(stage);
    return db_open(&stage->db, url, stage->service, tables, why);
}

static inline void stage_close(struct stage *stage) {
    for (int i = 0; i < STAGE_COLUMNS; i++)
        column_close(&stage->columns[i]);
    for (int i = 0; i < 6; i++)
        column_close(&stage->log[i]);
    for (int i = 0; i < 8; i++)
        column_close(&stage->fence[i]);
    bytes_close(&stage->body);
    bytes_close(&stage->kept);
    db_close(&stage->db);
}

#endif
