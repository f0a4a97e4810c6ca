#include "common/contact.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SEPARATORS " -./()"
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

static bool normal_phone(const char *text, char normal[CONTACT_BYTES_MAX + 1]) {
    char digits[CONTACT_PHONE_DIGITS_MAX + 1];
    size_t size = 0;
    text += strspn(text, " ");
    bool plus = *text == '+';
    for (text += plus; *text != '\0'; text++) {
        if (strchr(SEPARATORS, *text) != NULL)
            continue;
        if (*text < '0' || *text > '9' || size == CONTACT_PHONE_DIGITS_MAX)
            return false;
        digits[size++] = *text;
    }
    digits[size] = '\0';
    bool exit_code = !plus && digits[0] == '0' && digits[1] == '0';
    if (size < CONTACT_PHONE_DIGITS_MIN + (exit_code ? 2u : 0u))
        return false;
    snprintf(normal, CONTACT_BYTES_MAX + 1, "%s%s", plus || exit_code ? "+" : "", digits + (exit_code ? 2 : 0));
    return true;
}

static bool normal_email(const char *text, char normal[CONTACT_BYTES_MAX + 1]) {
    const char *at = strchr(text, '@');
    size_t size = strlen(text);
    if (at == NULL || at == text || strchr(at + 1, '@') != NULL || strchr(at + 1, '.') == NULL ||
        size > CONTACT_BYTES_MAX)
        return false;
    if (strpbrk(text, " \t\n\"<>(),:;\\[]") != NULL || at[1] == '.' || text[size - 1] == '.' ||
        strstr(text, "..") != NULL)
        return false;
    for (size_t i = 0; i <= size; i++)
        normal[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 'a' - 'A') : text[i];
    return true;
}

static bool normal_address(const char *text, char normal[CONTACT_BYTES_MAX + 1]) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, text, &four) == 1)
        return inet_ntop(AF_INET, &four, normal, CONTACT_BYTES_MAX + 1) != NULL;
    if (inet_pton(AF_INET6, text, &six) != 1)
        return false;
    if (memcmp(&six, mapped, sizeof mapped) == 0)
        return inet_ntop(AF_INET, six.s6_addr + sizeof mapped, normal, CONTACT_BYTES_MAX + 1) != NULL;
    memset(six.s6_addr + 8, 0, 8);
    return inet_ntop(AF_INET6, &six, normal, CONTACT_BYTES_MAX + 1) != NULL;
}

static const struct kind {
    const char *name;
    bool (*normal)(const char *text, char normal[CONTACT_BYTES_MAX + 1]);
    const char *form;
} kinds[] = {
    {"phone", normal_phone,
     "a telephone number of " TEXT_OF(CONTACT_PHONE_DIGITS_MIN) " to " TEXT_OF(
         CONTACT_PHONE_DIGITS_MAX) " digits, with + and separators at most"},
    {"email", normal_email, "an address like name@example.org"},
    {"address", normal_address, "an IPv4 or IPv6 address"},
};

static const struct kind *kind_named(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

bool contact_normal(const char *kind, const char *text, char normal[CONTACT_BYTES_MAX + 1]) {
    const struct kind *known = kind_named(kind);
    snprintf(normal, CONTACT_BYTES_MAX + 1, "%s", text);
    return known == NULL || known->normal(text, normal);
}

const char *contact_form(const char *kind) {
    const struct kind *known = kind_named(kind);
    return known != NULL ? known->form : "a text";
}
