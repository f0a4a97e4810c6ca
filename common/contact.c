#include "common/contact.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void normal_address(char address[CONTACT_BYTES_MAX + 1]) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct in6_addr six;
    if (inet_pton(AF_INET6, address, &six) != 1)
        return;
    if (memcmp(&six, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, six.s6_addr + sizeof mapped, address, CONTACT_BYTES_MAX + 1);
    } else {
        memset(six.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &six, address, CONTACT_BYTES_MAX + 1);
    }
}

void contact_normal(const char *kind, const char *text, char normal[CONTACT_BYTES_MAX + 1]) {
    bool phone = strcmp(kind, "phone") == 0, email = strcmp(kind, "email") == 0;
    size_t size = 0;
    for (const char *at = text; *at != '\0' && size < CONTACT_BYTES_MAX; at++)
        if (!phone || strchr(" -().", *at) == NULL)
            normal[size++] = email ? (char)tolower((unsigned char)*at) : *at;
    normal[size] = '\0';
    if (strcmp(kind, "address") == 0)
        normal_address(normal);
}
