/* Who may hand in reports over HTTP: the keys of sources, from intake.credential, kept in memory and read again when the mesh
 * announces a change (`zhitong keys source` does) and every CREDENTIALS_MS: a revoked key stops within that time. While the
 * database is out of reach, the last ones hold. One thread, the loop. */
#ifndef ZHITONG_INTAKE_CREDENTIAL_H
#define ZHITONG_INTAKE_CREDENTIAL_H

#include "common/city_sources.h"
#include "services/intake/intake.h"
#include "services/intake/webhook_sign.h"

#define CREDENTIALS_MAX 10000 /* that are good; more are not read */
#define CREDENTIALS_MS 2000
#define API_KEY_TEXT_MAX 64 /* bytes of a key as it is sent */

struct credentials;
struct credentials *credentials_open(void); /* with none; the caller closes it */
void credentials_close(struct credentials **credentials);
/* Once a turn of the loop: has them read when it is time. */
void credentials_turn(struct intake *intake);
bool credentials_known(const struct intake *intake); /* false until they have been read once */

/* The code of the source whose API key this is; NULL: of none, or it is revoked or expired. Constant time in the key. Borrowed
 * until the loop's next turn. */
const char *source_of_key(struct intake *intake, const char *api_key);
/* The API key of a request: `Authorization: Bearer KEY` or `X-API-Key: KEY`; NULL: it has none. Borrowed from the request. */
const char *api_key_of(const struct http_request *request);

/* *source: the one whose API key the request has; NULL: it has none. Refuses a key that is no source's. Borrowed as the city is. */
MUST_CHECK int source_of_caller(struct intake *intake, const struct http_request *request, const struct source **source,
                                struct reason *why);

/* Whether one of the source's secrets signed it, now. Refuses with a header as field. */
MUST_CHECK int source_check_signed(struct intake *intake, const char *source, const struct webhook_signed *request,
                                   struct reason *why);

#endif
