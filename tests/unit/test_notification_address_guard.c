#include "services/notification/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *address;
    const char *kind; /* NULL: open */
} examples[] = {
    {"0.0.0.0", "this network"},
    {"0.255.255.255", "this network"},
    {"1.1.1.1", NULL},
    {"9.255.255.255", NULL},
    {"10.0.0.1", "private"},
    {"10.255.255.255", "private"},
    {"11.0.0.0", NULL},
    {"100.63.255.255", NULL},
    {"100.64.0.0", "shared by carriers"},
    {"100.100.100.200", "shared by carriers"}, /* metadata of a cloud */
    {"100.127.255.255", "shared by carriers"},
    {"100.128.0.0", NULL},
    {"127.0.0.1", "loopback"},
    {"127.255.255.254", "loopback"},
    {"168.63.129.15", NULL},
    {"168.63.129.16", "metadata"},
    {"169.253.255.255", NULL},
    {"169.254.169.254", "link-local"}, /* metadata of most clouds */
    {"172.15.255.255", NULL},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"172.32.0.0", NULL},
    {"192.0.0.8", "of protocols"},
    {"192.0.2.1", "for documentation"},
    {"192.88.99.1", "6to4 relay"},
    {"192.167.255.255", NULL},
    {"192.168.0.1", "private"},
    {"198.17.255.255", NULL},
    {"198.18.0.1", "for benchmarks"},
    {"198.19.255.255", "for benchmarks"},
    {"198.20.0.0", NULL},
    {"203.0.113.9", "for documentation"},
    {"223.255.255.255", NULL},
    {"224.0.0.1", "multicast"},
    {"240.0.0.1", "reserved"},
    {"255.255.255.255", "reserved"},
    {"::", "loopback or unspecified"},
    {"::1", "loopback or unspecified"},
    {"::7f00:1", "loopback or unspecified"},
    {"::ffff:127.0.0.1", "loopback"},
    {"::ffff:10.1.2.3", "private"},
    {"::ffff:1.1.1.1", NULL},
    {"::ffff:0:127.0.0.1", "loopback"},
    {"64:ff9b::7f00:1", "loopback"},
    {"64:ff9b::a9fe:a9fe", "link-local"},
    {"64:ff9b::101:101", NULL},
    {"64:ff9b:1::101:101", "local NAT64"},
    {"100::1", "discarded"},
    {"2001::1", "of protocols"},
    {"2001:db8::1", "for documentation"},
    {"2001:4860:4860::8888", NULL},
    {"2002:7f00:1::1", "loopback"},
    {"2002:c0a8:101::1", "private"},
    {"2002:101:101::1", NULL},
    {"240e:ff::1", NULL},
    {"fbff::1", NULL},
    {"fc00::1", "private"},
    {"fd00:ec2::254", "private"}, /* metadata over IPv6 */
    {"fdff::1", "private"},
    {"fe00::1", NULL},
    {"fe80::1", "link-local"},
    {"fe80::1%eth0", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "site-local"},
    {"ff02::1", "multicast"},
};

static void compare(const char *address, const char *got, const char *wanted) {
    if ((got == NULL) != (wanted == NULL) || (got != NULL && strcmp(got, wanted) != 0))
        fail_msg("%s: %s and not %s", address, got != NULL ? got : "open", wanted != NULL ? wanted : "open");
}

static void closed_ranges_are_closed_up_to_their_borders(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        compare(examples[i].address, address_text_closed(examples[i].address), examples[i].kind);
        struct sockaddr_in four = {.sin_family = AF_INET};
        struct sockaddr_in6 six = {.sin6_family = AF_INET6};
        if (inet_pton(AF_INET, examples[i].address, &four.sin_addr) == 1)
            compare(examples[i].address, address_closed((struct sockaddr *)&four), examples[i].kind);
        else if (inet_pton(AF_INET6, examples[i].address, &six.sin6_addr) == 1)
            compare(examples[i].address, address_closed((struct sockaddr *)&six), examples[i].kind);
    }
}

static void what_is_no_internet_address_is_closed(void **state) {
    static const char *const texts[] = {
        "",          "example.org",
        "127.1",     "0x7f.1",
        "1.1.1.1 ",  "::1::",
        "999.1.1.1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    (void)state;
    assert_non_null(address_closed((const struct sockaddr *)&local));
    for (size_t i = 0; i < LENGTH(texts); i++)
        assert_non_null(address_text_closed(texts[i]));
}

static void a_host_must_stand_in_the_list_as_a_whole(void **state) {
    static const struct {
        const char *list, *host;
        bool found;
    } lists[] = {
        {"", "a", false},
        {"a", "a", true},
        {"a", "A", true},
        {"a,b", "b", true},
        {"a, b ,c", "b", true},
        {"ab", "a", false},
        {"a", "ab", false},
        {"x.a", "a", false},
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.10", false},
        {"[::1]", "::1", true},
        {"::1", "[::1]", true},
        {",,", "", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(lists); i++)
        if (host_in_list(lists[i].list, lists[i].host) != lists[i].found)
            fail_msg("%s in %s", lists[i].host, lists[i].list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_ranges_are_closed_up_to_their_borders),
        cmocka_unit_test(what_is_no_internet_address_is_closed),
        cmocka_unit_test(a_host_must_stand_in_the_list_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
