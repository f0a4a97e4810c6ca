/* Which addresses are closed to what comes from outside: an endpoint's URL must not reach the city's own network (server-side request
 * forgery). Pure.
 *
 * Closed is what the IANA special-purpose registries do not call globally reachable (RFC 6890), IPv4 inside IPv6 (mapped, NAT64,
 * 6to4) where the inner address is closed, and the addresses at which clouds give out their secrets. */
#ifndef ZHITONG_NOTIFICATION_ADDRESS_GUARD_H
#define ZHITONG_NOTIFICATION_ADDRESS_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/* What kind of closed address it is ("loopback", "private" …); NULL: it is open. Another family than IPv4 and IPv6 is closed. */
const char *address_closed(const struct sockaddr *address);
/* The same for an address as text; what is none is closed. */
const char *address_text_closed(const char *text);

/* Whether a list of names and addresses, apart by commas, has this host. Case does not count, nor brackets around IPv6. */
bool host_in_list(const char *list, const char *host);

#endif
