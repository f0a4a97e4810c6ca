/* Who did what, written before it is answered. Rows that wait while others are committed go together in the next statement. */
#ifndef ZHITONG_DESK_AUDIT_H
#define ZHITONG_DESK_AUDIT_H

#include "common/asks.h"

#define AUDIT_OUTCOME_MAX 120

struct audit_row {
    char login[65];
    int32_t post; /* 0: none */
    char what[33];
    uint64_t case_id; /* 0: none */
    char outcome[AUDIT_OUTCOME_MAX + 1];
};

/* Called from the loop once the row is durable, or cannot be written. */
typedef void audit_done(void *context, bool written);

struct audit;
struct audit *audit_open(struct asks *asks);
void audit_close(struct audit **audit);
void audit_write(struct audit *audit, const struct audit_row *row, audit_done *done, void *context);
size_t audit_waiting(const struct audit *audit);

#endif
