/* What routing keeps of a report with its case. Pure. */
#ifndef ZHITONG_REPORT_KEPT_H
#define ZHITONG_REPORT_KEPT_H

#include "proto/codec.h"

/* A clock in case_kept.clocks, for sscanf: name, from, limit and its unit, grace and its unit, ms of both, told, moves up. No number can
 * be so large that sums of them overflow. */
#define KEPT_CLOCK_FORMAT "%11s %15lld %9u %9u %9u %9u %15lld %15lld %9u %9u;%n"

/* The facts that an opening entry tells. */
void report_kept_of(const struct case_moved *opening, struct report_kept *kept);
/* Reads what stands in the row: a report_kept, or in a row of an earlier version the whole opening entry. Refuses what is
 * neither. */
MUST_CHECK int report_kept_read(const uint8_t *bytes, size_t size, struct report_kept *kept, struct reason *why);

#endif
