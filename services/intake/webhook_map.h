/* A webhook's JSON as reports, by the source's field map. Pure. */
#ifndef ZHITONG_INTAKE_WEBHOOK_MAP_H
#define ZHITONG_INTAKE_WEBHOOK_MAP_H

#include <jansson.h>

#include "common/source_map.h"

#define WEBHOOK_REPORTS_MAX 200 /* in one body */

/* What a JSON pointer (RFC 6901) points at in the document; NULL: nothing, or the pointer is none. Borrowed. */
const json_t *json_at(const json_t *document, const char *pointer);

struct webhook_body {
    const json_t *document;
    const json_t *reports; /* an array; NULL: the document is one report */
    const char *at;        /* pointer to that array */
    size_t count;
};

/* Finds the reports: the document itself, its array, or the array at the map's `reports`. Refuses with the pointer as field: no
 * object or array, more than WEBHOOK_REPORTS_MAX. Borrows the document and the source. */
MUST_CHECK int webhook_body_read(struct webhook_body *out, const struct source *source, const json_t *document,
                                 struct reason *why);

/* The nth report. `key` is for one without a number of its own. Refuses as source_report does; the field is the pointer into the
 * whole document. */
struct webhook_origin {
    const struct source *source;
    const struct zone *zone;
    const char *key;
};
MUST_CHECK int webhook_report(const struct webhook_body *body, size_t nth, const struct webhook_origin *origin,
                              struct submit *out, struct reason *why);

/* Puts the pointer into the document in front of a reason's field, where the report is one of several. */
void webhook_place(const struct webhook_body *body, size_t nth, struct reason *why);

#endif
