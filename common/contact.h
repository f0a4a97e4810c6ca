/* Telephone numbers, e-mail and network addresses in one form each, so that equal ones are equal texts: what a reporter is found by and
 * what is blocked have the same blind index. Pure. */
#ifndef ZHITONG_CONTACT_H
#define ZHITONG_CONTACT_H

#include <stdbool.h>
#include <stddef.h>

#define CONTACT_BYTES_MAX 200
#define CONTACT_PHONE_DIGITS_MIN 3
#define CONTACT_PHONE_DIGITS_MAX 20 /* ITU-T E.164 has 15; extensions and exit codes come before or behind */

/* kind "phone": digits, behind a + where the number begins with + or 00. "email" (RFC 5321 without quoting): small ASCII letters.
 * "address": IPv4 in IPv6 as IPv4, of another IPv6 address the first 64 bits, which one customer has. Any other kind: as it is.
 * False: the text is none of the kind, see contact_form; `normal` is then the text as it is, cut to CONTACT_BYTES_MAX. */
bool contact_normal(const char *kind, const char *text, char normal[CONTACT_BYTES_MAX + 1]);

/* What a text of this kind must be, for refusals: "must be …". */
const char *contact_form(const char *kind);

#endif
