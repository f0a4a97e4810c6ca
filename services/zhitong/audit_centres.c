#include "services/zhitong/audit_centres.h"

#include <string.h>

int centres_read(struct centres *centres, struct db *db) {
    *centres = (struct centres){.rows = db_ask(db, "audit_centres", NULL)};
    if (centres->rows != NULL)
        centres->others = db_ask(db, "audit_units", NULL);
    SCOPED_RESULT
    *sure = centres->others != NULL ? db_ask(db, "audit_centres_sure", NULL) : NULL;
    if (sure == NULL)
        return -1;
    centres->sure_after = db_int4(sure, 0, 0);
    return 0;
}

void centres_close(struct centres *centres) {
    PQclear(centres->rows);
    PQclear(centres->others);
    *centres = (struct centres){0};
}

/* First row whose text is not below the code. */
static int first_row(const PGresult *rows, const char *code) {
    int low = 0, high = PQntuples(rows);

    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(db_text(rows, middle, 0), code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct centre_rows centres_of(const struct centres *centres, const char *area) {
    struct centre_rows found = {.first = first_row(centres->rows, area)};

    while (found.first + found.count < PQntuples(centres->rows) &&
           strcmp(db_text(centres->rows, found.first + found.count, 0), area) == 0)
        found.count++;
    return found;
}

const char *centres_unit(const struct centres *centres, int row) {
    return db_text(centres->rows, row, 1);
}

bool centres_unsure(const struct centres *centres, int32_t day) {
    return day <= centres->sure_after;
}

bool centres_possible(const struct centres *centres, const char *unit) {
    int row = first_row(centres->others, unit);

    return row == PQntuples(centres->others) || strcmp(db_text(centres->others, row, 0), unit) != 0;
}
