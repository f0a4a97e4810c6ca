#include "services/zhitong/audit_moves.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/chain.h"
#include "common/city.h"
#include "common/code_index.h"
#include "common/ids.h"
#include "proto/case_life.h"
#include "services/zhitong/audit_links.h"
#include "services/zhitong/audit_told.h"

#define PAGE_ROWS 10000

struct track { /* what the log has said about one case so far */
    int64_t due_at, next_at;
    uint64_t case_id;
    uint32_t version; /* 0: nothing */
    uint8_t tier;
    uint8_t state; /* enum case_state */
    bool stands;   /* there is a case_file */
    bool chained;  /* an entry has named the one before it: all later ones must */
    char unit[CODE_MAX + 1];
    uint8_t chain[CHAIN_SIZE]; /* hash of the last entry */
};

struct reading { /* of the routing log, shard by shard */
    struct db *db;
    struct findings *findings;
    uint64_t *made;
    struct told told;
    struct links links;
    struct track *tracks; /* by the report's seq: case ids of a shard are dense */
    size_t track_count, track_room;
    uint16_t shard;
    bool cut; /* the log's first days were dropped: a case may begin anywhere */
};

static PGresult *page(struct db *db, const char *query, uint16_t shard, int64_t after) {
    struct params params = {0};

    params_int2(&params, (int16_t)shard);
    params_int8(&params, after);
    params_int4(&params, PAGE_ROWS);
    return db_ask(db, query, &params);
}

static struct track *track_of(struct reading *reading, uint64_t case_id) {
    uint64_t at = case_seq(case_id);

    return case_shard(case_id) == reading->shard && at < reading->track_count ? &reading->tracks[at] : NULL;
}

/* ---- one entry ---------------------------------------------------------------------------------------------------- */

/* Only entries written before there was a chain, and first ones, name nothing. */
static void check_chain(struct reading *reading, const struct track *before, const struct case_moved *moved) {
    char expected[CHAIN_TEXT + 1];

    chain_text(before->chain, expected);
    if (before->version > 0 && (moved->prev[0] != '\0' || before->chained) && strcmp(moved->prev, expected) != 0)
        findings_add(&reading->findings[MOVES_CHAIN],
                     "case %llu: version %u was altered after it was written: version %llu names another hash",
                     (unsigned long long)moved->case_id, before->version, (unsigned long long)moved->version);
}

static void check_move(struct reading *reading, const struct track *before, const struct case_moved *moved) {
    struct findings *findings = reading->findings;
    unsigned long long case_id = moved->case_id, version = moved->version;

    if (version != before->version + 1ull && !(before->version == 0 && reading->cut))
        findings_add(&findings[MOVES_VERSIONS], "case %llu: version %llu follows %u", case_id, version,
                     before->version);
    if (before->version == 0)
        return;
    if (moved->tier < before->tier)
        findings_add(&findings[MOVES_TIER], "case %llu: version %llu goes from tier %u down to %llu", case_id, version,
                     before->tier, (unsigned long long)moved->tier);
    if (strcmp(moved->move, "escalate") == 0 && strcmp(moved->unit, before->unit) != 0 &&
        !codes_hold(moved->support, before->unit))
        findings_add(&findings[MOVES_SUPPORT], "case %llu: version %llu moves up from %s and forgets it", case_id,
                     version, before->unit);
}

/* Number of the first line of a move's name; MOVE_LINES_MAX when there is none. */
static size_t first_line(const char *move) {
    size_t count, line = 0;
    const struct move_spec *moves = case_moves(&count);

    while (line < count && strcmp(moves[line].name, move) != 0)
        line++;
    return line < count ? line : MOVE_LINES_MAX;
}

static void count_move(struct reading *reading, const char *move) {
    size_t line = first_line(move);

    if (line < MOVE_LINES_MAX)
        reading->made[line]++;
}

static void follow_move(struct reading *reading, const struct case_moved *moved, const uint8_t *body, size_t size) {
    struct track *track = track_of(reading, moved->case_id);

    if (track == NULL) {
        findings_add(&reading->findings[MOVES_VERSIONS], "case %llu: in the log of shard %u, where nobody reported it",
                     (unsigned long long)moved->case_id, reading->shard);
        return;
    }
    count_move(reading, moved->move);
    check_move(reading, track, moved);
    check_chain(reading, track, moved);
    chain_hash(body, size, track->chain);
    track->chained = track->chained || moved->prev[0] != '\0';
    track->case_id = moved->case_id;
    track->version = (uint32_t)moved->version;
    track->tier = (uint8_t)moved->tier;
    track->state = (uint8_t)case_state_named(moved->state);
    track->due_at = moved->due_at;
    track->next_at = moved->next_at != 0 ? moved->next_at : moved->due_at; /* before there were several clocks */
    memcpy(track->unit, moved->unit, sizeof track->unit);
}

static void read_entry(struct reading *reading, const PGresult *rows, int row) {
    struct case_moved moved;
    struct reason why;
    size_t size;
    int64_t seq = db_int8(rows, row, 0);

    if (db_int2(rows, row, 3) != MESSAGE_case_moved)
        return;
    const uint8_t *body = db_bytea(rows, row, 4, &size);
    if (message_decode(MESSAGE_case_moved, body, size, &moved, &why) != 0) {
        findings_add(&reading->findings[MOVES_VERSIONS], "routing shard %u entry %lld cannot be read: %s: %s",
                     reading->shard, (long long)seq, why.field, why.text);
        return;
    }
    if ((int64_t)moved.case_id != db_int8(rows, row, 1))
        findings_add(&reading->findings[MOVES_VERSIONS], "routing shard %u entry %lld is about case %llu and says %lld",
                     reading->shard, (long long)seq, (unsigned long long)moved.case_id,
                     (long long)db_int8(rows, row, 1));
    follow_move(reading, &moved, body, size);
    links_hear(&reading->links, &moved);
    told_expect(&reading->told, &moved, seq, db_int4(rows, row, 2));
}

