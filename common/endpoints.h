/* Where a client connects, as people write it: tcp://HOST:PORT, several separated by commas, and the server's key file. */
#ifndef ZHITONG_ENDPOINTS_H
#define ZHITONG_ENDPOINTS_H

#include "common/wire.h"

#define ENDPOINTS_MAX 16
#define ENDPOINT_TEXT_MAX 128 /* bytes */

struct endpoints {
    int count; /* at least 1 */
    char names[ENDPOINTS_MAX][ENDPOINT_TEXT_MAX + 1];
};

/* Refuses (endpoint) a list that is empty or too long, and a name that is too long or not tcp://HOST:PORT. */
MUST_CHECK int endpoints_read(struct endpoints *endpoints, const char *text, struct reason *why);

/* The `public` line of a key file; a secret one beside it is not looked at. Refuses with the path as field. */
MUST_CHECK int server_key_read(char key[WIRE_KEY_SIZE], const char *path, struct reason *why);

#endif
