#include "common/http_address.h"

#include <stdio.h>
#include <string.h>

void http_address(const struct http_request *request, bool behind_proxy, char address[HTTP_PEER_BYTES_MAX + 1]) {
    const char *forwarded = behind_proxy ? http_header_last(request, "X-Forwarded-For") : NULL;
    const char *last = forwarded != NULL ? strrchr(forwarded, ',') : NULL;
    last = last != NULL ? last + 1 : forwarded != NULL ? forwarded : "";
    last += strspn(last, " ");
    size_t size = strspn(last, "0123456789abcdefABCDEF.:[]");
    if (size == 0 || size > HTTP_PEER_BYTES_MAX || last[size] != '\0')
        http_peer(request, address);
    else
        snprintf(address, HTTP_PEER_BYTES_MAX + 1, "%s", last);
}
