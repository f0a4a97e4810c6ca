#include "common/http_address.h"

#include <arpa/inet.h>
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

bool http_address_forwarded(const char *forwarded, char address[HTTP_PEER_BYTES_MAX + 1]) {
    unsigned char numeric[sizeof(struct in6_addr)];
    const char *last = strrchr(forwarded, ',');
    last = last != NULL ? last + 1 : forwarded;
    size_t size;
    last = bare(last + strspn(last, " "), &size);
    if (size > HTTP_PEER_BYTES_MAX)
        return false;
    memcpy(address, last, size);
    address[size] = '\0';
    return inet_pton(AF_INET, address, numeric) == 1 || inet_pton(AF_INET6, address, numeric) == 1;
}

void http_address(const struct http_request *request, bool behind_proxy, char address[HTTP_PEER_BYTES_MAX + 1]) {
    const char *forwarded = behind_proxy ? http_header_last(request, "X-Forwarded-For") : NULL;
    if (forwarded == NULL || !http_address_forwarded(forwarded, address))
        http_peer(request, address);
}
