/* What must hold at every step, and at the end. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "services/zhitong/audit.h"
#include "tests/simulation/world.h"

#define CASES_MAX 200
#define ACCEPTED_MAX 200
#define CURSORS_MAX (7 * SHARD_COUNT)
#define AUDIT_BYTES_MAX 8000

/* Invariants of services/zhitong/audit.sql that hold in every snapshot, however much is under way. */
static const char *const always[] = {"audit_log_complete",    "audit_cursor_behind",     "audit_report_has_case",
                                     "audit_case_has_report", "audit_case_is_held",      "audit_case_has_plan",
                                     "audit_deadline_armed",  "audit_deadline_disarmed", "audit_stream_complete"};

static struct seen_case seen[CASES_MAX];
static size_t seen_count;
static uint64_t last_seq[SHARD_COUNT];
static uint64_t accepted[ACCEPTED_MAX];
static size_t accepted_count;
static struct cursor_seen {
    char who[24];
    int16_t shard;
    int64_t seq;
} cursors[CURSORS_MAX];
static size_t cursor_count;

void checks_begin(void) {
    seen_count = accepted_count = cursor_count = 0;
    memset(last_seq, 0, sizeof last_seq);
}

void checks_accepted(uint64_t case_id) {
    if (accepted_count < ACCEPTED_MAX)
        accepted[accepted_count++] = case_id;
}

const struct seen_case *checks_some_case(void) {
    return seen_count > 0 ? &seen[chance_below((uint32_t)seen_count)] : NULL;
}

const struct seen_case *checks_like(const struct seen_case *one) {
    size_t from = chance_below((uint32_t)seen_count);
    for (size_t i = 0; i < seen_count; i++) {
        const struct seen_case *other = &seen[(from + i) % seen_count];
        if (other != one && strcmp(other->item, one->item) == 0)
            return other;
    }
    return NULL;
}

static PGresult *ask(const char *query, const struct params *params) {
    PGresult *result = db_ask(database(), query, params);
    if (result == NULL)
        broken("setup", "%s: %s", query, db_reason(database())->text);
    return result;
}

/* ---- the log: versions follow each other, the tier only rises ------------------------------------------------------------------------ */

static struct seen_case *case_of(uint64_t case_id) {
    for (size_t i = 0; i < seen_count; i++)
        if (seen[i].case_id == case_id)
            return &seen[i];
    if (seen_count == CASES_MAX)
        broken("setup", "more than %d cases", CASES_MAX);
    world.happened[HAPPENED_cases]++;
    seen[seen_count] = (struct seen_case){.case_id = case_id};
    return &seen[seen_count++];
}

static void take_move(const struct case_moved *moved) {
    struct seen_case *known = case_of(moved->case_id);
    if (moved->version != known->version + 1)
        broken("versions follow each other", "case %llu went from version %llu to %llu",
               (unsigned long long)moved->case_id, (unsigned long long)known->version,
               (unsigned long long)moved->version);
    if (moved->tier < known->tier)
        broken("the tier only rises", "case %llu fell from tier %llu to %llu by %s", (unsigned long long)moved->case_id,
               (unsigned long long)known->tier, (unsigned long long)moved->tier, moved->move);
    if (moved->unit[0] == '\0')
        broken("one unit", "case %llu has none after %s", (unsigned long long)moved->case_id, moved->move);
    world.happened[HAPPENED_logged]++;
    world.happened[HAPPENED_escalated] += strcmp(moved->move, "escalate") == 0;
    world.happened[HAPPENED_merged] += strcmp(moved->state, "merged") == 0;
    known->version = moved->version;
    known->tier = moved->tier;
    known->due_at = moved->due_at;
    known->next_at = moved->next_at;
    memcpy(known->state, moved->state, sizeof known->state);
    memcpy(known->unit, moved->unit, sizeof known->unit);
    memcpy(known->item, moved->item, sizeof known->item);
    memcpy(known->area, moved->area, sizeof known->area);
    if (!isnan(moved->lat)) { /* it is told when the case opens or changes hands */
        known->lat = moved->lat;
        known->lon = moved->lon;
    }
}

static void read_log(void) {
    struct column seqs = {0};
    struct params params = {0};
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        column_int8(&seqs, (int64_t)last_seq[shard]);
    params_column(&params, &seqs);
    SCOPED_RESULT
    *result = ask("simulation_moves", &params);
    column_close(&seqs);
    for (int row = 0; row < PQntuples(result); row++) {
        struct case_moved moved;
        struct reason why;
        size_t size;
        int16_t shard = db_int2(result, row, 4);
        const uint8_t *body = db_bytea(result, row, 3, &size);
        if (db_int8(result, row, 0) != (int64_t)last_seq[shard] + 1)
            broken("log without gaps", "shard %d of routing has entry %lld after %llu", shard,
                   (long long)db_int8(result, row, 0), (unsigned long long)last_seq[shard]);
        last_seq[shard]++;
        if (message_decode(MESSAGE_case_moved, body, size, &moved, &why) != 0)
            broken("log can be read", "%s: %s", why.field, why.text);
        take_move(&moved);
    }
}

