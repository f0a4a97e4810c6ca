#include "common/end_token.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"

static void print_with(const struct secret_keys *keys, size_t nth, uint64_t case_id, char token[END_TOKEN_SIZE]) {
    uint8_t code[SECRET_CODE_BYTES];
    char hex[SECRET_CODE_BYTES * 2 + 1];
    secret_code(keys, nth, "end messages", case_id, code);
    sodium_bin2hex(hex, sizeof hex, code, sizeof code);
    snprintf(token, END_TOKEN_SIZE, "r%" PRIu64 "-%s", case_id, hex);
}

void end_token_print(const struct secret_keys *keys, uint64_t case_id, char token[END_TOKEN_SIZE]) {
    print_with(keys, 0, case_id, token);
}

bool end_token_read(const struct secret_keys *keys, const char *token, uint64_t *case_id) {
    char number[ID_DIGITS_MAX + 1] = "", right[END_TOKEN_SIZE];
    size_t digits = token[0] == 'r' ? strcspn(token + 1, "-") : 0, size = strlen(token);
    if (digits == 0 || digits > ID_DIGITS_MAX || size >= END_TOKEN_SIZE)
        return false;
    memcpy(number, token + 1, digits);
    if (!is_id(number))
        return false;
    uint64_t claimed = strtoull(number, NULL, 10);
    bool fits = false;
    for (size_t i = 0; i < secret_keys_count(keys); i++) {
        print_with(keys, i, claimed, right);
        fits |= strlen(right) == size && sodium_memcmp(right, token, size) == 0;
    }
    if (fits)
        *case_id = claimed;
    return fits;
}
