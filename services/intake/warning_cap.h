/* A public warning as an alert of the Common Alerting Protocol 1.2 (OASIS), in English and, where the city says it so, in Chinese.
 * Pure. */
#ifndef ZHITONG_INTAKE_WARNING_CAP_H
#define ZHITONG_INTAKE_WARNING_CAP_H

#include "common/emit.h"
#include "common/zone.h"

#define WARNING_TYPE "application/cap+xml; charset=utf-8"
#define WARNING_ID_SIZE 128
#define WARNING_POLYGONS_MAX 8
#define WARNING_POINTS_MAX 300 /* of one polygon: of a longer one every n-th point is left */

struct warning { /* borrowed texts, none NULL; of those of two languages Chinese may be empty */
    uint64_t case_id;
    int number;           /* of the case's alerts, from 1 */
    const char *kind;     /* Alert, Update or Cancel */
    const char *severity; /* blue, yellow, orange or red */
    int64_t sent_at, expires_at;
    const char *before; /* numbers and unix seconds of the alerts that it refers to, apart by blanks */
    const char *category, *urgency, *certainty;
    const char *event[2], *instruction[2], *area_name[2]; /* English, Chinese */
    const char *area;                                     /* code */
    double lat, lon;                                      /* middle of the area; NaN: not known */
    unsigned metres;                                      /* around it, where there is no border */
    const char *rings; /* border: long and lat apart by blanks, polygons apart by semicolons */
};

struct warning_origin { /* who warns; borrowed */
    const char *city;   /* code */
    const char *sender; /* e-mail address or name, without blanks and commas */
    const char *sender_name;
    const struct zone *zone;
    const char *web; /* where this alert stands */
};

/* Unique for good: CITY-CASE-NUMBER. */
void warning_id(const char *city, uint64_t case_id, int number, char id[WARNING_ID_SIZE]);
/* "Gas leak: Laojie Subdistrict". */
void warning_headline(const struct warning *warning, int language, char *text, size_t room);
void warning_write(struct emit *emit, const struct warning *warning, const struct warning_origin *origin);

#endif
