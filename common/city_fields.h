/* What a field of a city's tables may look like, and what it says. Pure. */
#ifndef ZHITONG_CITY_FIELDS_H
#define ZHITONG_CITY_FIELDS_H

#include "common/city.h"
#include "common/city_draft.h"

#define NAME_BYTES_MAX 240
#define RING_BYTES_MAX 1000000
#define LIMIT_AMOUNT_MAX 100000 /* of any limit_unit */

/* NULL when the text is fine, else what it must be: "must be 1 to 4". Never called for an empty text. */
const char *field_fault(enum column_kind kind, const char *text);

/* The values of texts; of a text with a fault: false, 0, an empty limit. */
bool field_flag(const char *text);
uint8_t field_number(const char *text); /* TIER, WEEKDAY */
int32_t field_date(const char *text);   /* days since 1970-01-01 */
int field_minute(const char *text);     /* of the day; -1 for a fault */
struct limit field_limit(const char *amount, const char *limit_unit);

#endif
