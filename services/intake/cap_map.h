/* An alert as reports: one for each area of the city that it names. Pure. Where source_fields.csv has no row for a field of the
 * report, its place in CAP 1.2 is taken: title from headline (or event), description from description and instruction, address
 * from areaDesc, the point from polygon or circle, occurred_at from sent; and severity, urgency and certainty as attributes. Rows
 * name an element in `at`; `geocode` is any of the area's codes. The fallback of a row for `language` says in which language an
 * alert is read that comes in several. */
#ifndef ZHITONG_INTAKE_CAP_MAP_H
#define ZHITONG_INTAKE_CAP_MAP_H

#include "common/cap.h"
#include "common/source_map.h"

#define CAP_REFERENCES_MAX 10 /* earlier alerts that are looked for; the last ones */
#define CAP_REFERENCE_MAX (3 * CAP_WORD_MAX + 3)

/* Refuses, with the element as field, what is no actual alert: a test or exercise, an acknowledgement or error report; one
 * without an info, unless it cancels. */
MUST_CHECK int cap_check(const struct cap_alert *alert, struct reason *why);
/* Refuses, with the field "scope", an alert that is not for the public, where everybody hears of the source's cases. */
MUST_CHECK int cap_check_scope(const struct cap_alert *alert, const struct channel *channel, struct reason *why);
/* Of several languages the source's; the first when none is. NULL: the alert has no info. */
const struct cap_info *cap_info_for(const struct cap_alert *alert, const struct source *source);

struct cap_origin {
    const struct source *source;
    const struct zone *zone;
    const struct cap_alert *alert;
    const struct cap_info *info;
};
/* The reports of the alert into `out` (CAP_AREAS_MAX of them); how many. Areas that are one area of the city give one report.
 * Refuses as source_report does, with the element as field. */
MUST_CHECK int cap_reports(const struct cap_origin *origin, struct submit *out, size_t *count, struct reason *why);

/* How references name the alert: sender,identifier,sent. */
void cap_reference(const struct cap_alert *alert, char reference[CAP_REFERENCE_MAX + 1]);
/* The earlier alerts that it refers to; how many. */
size_t cap_references(const struct cap_alert *alert, char references[CAP_REFERENCES_MAX][CAP_REFERENCE_MAX + 1]);
/* The idempotency key of the nth report of an alert. */
void cap_key(char key[65], const char *reference, size_t nth);

#endif
