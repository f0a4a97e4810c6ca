#include "services/zhitong/audit_told.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what should have been told ------------------------------------------------------------------------------------ */

static void expect_unit(struct told *told, const struct case_moved *moved, const char *unit, size_t size) {
    if (told->expected_count == told->expected_room) {
        told->expected_room = told->expected_room * 2 + 1024;
        told->expected = realloc(told->expected, told->expected_room * sizeof *told->expected);
        assert(told->expected != NULL);
    }
    struct telling *telling = &told->expected[told->expected_count++];
    telling->case_id = (int64_t)moved->case_id;
    telling->version = (int32_t)moved->version;
    snprintf(telling->unit, sizeof telling->unit, "%.*s", (int)size, unit);
}

static bool is_parked(struct told *told, int64_t seq) {
    while (told->untold_row < PQntuples(told->untold) && db_int8(told->untold, told->untold_row, 0) < seq)
        told->untold_row++;
    return told->untold_row < PQntuples(told->untold) && db_int8(told->untold, told->untold_row, 0) == seq;
}

void told_expect(struct told *told, const struct case_moved *moved, int64_t seq, int32_t day) {
    if (seq > told->applied || day < told->streams_from || is_parked(told, seq))
        return;
    expect_unit(told, moved, moved->unit, strlen(moved->unit));
    for (const char *code = moved->support; *code != '\0';) {
        size_t size = strcspn(code, " ");
        if (size > 0)
            expect_unit(told, moved, code, size);
        code += size + (code[size] == ' ');
    }
}

/* ---- what was told ---------------------------------------------------------------------------------------------------- */

static int next_rows(struct told *told) {
    PQclear(told->rows);
    told->row = 0;
    told->rows = db_ask(told->db, "audit_told_next", NULL);
    if (told->rows == NULL)
        return -1;
    if (PQntuples(told->rows) > 0)
        return 0;
    PQclear(told->rows);
    told->rows = NULL;
    return 0;
}

int told_open(struct told *told, struct db *db, struct findings *findings, int32_t streams_from) {
    *told = (struct told){.db = db, .findings = findings, .streams_from = streams_from};
    SCOPED_RESULT
    *result = db_ask(db, "audit_told_open", NULL);

    return result == NULL ? -1 : next_rows(told);
}

void told_close(struct told *told) {
    PQclear(told->rows);
    PQclear(told->untold);
    free(told->expected);
    *told = (struct told){0};
}

int told_begin_shard(struct told *told, uint16_t shard, int64_t applied) {
    struct params params = {0};

    params_int2(&params, (int16_t)shard);
    PQclear(told->untold);
    told->untold = db_ask(told->db, "audit_untold", &params);
    told->untold_row = 0;
    told->shard = shard;
    told->applied = applied;
    told->expected_count = 0;
    return told->untold == NULL ? -1 : 0;
}

/* ---- side by side -------------------------------------------------------------------------------------------------------- */

static int compare_tellings(const void *left, const void *right) {
    const struct telling *a = left, *b = right;

    if (a->case_id != b->case_id)
        return a->case_id < b->case_id ? -1 : 1;
    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    return strcmp(a->unit, b->unit);
}

/* The entry under the cursor, when it belongs to this shard. */
static bool current(const struct told *told, struct telling *out) {
    if (told->rows == NULL || db_int2(told->rows, told->row, 0) > (int16_t)told->shard)
        return false;
    out->case_id = db_int8(told->rows, told->row, 1);
    out->version = db_int4(told->rows, told->row, 2);
    snprintf(out->unit, sizeof out->unit, "%s", db_text(told->rows, told->row, 3));
    return true;
}

static int step(struct told *told) {
    return ++told->row < PQntuples(told->rows) ? 0 : next_rows(told);
}

static void say(struct told *told, const struct telling *telling, const char *what) {
    findings_add(told->findings, "case %lld: unit %s was %s version %d", (long long)telling->case_id, telling->unit,
                 what, telling->version);
}

/* Takes every stream entry up to and with `upto` (NULL: the rest of the shard). True when `upto` is among them. */
static int take_told(struct told *told, const struct telling *upto, bool *found) {
    struct telling telling, before = {0};

    *found = false;
    while (current(told, &telling)) {
        int order = upto != NULL ? compare_tellings(&telling, upto) : -1;
        if (order > 0)
            return 0;
        if (before.case_id != 0 && compare_tellings(&telling, &before) == 0)
            say(told, &telling, "told twice of");
        else if (order == 0)
            *found = true;
        else if (!told->surplus_allowed)
            say(told, &telling, "told, and is not concerned by,");
        before = telling;
        if (step(told) != 0)
            return -1;
    }
    return 0;
}

int told_end_shard(struct told *told) {
    bool found;

    if (told->expected_count > 0)
        qsort(told->expected, told->expected_count, sizeof *told->expected, compare_tellings);
    for (size_t i = 0; i < told->expected_count; i++) {
        const struct telling *expected = &told->expected[i];
        /* A unit that leads and supports is told once. */
        if (i > 0 && compare_tellings(expected, expected - 1) == 0)
            continue;
        if (take_told(told, expected, &found) != 0)
            return -1;
        if (!found)
            say(told, expected, "never told of");
    }
    return take_told(told, NULL, &found);
}

int told_end(struct told *told) {
    bool found;

    told->shard = UINT16_MAX / 2; /* beyond every shard: what is left is nobody's */
    return take_told(told, NULL, &found);
}
