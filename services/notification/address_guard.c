#include "services/notification/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct range {
    uint8_t first[16];
    int bits;
    const char *kind;
};

static const struct range ranges_4[] = {
    {{0}, 8, "this network"},
    {{10}, 8, "private"},
    {{100, 64}, 10, "shared by carriers"},
    {{127}, 8, "loopback"},
    {{168, 63, 129, 16}, 32, "metadata"},
    {{169, 254}, 16, "link-local"},
    {{172, 16}, 12, "private"},
    {{192, 0, 0}, 24, "of protocols"},
    {{192, 0, 2}, 24, "for documentation"},
    {{192, 88, 99}, 24, "6to4 relay"},
    {{192, 168}, 16, "private"},
    {{198, 18}, 15, "for benchmarks"},
    {{198, 51, 100}, 24, "for documentation"},
    {{203, 0, 113}, 24, "for documentation"},
    {{224}, 4, "multicast"},
    {{240}, 4, "reserved"},
};

static const struct range ranges_6[] = {
    {{0}, 96, "loopback or unspecified"}, /* also ::a.b.c.d, which nobody may use any more */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "local NAT64"},
    {{0x01}, 64, "discarded"},
    {{0x20, 0x01, 0x00, 0x00}, 23, "of protocols"}, /* Teredo and ORCHID among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation"},
    {{0x3f, 0xff}, 20, "for documentation"},
    {{0x5f}, 16, "segment routing"},
    {{0xfc}, 7, "private"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "site-local"},
    {{0xff}, 8, "multicast"},
};

/* IPv6 in which an IPv4 address lies, and where. */
static const struct {
    struct range range;
    size_t at;
} carrying_4[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96, "mapped"}, 12},
    {{{[8] = 0xff, [9] = 0xff}, 96, "translated"}, 12},
    {{{0x00, 0x64, 0xff, 0x9b}, 96, "NAT64"}, 12},
    {{{0x20, 0x02}, 16, "6to4"}, 2},
};

static bool lies_in(const uint8_t *address, const struct range *range) {
    int whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(address, range->first, (size_t)whole) != 0)
        return false;
    return rest == 0 || (address[whole] ^ range->first[whole]) >> (8 - rest) == 0;
}

static const char *closed_4(const uint8_t address[4]) {
    for (size_t i = 0; i < sizeof ranges_4 / sizeof ranges_4[0]; i++)
        if (lies_in(address, &ranges_4[i]))
            return ranges_4[i].kind;
    return NULL;
}

static const char *closed_6(const uint8_t address[16]) {
    for (size_t i = 0; i < sizeof carrying_4 / sizeof carrying_4[0]; i++)
        if (lies_in(address, &carrying_4[i].range))
            return closed_4(address + carrying_4[i].at);
    for (size_t i = 0; i < sizeof ranges_6 / sizeof ranges_6[0]; i++)
        if (lies_in(address, &ranges_6[i]))
            return ranges_6[i].kind;
    return NULL;
}

const char *address_closed(const struct sockaddr *address) {
    if (address->sa_family == AF_INET)
        return closed_4((const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    if (address->sa_family == AF_INET6)
        return closed_6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return "of no known family";
}

const char *address_text_closed(const char *text) {
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1)
        return closed_4(bytes);
    char plain[INET6_ADDRSTRLEN];
    size_t size = strcspn(text, "%"); /* a zone behind it */
    if (size >= sizeof plain)
        return "no address";
    memcpy(plain, text, size);
    plain[size] = '\0';
    return inet_pton(AF_INET6, plain, bytes) == 1 ? closed_6(bytes) : "no address";
}

bool host_in_list(const char *list, const char *host) {
    size_t host_size = strlen(host);
    if (host_size >= 2 && host[0] == '[' && host[host_size - 1] == ']') {
        host++;
        host_size -= 2;
    }
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, ", ");
        size_t size = strcspn(at, ", ");
        const char *name = at;
        at += size;
        if (size >= 2 && name[0] == '[' && name[size - 1] == ']') {
            name++;
            size -= 2;
        }
        if (size > 0 && size == host_size && strncasecmp(name, host, size) == 0)
            return true;
    }
    return false;
}
