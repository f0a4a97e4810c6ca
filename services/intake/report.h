/* What intake decides about a report: whether it can be taken, and what is written down. Pure. */
#ifndef ZHITONG_INTAKE_REPORT_H
#define ZHITONG_INTAKE_REPORT_H

#include <jansson.h>

#include "common/city_sources.h"
#include "common/report_digest.h"
#include "proto/codec.h"

/* Refuses with the field: channel unknown or closed, item or area unknown, position out of range (DOMAIN.md 2 to 4),
 * media_url no address of the web. */
MUST_CHECK int report_check(const struct city *city, const struct submit *submit, struct reason *why);

/* The log entry of an accepted report. */
void report_received_of(const struct submit *submit, struct report_received *received);

/* Callers of the HTTP API without a credential share this name. */
#define REPORT_PUBLIC_CLIENT SOURCE_NONE
/* Whether the answer may hold the receipt. The first answer may. A repeated one may where nobody else can have guessed the key: a
 * client of its own name sent it, or it has REPORT_KEY_UNGUESSED bytes. */
#define REPORT_KEY_UNGUESSED 16
bool report_tells_receipt(const char *client, const struct submit *submit, bool repeated);

/* A report may bring its answers as an object of JSON; a message carries them as that object's text. Anything else stays. */
void report_pack_attributes(json_t *report);

#endif
