#include "common/host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

bool host_is_address(const char *text) {
    struct in6_addr address;

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

bool host_is_every_address(const char *text) {
    static const uint8_t none[sizeof(struct in6_addr)];
    uint8_t bytes[sizeof none];

    if (inet_pton(AF_INET, text, bytes) == 1)
        return memcmp(bytes, none, sizeof(struct in_addr)) == 0;
    return inet_pton(AF_INET6, text, bytes) == 1 && memcmp(bytes, none, sizeof none) == 0;
}

bool host_is_name_or_address(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

    return text[strspn(text, letters)] == '\0' || host_is_address(text);
}
