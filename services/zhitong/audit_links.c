#include "services/zhitong/audit_links.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void links_close(struct links *links) {
    PQclear(links->rows);
    free(links->seen);
    links->rows = NULL;
    links->seen = NULL;
}

int links_begin_shard(struct links *links, uint16_t shard) {
    struct params params = {0};
    links_close(links);
    params_int2(&params, (int16_t)shard);
    links->rows = db_ask(links->db, "audit_links", &params);
    if (links->rows == NULL)
        return -1;
    links->seen = calloc((size_t)PQntuples(links->rows) + 1, sizeof *links->seen);
    assert(links->seen != NULL);
    return 0;
}

static int row_of(const struct links *links, uint64_t case_id) {
    int low = 0, high = PQntuples(links->rows);
    while (low < high) {
        int middle = (low + high) / 2;
        uint64_t here = (uint64_t)db_int8(links->rows, middle, 0);
        if (here == case_id)
            return middle;
        if (here < case_id)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static bool names(const char *likely, uint64_t parent) {
    while (*likely != '\0') {
        char *end;
        if (strtoull(likely, &end, 10) == parent && *end == ':')
            return true;
        likely += strcspn(likely, " ");
        likely += strspn(likely, " ");
    }
    return false;
}

void links_hear(struct links *links, const struct case_moved *moved) {
    int row = row_of(links, moved->case_id);
    if (row < 0)
        return;
    uint64_t parent = (uint64_t)db_int8(links->rows, row, 1);
    links->seen[row] = links->seen[row] || moved->parent == parent || names(moved->likely, parent);
}

void links_end_shard(struct links *links, bool cut) {
    for (int row = 0; row < PQntuples(links->rows) && !cut; row++)
        if (!links->seen[row])
            findings_add(links->findings, "case %lld: its report was linked to %lld, and it was never part of that",
                         (long long)db_int8(links->rows, row, 0), (long long)db_int8(links->rows, row, 1));
}
