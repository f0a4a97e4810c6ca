/* Whether a signed request comes from whom it says. Pure.
 *
 *   standard  Standard Webhooks 1.0.0: webhook-signature holds `v1,BASE64` one or several times, apart by a blank, of
 *             HMAC-SHA256 over `webhook-id.webhook-timestamp.body`; webhook-timestamp is unix seconds
 *   body      X-Signature: sha256=HEX of HMAC-SHA256 over the body alone. It tells no time: what is sent again is taken for a
 *             retry by the report's own number, or by the body's hash */
#ifndef ZHITONG_INTAKE_WEBHOOK_SIGN_H
#define ZHITONG_INTAKE_WEBHOOK_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define WEBHOOK_SECRET_MAX 64         /* bytes */
#define WEBHOOK_TOLERANCE_SECONDS 300 /* before and after */
#define WEBHOOK_ID_MAX 128
#define WEBHOOK_SIGNATURES_MAX 8

enum webhook_form { WEBHOOK_STANDARD, WEBHOOK_BODY };

struct webhook_signed {                     /* headers as they came, NULL where one is missing */
    const char *id, *timestamp, *signature; /* webhook-… */
    const char *body_signature;             /* X-Signature */
    const uint8_t *body;
    size_t size;
};

struct webhook_secret {
    uint8_t bytes[WEBHOOK_SECRET_MAX];
    size_t size;
    enum webhook_form form;
};

/* Which headers are there, whether they can be read, whether the time is near `now` (unix seconds). Refuses with the header as
 * field. Does not look at the signature itself. */
MUST_CHECK int webhook_headers_check(const struct webhook_signed *request, int64_t now, struct reason *why);
/* Whether one of the signatures was made with this secret; constant time in the signature. */
bool webhook_signed_with(const struct webhook_signed *request, const struct webhook_secret *secret);

#endif
