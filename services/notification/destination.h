/* What an endpoint keeps sealed: its address and its secrets, as JSON under the keyring. */
#ifndef ZHITONG_NOTIFICATION_DESTINATION_H
#define ZHITONG_NOTIFICATION_DESTINATION_H

#include "common/secret_keys.h"
#include "services/notification/carrier.h"

/* Appends the sealed text to `out`. It can be opened only as that of the endpoint of this name. */
void destination_seal(const struct secret_keys *keys, const char *name, const struct destination *destination,
                      struct bytes *out);
/* Refuses (field "endpoint.sealed") what another key sealed, or what is none. `destination` holds secrets afterwards: wipe it. */
MUST_CHECK int destination_open(const struct secret_keys *keys, const char *name, const struct bytes *sealed,
                                struct destination *destination, struct reason *why);

/* A new secret as Standard Webhooks writes one: whsec_ and 32 random bytes in base64. */
void destination_make_secret(char secret[CARRIER_SECRET_MAX + 1]);
/* Puts it in front of the others; the oldest falls out where there are CARRIER_SECRETS_MAX. */
void destination_add_secret(struct destination *destination, const char *secret);

/* Of an address, what everybody may see: a URL without its query; a mail address or number with its middle left out. */
void destination_show(const char *address, char *shown, size_t room);

#endif