static int read_log(struct reading *reading) {
    int64_t after = 0;
    int count;

    do {
        SCOPED_RESULT
        *rows = page(reading->db, "audit_moves", reading->shard, after);
        if (rows == NULL)
            return -1;
        count = PQntuples(rows);
        for (int row = 0; row < count; row++)
            read_entry(reading, rows, row);
        if (count > 0)
            after = db_int8(rows, count - 1, 0);
    } while (count == PAGE_ROWS);
    return 0;
}

/* ---- the cases ------------------------------------------------------------------------------------------------------ */

static void compare_case(struct reading *reading, const PGresult *rows, int row) {
    struct findings *findings = &reading->findings[MOVES_CASE];
    long long case_id = db_int8(rows, row, 0);
    struct track *track = track_of(reading, (uint64_t)case_id);

    if (track != NULL)
        track->stands = true;
    if (track == NULL || track->version == 0) {
        if (!reading->cut)
            findings_add(findings, "case %lld: not in the log", case_id);
        return;
    }
    if ((int32_t)track->version != db_int4(rows, row, 1)) {
        findings_add(findings, "case %lld: version %d, the log ends at %u", case_id, db_int4(rows, row, 1),
                     track->version);
        return;
    }
    const char *wrong = track->tier != db_int2(rows, row, 2)                      ? "tier"
                        : track->state != case_state_named(db_text(rows, row, 3)) ? "state"
                        : strcmp(track->unit, db_text(rows, row, 4)) != 0         ? "unit"
                        : track->due_at != db_time(rows, row, 5)                  ? "due instant"
                        : track->next_at != db_time(rows, row, 7)                 ? "next instant"
                                                                                  : NULL;
    size_t size;
    const uint8_t *chain = db_bytea(rows, row, 6, &size);
    if (size == CHAIN_SIZE && memcmp(chain, track->chain, CHAIN_SIZE) != 0)
        findings_add(&reading->findings[MOVES_CHAIN],
                     "case %lld: version %u, the last, was altered after it was written", case_id, track->version);
    if (wrong != NULL)
        findings_add(findings, "case %lld: version %u has another %s in the log", case_id, track->version, wrong);
}

static int compare_cases(struct reading *reading) {
    int64_t after = 0;
    int count;

    do {
        SCOPED_RESULT
        *rows = page(reading->db, "audit_cases", reading->shard, after);
        if (rows == NULL)
            return -1;
        count = PQntuples(rows);
        for (int row = 0; row < count; row++)
            compare_case(reading, rows, row);
        if (count > 0)
            after = db_int8(rows, count - 1, 0);
    } while (count == PAGE_ROWS);
    for (size_t i = 0; i < reading->track_count; i++)
        if (reading->tracks[i].version > 0 && !reading->tracks[i].stands)
            findings_add(&reading->findings[MOVES_CASE], "case %llu: in the log, and routing has no case",
                         (unsigned long long)reading->tracks[i].case_id);
    return 0;
}

/* ---- one shard after the other ------------------------------------------------------------------------------------------ */

static int begin_shard(struct reading *reading, uint16_t shard) {
    struct params params = {0};

    params_int2(&params, (int16_t)shard);
    SCOPED_RESULT
    *row = db_ask(reading->db, "audit_shard", &params);
    if (row == NULL)
        return -1;
    reading->shard = shard;
    reading->track_count = PQntuples(row) == 1 ? (size_t)db_int8(row, 0, 0) + 1 : 0;
    if (reading->track_count > reading->track_room) {
        reading->track_room = reading->track_count;
        reading->tracks = realloc(reading->tracks, reading->track_room * sizeof *reading->tracks);
        assert(reading->tracks != NULL);
    }
    if (reading->track_count > 0)
        memset(reading->tracks, 0, reading->track_count * sizeof *reading->tracks);
    if (links_begin_shard(&reading->links, shard) != 0)
        return -1;
    return told_begin_shard(&reading->told, shard, PQntuples(row) == 1 ? db_int8(row, 0, 1) : 0);
}

static int read_shards(struct reading *reading) {
    for (uint16_t shard = 0; shard < SHARD_COUNT; shard++) {
        if (begin_shard(reading, shard) != 0 || read_log(reading) != 0 || compare_cases(reading) != 0)
            return -1;
        told_end_shard(&reading->told);
        links_end_shard(&reading->links, reading->cut);
    }
    return 0;
}

void audit_print_made(const struct audited *audited) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);

    for (size_t line = 0; line < count && line < MOVE_LINES_MAX; line++)
        if (first_line(moves[line].name) == line)
            printf("%10llu  %-17s %s\n", (unsigned long long)audited->made[line], moves[line].name, moves[line].zh);
}

int audit_moves(struct db *db, struct audited *audited) {
    struct reading reading = {.db = db, .findings = audited->findings, .made = audited->made};
    reading.links = (struct links){.db = db, .findings = &audited->findings[MOVES_LINKS]};
    SCOPED_RESULT
    *kept = db_ask(db, "audit_kept", NULL);

    if (kept == NULL)
        return -1;
    reading.cut = db_bool(kept, 0, 0);
    int32_t streams_from = db_int4(kept, 0, 1);
    int status = told_open(&reading.told, db, &audited->findings[MOVES_TOLD], streams_from);
    reading.told.surplus_allowed = reading.cut || streams_from > 0;
    if (status == 0)
        status = read_shards(&reading);
    told_close(&reading.told);
    links_close(&reading.links);
    free(reading.tracks);
    return status;
}
