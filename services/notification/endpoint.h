/* An endpoint: where something of a unit's stream goes, and how. A row of notification.endpoint, as the courier holds it. */
#ifndef ZHITONG_NOTIFICATION_ENDPOINT_H
#define ZHITONG_NOTIFICATION_ENDPOINT_H

#include "common/city.h"
#include "services/notification/carrier.h"

#define ENDPOINT_NAME_MAX 64
#define ENDPOINT_SHOWN_MAX 120
#define ENDPOINT_LANGUAGE_MAX 16
#define ENDPOINT_EVENTS_MAX 400
#define ENDPOINT_TOKEN_MAX 64
#define MINUTE_NONE (-1)

struct endpoint {
    int64_t endpoint; /* its number */
    char name[ENDPOINT_NAME_MAX + 1];
    char unit[CODE_MAX + 1]; /* whose stream */
    const struct carrier *carrier;
    char shown[ENDPOINT_SHOWN_MAX + 1];       /* of the address, what lists and attempts may show */
    char language[ENDPOINT_LANGUAGE_MAX + 1]; /* "": the city's first */
    char events[ENDPOINT_EVENTS_MAX + 1];     /* of people: codes of notices, apart by a blank; "": all */
    int quiet_from, quiet_to, digest_at;      /* minutes of the day on the city's clock, or MINUTE_NONE */
    int per_hour;                             /* 0: no limit */
    int told_this_hour;                       /* entries that were told at once since the full hour, by this replica */
    bool allow_private;
    bool found_per_entry; /* it has no address of its own: people_find() looks for it */
    char login[CODE_MAX + 1];
    char token[ENDPOINT_TOKEN_MAX + 1]; /* of the link that ends it; "": there is none */
};

#endif
