/* Reads an alert of the Common Alerting Protocol 1.2 (OASIS). Pure. XML by libexpat, without DTDs and entities: a DOCTYPE is
 * refused, depth, elements and every text are bounded. */
#ifndef ZHITONG_CAP_H
#define ZHITONG_CAP_H

#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define CAP_NAMESPACE "urn:oasis:names:tc:emergency:cap:1.2"
#define CAP_INFOS_MAX 8
#define CAP_AREAS_MAX 32    /* of one info */
#define CAP_GEOCODES_MAX 16 /* of one area */
#define CAP_DEPTH_MAX 16    /* elements within elements */
#define CAP_ELEMENTS_MAX 10000
#define CAP_WORD_MAX 250   /* bytes of a short text */
#define CAP_TEXT_MAX 12000 /* bytes of a long one */

struct cap_geocode {
    char name[CAP_WORD_MAX + 1], value[CAP_WORD_MAX + 1];
};

struct cap_area {
    char desc[2 * CAP_WORD_MAX + 1];
    double lat, lon; /* middle of its first polygon or circle, WGS-84 degrees; NaN: it has none */
    struct cap_geocode geocodes[CAP_GEOCODES_MAX];
    size_t geocode_count;
};

struct cap_info {
    char language[CAP_WORD_MAX + 1]; /* RFC 3066; "": en-US, says the standard */
    char event[CAP_WORD_MAX + 1], urgency[CAP_WORD_MAX + 1], severity[CAP_WORD_MAX + 1], certainty[CAP_WORD_MAX + 1];
    char effective[CAP_WORD_MAX + 1], onset[CAP_WORD_MAX + 1], expires[CAP_WORD_MAX + 1];
    char sender_name[CAP_WORD_MAX + 1], web[2 * CAP_WORD_MAX + 1], contact[2 * CAP_WORD_MAX + 1];
    char headline[2 * CAP_WORD_MAX + 1];
    char description[CAP_TEXT_MAX + 1], instruction[CAP_TEXT_MAX + 1];
    struct cap_area areas[CAP_AREAS_MAX];
    size_t area_count;
};

struct cap_alert {
    char identifier[CAP_WORD_MAX + 1], sender[CAP_WORD_MAX + 1], sent[CAP_WORD_MAX + 1];
    char status[CAP_WORD_MAX + 1], kind[CAP_WORD_MAX + 1]; /* kind: msgType */
    char scope[CAP_WORD_MAX + 1], note[CAP_TEXT_MAX + 1];
    char references[CAP_TEXT_MAX + 1]; /* sender,identifier,sent of earlier alerts, apart by blanks */
    struct cap_info infos[CAP_INFOS_MAX];
    size_t info_count;
};

/* Refuses with the element's name as field: not well-formed (with its line), a DOCTYPE, not CAP 1.2, too deep, too many, too long,
 * twice, missing (identifier, sender, sent, status, msgType, scope; of each info event, urgency, severity, certainty), no word of
 * the standard, no polygon or circle. The caller frees *out with cap_close. */
MUST_CHECK int cap_read(struct cap_alert **out, const uint8_t *text, size_t size, struct reason *why);
void cap_close(struct cap_alert **alert);

/* The element of an info, or of the alert, by its name in the standard; NULL: there is none of that name here. */
const char *cap_text(const struct cap_alert *alert, const struct cap_info *info, const char *name);

#endif
