/* From where a request comes. */
#ifndef ZHITONG_HTTP_ADDRESS_H
#define ZHITONG_HTTP_ADDRESS_H

#include "common/http.h"

/* The address that the last proxy wrote at the end of an X-Forwarded-For, without brackets and port. False: what stands there is no IPv4
 * or IPv6 address. Pure. */
bool http_address_forwarded(const char *forwarded, char address[HTTP_PEER_BYTES_MAX + 1]);

/* The numeric address of the client. Behind a proxy the address that it saw is the last one of the last X-Forwarded-For; what stands
 * before it anybody can have written. What is no address is not taken: then it is that of whoever is connected. */
void http_address(const struct http_request *request, bool behind_proxy, char address[HTTP_PEER_BYTES_MAX + 1]);

#endif
