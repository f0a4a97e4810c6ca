#include "services/zhitong/audit_told.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/notification/concerned.h"
#include "services/notification/notice_reporter.h"

static void add_telling(struct tellings *tellings, const struct telling *telling) {
    if (tellings->count == tellings->room) {
        tellings->room = tellings->room * 2 + 1024;
        tellings->rows = realloc(tellings->rows, tellings->room * sizeof *tellings->rows);
        assert(tellings->rows != NULL);
    }
    tellings->rows[tellings->count++] = *telling;
}

/* ---- what should have been told ---------------------------------------------------------------------------------- */

static struct telling *expect_unit(struct told *told, const struct case_moved *moved, const char *unit, size_t size) {
    struct telling telling = {.case_id = (int64_t)moved->case_id, .version = (int32_t)moved->version};

    snprintf(telling.unit, sizeof telling.unit, "%.*s", (int)size, unit);
    add_telling(&told->expected, &telling);
    return &told->expected.rows[told->expected.count - 1];
}

static void expect_units(struct told *told, const struct case_moved *moved, const char *codes) {
    while (*codes != '\0') {
        size_t size = strcspn(codes, " ");
        if (size > 0)
            (void)expect_unit(told, moved, codes, size);
        codes += size + (codes[size] == ' ');
    }
}

static void expect_centres(struct told *told, const struct case_moved *moved, int32_t day) {
    struct centre_rows rows = centres_of(&told->centres, moved->area);
    bool unsure = centres_unsure(&told->centres, day);

    for (int i = 0; i < rows.count; i++) {
        const char *unit = centres_unit(&told->centres, rows.first + i);
        expect_unit(told, moved, unit, strlen(unit))->unsure = unsure;
    }
    told->any_unsure = told->any_unsure || unsure;
}

static bool is_parked(struct told *told, int64_t seq) {
    while (told->untold_row < PQntuples(told->untold) && db_int8(told->untold, told->untold_row, 0) < seq)
        told->untold_row++;
    return told->untold_row < PQntuples(told->untold) && db_int8(told->untold, told->untold_row, 0) == seq;
}

void told_expect(struct told *told, const struct case_moved *moved, int64_t seq, int32_t day) {
    if (seq > told->applied || day < told->streams_from || is_parked(told, seq))
        return;
    (void)expect_unit(told, moved, moved->unit, strlen(moved->unit));
    expect_units(told, moved, moved->support);
    expect_units(told, moved, moved->overseers);
    expect_units(told, moved, moved->former);
    if (notice_for_reporters(moved))
        expect_units(told, moved, STREAM_OF_REPORTERS);
    expect_centres(told, moved, day);
}

/* ---- what was told ------------------------------------------------------------------------------------------------- */

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

static int read_found(struct told *told) {
    while (told->rows != NULL && db_int2(told->rows, told->row, 0) == (int16_t)told->shard) {
        struct telling telling = {.case_id = db_int8(told->rows, told->row, 1),
                                  .version = db_int4(told->rows, told->row, 2)};
        snprintf(telling.unit, sizeof telling.unit, "%s", db_text(told->rows, told->row, 3));
        add_telling(&told->found, &telling);
        if (++told->row == PQntuples(told->rows) && next_rows(told) != 0)
            return -1;
    }
    return 0;
}

int told_open(struct told *told, struct db *db, struct findings *findings, int32_t streams_from) {
    *told = (struct told){.db = db, .findings = findings, .streams_from = streams_from};
    if (centres_read(&told->centres, db) != 0)
        return -1;
    SCOPED_RESULT
    *result = db_ask(db, "audit_told_open", NULL);

    return result == NULL ? -1 : next_rows(told);
}

void told_close(struct told *told) {
    PQclear(told->rows);
    PQclear(told->untold);
    free(told->expected.rows);
    free(told->found.rows);
    centres_close(&told->centres);
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
    told->expected.count = 0;
    told->found.count = 0;
    told->any_unsure = false;
    return told->untold == NULL ? -1 : read_found(told);
}

/* ---- side by side ---------------------------------------------------------------------------------------------------- */

static int compare_tellings(const void *left, const void *right) {
    const struct telling *a = left, *b = right;

    if (a->case_id != b->case_id)
        return a->case_id < b->case_id ? -1 : 1;
    if (a->version != b->version)
        return a->version < b->version ? -1 : 1;
    return strcmp(a->unit, b->unit);
}

/* Of several of one telling the sure one comes first. */
static int compare_sure_first(const void *left, const void *right) {
    int order = compare_tellings(left, right);

    return order != 0 ? order
                      : (int)((const struct telling *)left)->unsure - (int)((const struct telling *)right)->unsure;
}

static void sort(const struct tellings *tellings) {
    if (tellings->count > 0)
        qsort(tellings->rows, tellings->count, sizeof *tellings->rows, compare_sure_first);
}

static void say(struct told *told, const struct telling *telling, const char *what) {
    findings_add(told->findings, "case %lld: unit %s was %s version %d", (long long)telling->case_id, telling->unit,
                 what, telling->version);
}

static bool repeats(const struct tellings *tellings, size_t at) {
    return at > 0 && compare_tellings(&tellings->rows[at - 1], &tellings->rows[at]) == 0;
}

static bool may_be_surplus(const struct told *told, const struct telling *telling) {
    return told->surplus_allowed || (told->any_unsure && centres_possible(&told->centres, telling->unit));
}

void told_end_shard(struct told *told) {
    const struct tellings *expected = &told->expected, *found = &told->found;
    size_t i = 0, j = 0;

    sort(expected);
    sort(found);
    while (i < expected->count || j < found->count) {
        if (i < expected->count && repeats(expected, i)) { /* a unit that leads and supports is told once */
            i++;
            continue;
        }
        if (j < found->count && repeats(found, j)) {
            say(told, &found->rows[j++], "told twice of");
            continue;
        }
        int order = i == expected->count ? 1
                    : j == found->count  ? -1
                                         : compare_tellings(&expected->rows[i], &found->rows[j]);
        if (order < 0 && !expected->rows[i].unsure)
            say(told, &expected->rows[i], "never told of");
        if (order > 0 && !may_be_surplus(told, &found->rows[j]))
            say(told, &found->rows[j], "told, and not concerned by,");
        i += order <= 0;
        j += order >= 0;
    }
}
