#include "common/receipt.h"

#include <sodium.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's: without I, L, O and U */

static int value_of(char letter) {
    if (letter >= 'a' && letter <= 'z')
        letter = (char)(letter - 32);
    if (letter == 'O')
        letter = '0';
    if (letter == 'I' || letter == 'L')
        letter = '1';
    const char *at = letter != '\0' ? strchr(digits, letter) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Luhn mod 32 over the first 12: every wrong character shows, and most pairs that changed places. */
static char check_of(const char *code) {
    int sum = 0;
    for (int i = 0; i < RECEIPT_CHARACTERS - 1; i++) {
        int value = value_of(code[i]) * (i % 2 == 1 ? 2 : 1);
        sum += value / 32 + value % 32;
    }
    return digits[(32 - sum % 32) % 32];
}

static void code_of(const struct secret_keys *keys, size_t nth, uint64_t case_id, char code[RECEIPT_CHARACTERS + 1]) {
    uint8_t bytes[SECRET_CODE_BYTES];
    uint64_t bits = 0;
    secret_code(keys, nth, "receipt", case_id, bytes);
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | bytes[i];
    for (int i = 0; i < RECEIPT_CHARACTERS - 1; i++)
        code[i] = digits[bits >> (5 * i) & 31];
    code[RECEIPT_CHARACTERS - 1] = check_of(code);
    code[RECEIPT_CHARACTERS] = '\0';
}

void receipt_print(const struct secret_keys *keys, uint64_t case_id, char text[RECEIPT_TEXT_SIZE]) {
    char code[RECEIPT_CHARACTERS + 1], *at = text;
    code_of(keys, 0, case_id, code);
    for (int i = 0; i < RECEIPT_CHARACTERS; i++) {
        if (i > 0 && i % 4 == 0)
            *at++ = '-';
        *at++ = code[i];
    }
    *at = '\0';
}

int receipt_read(const char *typed, char code[RECEIPT_CHARACTERS + 1], struct reason *why) {
    size_t count = 0;
    for (; *typed != '\0'; typed++) {
        if (*typed == '-' || *typed == ' ')
            continue;
        int value = value_of(*typed);
        if (value < 0 || count == RECEIPT_CHARACTERS)
            return refuse(why, "receipt", "must be a code like XXXX-XXXX-XXXX-X, of digits and letters without U");
        code[count++] = digits[value];
    }
    code[count] = '\0';
    if (count != RECEIPT_CHARACTERS)
        return refuse(why, "receipt", "must have %d digits and letters, like XXXX-XXXX-XXXX-X", RECEIPT_CHARACTERS);
    if (check_of(code) != code[RECEIPT_CHARACTERS - 1])
        return refuse(why, "receipt", "is mistyped: its last character does not fit the others");
    return 0;
}

bool receipt_fits(const struct secret_keys *keys, uint64_t case_id, const char code[RECEIPT_CHARACTERS + 1]) {
    bool fits = false;
    for (size_t i = 0; i < secret_keys_count(keys); i++) {
        char right[RECEIPT_CHARACTERS + 1];
        code_of(keys, i, case_id, right);
        fits |= sodium_memcmp(right, code, RECEIPT_CHARACTERS) == 0;
    }
    return fits;
}
