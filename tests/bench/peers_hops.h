/* What each hop does with a batch: the rows of state that our own services write for it, by their own queries, in one
 * transaction, and the message that goes on. What only carries messages (logs, cursors, streams) is left out: that is what
 * the broker is for. A message that comes again changes nothing. */
#ifndef ZHITONG_PEERS_HOPS_H
#define ZHITONG_PEERS_HOPS_H

#include "peers_broker.h"
#include "postgres_stages.h"

#define HOPS 3
#define QUERY_SIZE 4000

struct hop {
    struct stage stage; /* its rows and bodies */
    struct submit submit;
    char insert[QUERY_SIZE]; /* the service's own INSERT, which skips what is there already */
    struct db_query queries[3];
    int64_t now;
    int (*take)(struct hop *hop, const struct letters *in, struct letters *out);
};

/* The number of a report is in its key; its case follows from it, so that the same report is the same case. */
static uint64_t case_of_key(const char *key) {
    const char *number = strrchr(key, '-');
    uint64_t n = number == NULL ? 0 : strtoull(number + 1, NULL, 10);
    return case_id_of(0, (uint16_t)(n % SHARD_COUNT), n / SHARD_COUNT + 1);
}
static uint64_t number_of_case(uint64_t case_id) {
    return (case_id / SHARD_COUNT - 1) * SHARD_COUNT + case_shard(case_id);
}

static void encode_on(struct hop *hop, enum message type, const void *message, struct letters *out) {
    hop->stage.body.size = 0;
    message_encode(type, message, &hop->stage.body);
    letters_add(out, hop->stage.body.data, hop->stage.body.size);
}

static int take_report(struct hop *hop, const struct letters *in, struct letters *out) {
    struct stage *stage = &hop->stage;
    struct column *columns = stage->columns;
    struct report_received *received = &stage->received;
    for (size_t i = 0; i < in->count; i++) {
        if (message_decode(MESSAGE_submit, in->bytes.data + in->each[i].at, in->each[i].size, &hop->submit, NULL) != 0)
            return -1;
        received->case_id = case_of_key(hop->submit.key);
        received->at = hop->now;
        memcpy(received->channel, hop->submit.channel, sizeof received->channel);
        memcpy(received->item, hop->submit.item, sizeof received->item);
        memcpy(received->area, hop->submit.area, sizeof received->area);
        memcpy(received->source_id, hop->submit.source_id, sizeof received->source_id);
        encode_on(hop, MESSAGE_report_received, received, out);
        uint64_t digest[2] = {received->case_id * UINT64_C(0x9e3779b97f4a7c15),
                              received->case_id}; /* spread, as hashes are */
        column_uuid(&columns[8], (const uint8_t *)digest);
        column_int8(&columns[0], (int64_t)received->case_id);
        column_time(&columns[1], hop->now);
        column_uuid(&columns[2], (const uint8_t *)digest);
        column_int2(&columns[3], (int16_t)case_shard(received->case_id));
        column_bytea(&columns[4], stage->body.data, stage->body.size);
        column_int8(&columns[5], 0);
        column_int8(&columns[6], (int64_t)digest[0]); /* a place of its own */
        column_int8(&columns[7], 0);
    }
    if (send_and_take(stage, "intake_find", &columns[8], 1) != 0)
        return -1;
    return send_columns(stage, "intake_save", columns, 8);
}

static void move_of(struct hop *hop, const struct report_received *received) {
    struct case_moved *moved = &hop->stage.moved;
    moved->case_id = received->case_id;
    moved->at = hop->now;
    moved->due_at = hop->now + DUE_AFTER_MS;
    moved->next_at = hop->now + DUE_AFTER_MS / 6;
    moved->sign_by = hop->now + DUE_AFTER_MS / 3;
    moved->contact_by = hop->now + DUE_AFTER_MS * 4 / 9;
    moved->policy = 1;
    memcpy(moved->channel, received->channel, sizeof moved->channel);
    memcpy(moved->item, received->item, sizeof moved->item);
    memcpy(moved->area, received->area, sizeof moved->area);
    snprintf(moved->unit, sizeof moved->unit, "unit_%d", (int)(received->case_id / SHARD_COUNT % UNITS) + 1);
}

