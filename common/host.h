/* How a host is named in settings: by a name or by a numeric address. All of it is pure. */
#ifndef ZHITONG_HOST_H
#define ZHITONG_HOST_H

#include <stdbool.h>

/* A numeric IPv4 or IPv6 address, without brackets, zone or port. */
bool host_is_address(const char *text);

/* The address by which a socket listens on all addresses (0.0.0.0 or ::). Nobody can connect to it from elsewhere. */
bool host_is_every_address(const char *text);

/* A numeric address, or letters that a host's name may have (RFC 1123, and the underscore that some give). */
bool host_is_name_or_address(const char *text);

#endif
