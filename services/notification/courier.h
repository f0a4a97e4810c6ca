/* The courier: a thread of notification that brings what streams hold to their endpoints, with a database connection of its own and
 * libcurl. It serves the endpoints whose stream's shard this replica owns; who takes the shard over reads everything from the tables.
 *
 * At least once: what was under way when a replica died is told again with the same id. In order per case and endpoint. A backlog
 * stays in the stream; memory is bounded by the maxima here and in courier_inner.h. */
#ifndef ZHITONG_NOTIFICATION_COURIER_H
#define ZHITONG_NOTIFICATION_COURIER_H

#include "common/service.h"

extern const struct service_extra courier_extra;

#define SETTINGS_OF_COURIER \
    {"ZHITONG_DELIVERIES_AT_ONCE", \
     SETTING_NUMBER, \
     "deliveries", \
     "400", \
     4, \
     4000, \
     "deliveries under way at once to endpoints that work; those that are new, and those that fail or are slow, have a quarter of it each"}, \
        {"ZHITONG_DELIVERIES_PER_ENDPOINT", SETTING_NUMBER, "deliveries", "16", 1, 100, "of them to one endpoint"}, \
        {"ZHITONG_RETRY_SCALE_PERCENT", \
         SETTING_NUMBER, \
         "percent", \
         "100", \
         1, \
         100, \
         "of the waits between attempts; less than 100 is for tests and demos"}, \
        {"ZHITONG_PRIVATE_HOSTS", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         4000, \
         "host names and addresses, separated by commas, that may lie in private ranges for endpoints that allow it; empty: none"}, \
    { \
        "ZHITONG_CA_FILE", SETTING_TEXT, "", "", 0, 1000, \
            "path of the certificates (PEM) that are trusted when something is delivered over TLS; empty: the system's" \
    }

#endif
