/* Receipt codes: with one the reporter of a case, and nobody else, sees it and acts on it. Pure.
 *
 * A code is 60 bits of the case's keyed code in Crockford's base 32 and one character that checks the others (Luhn mod 32), written
 * as XXXX-XXXX-XXXX-X. Nothing is stored: whoever has the keyring can make it again. It holds as long as its key is in the ring. */
#ifndef ZHITONG_RECEIPT_H
#define ZHITONG_RECEIPT_H

#include "common/secret_keys.h"

#define RECEIPT_TEXT_SIZE 17
#define RECEIPT_CHARACTERS 13

/* The code of a case, with the newest key. */
void receipt_print(const struct secret_keys *keys, uint64_t case_id, char text[RECEIPT_TEXT_SIZE]);

/* Reads what somebody typed: capitals or not, o for 0, i and l for 1, blanks and hyphens anywhere. Refuses (field "receipt") what is
 * not that long, has another character, or does not fit its check character: a typing error, not a try. */
MUST_CHECK int receipt_read(const char *typed, char code[RECEIPT_CHARACTERS + 1], struct reason *why);

/* Whether the code is that of the case, with any key of the ring. Takes the same time for each code. */
bool receipt_fits(const struct secret_keys *keys, uint64_t case_id, const char code[RECEIPT_CHARACTERS + 1]);

#endif