static int take_routing(struct hop *hop, const struct letters *in, struct letters *out) {
    struct stage *stage = &hop->stage;
    const struct rows rows = {.now = hop->now};
    keep_clocks(stage, &rows);
    for (size_t i = 0; i < in->count; i++) {
        struct report_received *received = &stage->received;
        if (message_decode(MESSAGE_report_received, in->bytes.data + in->each[i].at, in->each[i].size, received,
                           NULL) != 0)
            return -1;
        move_of(hop, received);
        encode_on(hop, MESSAGE_case_moved, &stage->moved, out);
        add_case_columns(stage, received->case_id, hop->now);
    }
    return send_columns(stage, "routing_open", stage->columns, 22);
}

static int take_deadline(struct hop *hop, const struct letters *in, struct letters *out) {
    struct stage *stage = &hop->stage;
    for (size_t i = 0; i < in->count; i++) {
        const uint8_t *data = in->bytes.data + in->each[i].at;
        struct case_moved *moved = &stage->moved;
        if (message_decode(MESSAGE_case_moved, data, in->each[i].size, moved, NULL) != 0)
            return -1;
        letters_add(out, data, in->each[i].size);
        column_int8(&stage->columns[0], (int64_t)moved->case_id);
        column_time(&stage->columns[1], moved->due_at);
        column_int4(&stage->columns[2], 1);
        column_int2(&stage->columns[3], (int16_t)case_shard(moved->case_id));
        column_int2(&stage->columns[4], 2);
    }
    return send_columns(stage, "escalation_arm", stage->columns, 5);
}

static const struct hop_kind {
    const char *service, *insert, *find;
    const struct db_query *queries;
    int (*take)(struct hop *hop, const struct letters *in, struct letters *out);
} hop_kinds[HOPS] = {
    {"intake", "intake_save", "intake_find", intake_queries, take_report},
    {"routing", "routing_open", NULL, routing_queries, take_routing},
    {"escalation", "escalation_arm", NULL, escalation_queries, take_deadline},
};

static const char *query_text(const struct db_query *queries, const char *name) {
    for (; queries->name != NULL; queries++)
        if (strcmp(queries->name, name) == 0)
            return queries->sql;
    return NULL;
}

static int hop_open(struct hop *hop, const struct hop_kind *kind, const char *url, struct reason *why) {
    const char *insert = query_text(kind->queries, kind->insert);
    assert(insert != NULL);
    snprintf(hop->insert, sizeof hop->insert, "%s%s", insert,
             strstr(insert, "ON CONFLICT") == NULL ? " ON CONFLICT DO NOTHING" : "");
    hop->take = kind->take;
    hop->queries[0] = (struct db_query){kind->insert, hop->insert};
    if (kind->find != NULL)
        hop->queries[1] = (struct db_query){kind->find, query_text(kind->queries, kind->find)};
    const struct db_query *const tables[] = {hop->queries, NULL};
    fill_stage(&hop->stage);
    return db_open(&hop->stage.db, url, kind->service, tables, why);
}

/* One transaction. -1: it is undone, and the messages come again. */
static int hop_batch(struct hop *hop, const struct letters *in, struct letters *out) {
    letters_reset(out);
    for (int i = 0; i < STAGE_COLUMNS; i++)
        column_reset(&hop->stage.columns[i]);
    hop->now = wall_ms();
    bool sent = hop->take(hop, in, out) == 0;
    if (!sent)
        db_give_up(hop->stage.db, "a message that cannot be read");
    return db_sync(hop->stage.db) == 0 && sent ? 0 : -1;
}

#endif
