#include "common/http_tag.h"

#include <sodium.h>
#include <string.h>

#define TAG_BYTES 16

void http_tag_of(const void *bytes, size_t size, char tag[HTTP_TAG_SIZE]) {
    unsigned char hash[TAG_BYTES];
    crypto_generichash(hash, sizeof hash, bytes, size, NULL, 0);
    tag[0] = '"';
    sodium_bin2hex(tag + 1, 2 * TAG_BYTES + 1, hash, sizeof hash);
    memcpy(tag + 1 + 2 * TAG_BYTES, "\"", 2);
}

bool http_tag_matches(const char *if_none_match, const char *tag) {
    size_t size = strlen(tag);
    for (const char *at = if_none_match; at != NULL && *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        if (*at == '*')
            return true;
        if (strncmp(at, "W/", 2) == 0)
            at += 2;
        if (strncmp(at, tag, size) == 0 && strchr(", \t", at[size]) != NULL)
            return true;
    }
    return false;
}

void http_answer_tagged(struct http_request *request, const char *content_type, const char *body, size_t size) {
    char tag[HTTP_TAG_SIZE];
    http_tag_of(body, size, tag);
    http_add_header(request, "ETag", tag);
    if (http_tag_matches(http_header(request, "If-None-Match"), tag))
        http_answer(request, 304, NULL, NULL, 0);
    else
        http_answer(request, 200, content_type, body, size);
}
