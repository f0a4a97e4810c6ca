/* From where a request comes. */
#ifndef ZHITONG_HTTP_ADDRESS_H
#define ZHITONG_HTTP_ADDRESS_H

#include "common/http.h"

/* The numeric address of the client. Behind a proxy the address that it saw is the last one of the last X-Forwarded-For; what stands before it
 * anybody can have written. What is no address is not taken: then it is that of whoever is connected. */
void http_address(const struct http_request *request, bool behind_proxy, char address[HTTP_PEER_BYTES_MAX + 1]);

#endif
