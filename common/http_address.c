#include "common/http_address.h"

#include <stdio.h>
#include <string.h>

/* Of an address as a proxy wrote it, without brackets and port: where it begins, and its size in *size; 0: it is none. */
static const char *bare(const char *text, size_t *size) {
    size_t all = strspn(text, "0123456789abcdefABCDEF.:[]");
    *size = 0;
    if (text[all] != '\0')
        return text;
    if (text[0] == '[') {
        *size = strcspn(text + 1, "]");
        return text + 1;
    }
    size_t four = strspn(text, "0123456789."); /* an IPv6 address has more than one colon */
    *size = text[four] == ':' && strchr(text + four + 1, ':') == NULL ? four : all;
    return text;
}

void http_address(const struct http_request *request, bool behind_proxy, char address[HTTP_PEER_BYTES_MAX + 1]) {
    const char *forwarded = behind_proxy ? http_header_last(request, "X-Forwarded-For") : NULL;
    const char *last = forwarded != NULL ? strrchr(forwarded, ',') : NULL;
    last = last != NULL ? last + 1 : forwarded != NULL ? forwarded : "";
    last += strspn(last, " ");
    size_t size;
    last = bare(last, &size);
    if (size == 0 || size > HTTP_PEER_BYTES_MAX)
        http_peer(request, address);
    else
        snprintf(address, HTTP_PEER_BYTES_MAX + 1, "%.*s", (int)size, last);
}