/* ---- the cases: as the log says, so that nothing moves without an entry ------------------------------------------------------------------ */

static void check_cases(void) {
    SCOPED_RESULT
    *result = ask("simulation_cases", NULL);
    if ((size_t)PQntuples(result) != seen_count)
        broken("a case is in the log", "the log knows %zu cases, there are %d", seen_count, PQntuples(result));
    for (int row = 0; row < PQntuples(result); row++) {
        const struct seen_case *known = case_of((uint64_t)db_int8(result, row, 0));
        bool same = (uint64_t)db_int4(result, row, 1) == known->version &&
                    (uint64_t)db_int2(result, row, 2) == known->tier &&
                    strcmp(db_text(result, row, 3), known->state) == 0 &&
                    strcmp(db_text(result, row, 4), known->unit) == 0 && db_time(result, row, 5) == known->due_at &&
                    db_time(result, row, 6) == known->next_at;
        if (!same)
            broken(
                "a case is as its last entry says",
                "case %llu: row: version %d, tier %d, %s, %s, due %lld; log: version %llu, tier %llu, %s, %s, due %lld",
                (unsigned long long)known->case_id, db_int4(result, row, 1), db_int2(result, row, 2),
                db_text(result, row, 3), db_text(result, row, 4), (long long)db_time(result, row, 5),
                (unsigned long long)known->version, (unsigned long long)known->tier, known->state, known->unit,
                (long long)known->due_at);
    }
}

static void check_accepted(void) {
    struct column cases = {0};
    struct params params = {0};
    if (accepted_count == 0)
        return;
    for (size_t i = 0; i < accepted_count; i++)
        column_int8(&cases, (int64_t)accepted[i]);
    params_column(&params, &cases);
    SCOPED_RESULT
    *result = ask("simulation_reports", &params);
    column_close(&cases);
    if ((size_t)db_int8(result, 0, 0) != accepted_count)
        broken("accepted is never lost", "%zu reports were accepted, there are %lld", accepted_count,
               (long long)db_int8(result, 0, 0));
}

static void check_cursors(void) {
    SCOPED_RESULT
    *result = ask("simulation_cursors", NULL);
    for (int row = 0; row < PQntuples(result); row++) {
        struct cursor_seen *cursor = cursors;
        const struct cursor_seen *end = cursors + cursor_count;
        while (cursor < end &&
               (cursor->shard != db_int2(result, row, 1) || strcmp(cursor->who, db_text(result, row, 0)) != 0))
            cursor++;
        if (cursor == end) {
            *cursor = (struct cursor_seen){.shard = db_int2(result, row, 1)};
            snprintf(cursor->who, sizeof cursor->who, "%s", db_text(result, row, 0));
            cursor_count++;
        }
        if (db_int8(result, row, 2) < cursor->seq)
            broken("no cursor goes back", "%s, shard %d: from %lld to %lld", cursor->who, cursor->shard,
                   (long long)cursor->seq, (long long)db_int8(result, row, 2));
        cursor->seq = db_int8(result, row, 2);
    }
}

void checks_step(bool thorough) {
    world.happened[HAPPENED_checks]++;
    read_log();
    check_cases();
    if (!thorough)
        return;
    check_accepted();
    check_cursors();
    SCOPED_RESULT
    *parked = ask("simulation_parked", NULL);
    if (!db_null(parked, 0, 0))
        broken("nothing is parked", "%s", db_text(parked, 0, 0));
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        SCOPED_RESULT
        *result = ask(always[i], NULL);
        if (PQntuples(result) > 0)
            broken(always[i], "%s", db_text(result, 0, 0));
    }
}

/* ---- the end -------------------------------------------------------------------------------------------------------------------------------- */

bool checks_caught_up(void) {
    SCOPED_RESULT
    *behind = ask("audit_behind", NULL);
    struct params params = {0};
    params_int8(&params, clock_now());
    SCOPED_RESULT
    *unfired = ask("simulation_unfired", &params);
    return PQntuples(behind) == 0 && db_int8(unfired, 0, 0) == 0;
}

/* `zhitong audit`, whose words are shown only when it finds something. */
void checks_audit(void) {
    char words[AUDIT_BYTES_MAX], name[] = "audit", option[] = "--database", url[2000],
                                 path[] = "/tmp/zhitong-audit.XXXXXX";
    char *arguments[] = {name, option, url, NULL};
    snprintf(url, sizeof url, "%s", database_url());
    fflush(stdout);
    int out = dup(1), file = mkstemp(path);
    unlink(path);
    dup2(file, 1);
    database_set_clock();
    int status = audit_command(3, arguments);
    fflush(stdout);
    dup2(out, 1);
    ssize_t size = pread(file, words, sizeof words - 1, 0);
    words[size > 0 ? size : 0] = '\0';
    close(file);
    close(out);
    if (status != 0)
        broken("zhitong audit", "\n%s", words);
}
