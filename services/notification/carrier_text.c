#include "services/notification/carrier_text.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_text.h"

#define LINE_BYTES 57 /* that become 76 characters */

void text_add(struct bytes *out, const char *text) {
    bytes_append(out, text, strlen(text));
}

void text_add_json(struct bytes *out, const char *text) {
    size_t size = strlen(text), room = size * JSON_TEXT_GROWTH_MAX + 1;
    char *inside = malloc(room);
    assert(inside != NULL);
    bytes_append(out, inside, json_text(inside, room, text, size, NULL));
    free(inside);
}

void text_add_form(struct bytes *out, const char *text) {
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool plain = (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') ||
                     strchr("-._~", *at) != NULL;
        char coded[3] = {'%', hex[*at >> 4], hex[*at & 15]};
        bytes_append(out, plain ? (const char *)at : coded, plain ? 1 : 3);
    }
}

static const char *xml_of(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (unsigned char)c < ' ' && c != '\n' && c != '\t' ? "" : NULL;
    }
}

void text_add_xml(struct bytes *out, const char *text) {
    for (; *text != '\0'; text++) {
        const char *coded = xml_of(*text);
        bytes_append(out, coded != NULL ? coded : text, coded != NULL ? strlen(coded) : 1);
    }
}

void text_add_markdown(struct bytes *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            bytes_append(out, "  ", 2);
        if (strchr("\\`*_{}[]()<>#+-.!|~", *text) != NULL)
            bytes_append(out, "\\", 1);
        bytes_append(out, text, 1);
    }
}

void text_add_cut(struct bytes *out, const char *text, size_t most) {
    static const char more[] = "…";
    size_t size = strlen(text);
    if (size <= most) {
        bytes_append(out, text, size);
        return;
    }
    assert(most >= sizeof more - 1);
    size = most - (sizeof more - 1);
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    bytes_append(out, text, size);
    bytes_append(out, more, sizeof more - 1);
}

void text_add_base64_lines(struct bytes *out, const void *data, size_t size) {
    char line[LINE_BYTES / 3 * 4 + 1];
    for (const uint8_t *at = data; size > 0;) {
        size_t take = size < LINE_BYTES ? size : LINE_BYTES;
        sodium_bin2base64(line, sizeof line, at, take, sodium_base64_VARIANT_ORIGINAL);
        text_add(out, line);
        text_add(out, "\r\n");
        at += take;
        size -= take;
    }
}

void text_sign(char signature[SIGNATURE_TEXT_SIZE], const char *key, const char *message) {
    crypto_auth_hmacsha256_state state;
    uint8_t hash[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)key, strlen(key));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)message, strlen(message));
    crypto_auth_hmacsha256_final(&state, hash);
    sodium_bin2base64(signature, SIGNATURE_TEXT_SIZE, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
}
