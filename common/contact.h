/* Telephone numbers, e-mail and network addresses in one form each, so that equal ones are equal texts. Pure. */
#ifndef ZHITONG_CONTACT_H
#define ZHITONG_CONTACT_H

#include <stddef.h>

#define CONTACT_BYTES_MAX 200

/* kind "phone": without separators. "email": small letters. "address": an IPv4 address in IPv6 as IPv4, of another IPv6 address the
 * first 64 bits, which one customer has. Any other kind, and what is no address: as it is. What is longer than CONTACT_BYTES_MAX is
 * cut. */
void contact_normal(const char *kind, const char *text, char normal[CONTACT_BYTES_MAX + 1]);

#endif
