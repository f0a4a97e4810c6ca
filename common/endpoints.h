/* Lists of endpoints, as people write them: tcp://HOST:PORT, several separated by commas. */
#ifndef ZHITONG_ENDPOINTS_H
#define ZHITONG_ENDPOINTS_H

#include "proto/reason.h"

#define ENDPOINTS_MAX 16
#define ENDPOINT_TEXT_MAX 128 /* bytes */

struct endpoints {
    int count; /* at least 1 */
    char names[ENDPOINTS_MAX][ENDPOINT_TEXT_MAX + 1];
};

/* Refuses (endpoint) a list that is empty or too long, and a name that is too long or not tcp://HOST:PORT. */
MUST_CHECK int endpoints_read(struct endpoints *endpoints, const char *text, struct reason *why);

#endif
