#include "common/traceparent.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ID_AT 3 /* "00-" */
#define PARENT_AT 36
#define PARENT_SIZE 16
#define FLAGS_AT 53
#define FLAGS_SIZE 2
#define HEX "0123456789abcdef"

static bool is_hex(const char *text, size_t size) {
    return strspn(text, HEX) >= size;
}

static bool is_id(const char *text, size_t size) {
    return is_hex(text, size) && strspn(text, "0") < size;
}

static bool is_good(const char *text) {
    if (strlen(text) < TRACEPARENT_SIZE || !is_hex(text, 2) || strncmp(text, "ff", 2) == 0)
        return false;
    const char next = text[TRACEPARENT_SIZE];
    if (next != '\0' && (strncmp(text, "00", 2) == 0 || next != '-'))
        return false;
    return text[ID_AT - 1] == '-' && is_id(text + ID_AT, TRACE_ID_SIZE) && text[PARENT_AT - 1] == '-' &&
           is_id(text + PARENT_AT, PARENT_SIZE) && text[FLAGS_AT - 1] == '-' && is_hex(text + FLAGS_AT, FLAGS_SIZE);
}

void traceparent_copy(char to[TRACEPARENT_SIZE + 1], const char *from) {
    if (from == NULL || !is_good(from)) {
        to[0] = '\0';
        return;
    }
    memmove(to, from, TRACEPARENT_SIZE);
    memcpy(to, "00", 2);
    to[TRACEPARENT_SIZE] = '\0';
}

void traceparent_make(char to[TRACEPARENT_SIZE + 1]) {
    uint8_t random[(TRACE_ID_SIZE + PARENT_SIZE) / 2];
    char hex[2 * sizeof random + 1];
    randombytes_buf(random, sizeof random);
    random[0] |= 1; /* neither id may be 0 */
    random[sizeof random - 1] |= 1;
    sodium_bin2hex(hex, sizeof hex, random, sizeof random);
    snprintf(to, TRACEPARENT_SIZE + 1, "00-%.*s-%s-01", TRACE_ID_SIZE, hex, hex + TRACE_ID_SIZE);
}

void trace_id(char id[TRACE_ID_SIZE + 1], const char *traceparent) {
    memcpy(id, traceparent + ID_AT, TRACE_ID_SIZE);
    id[TRACE_ID_SIZE] = '\0';
}

bool trace_is_sampled(const char *traceparent) {
    const char low = traceparent[FLAGS_AT + 1];
    const unsigned bits = (unsigned)(strchr(HEX, low) - HEX);
    return (bits & 1) != 0;
}
