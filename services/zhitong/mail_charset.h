/* Text of an e-mail in whatever charset as UTF-8. Pure. */
#ifndef ZHITONG_ZHITONG_MAIL_CHARSET_H
#define ZHITONG_ZHITONG_MAIL_CHARSET_H

#include <stddef.h>
#include <stdint.h>

/* Writes at most room - 1 bytes to out, not NUL-ended, and returns how many. What is broken becomes U+FFFD. charset may be NULL, wrong
 * or unknown: then UTF-8 where the bytes are that, else GB18030, else Windows-1252. Where a name is used for a smaller set than what
 * is sent under it, the larger one is taken (GB2312 and GBK: GB18030; ISO 8859-1: Windows-1252). */
size_t mail_charset_to_utf8(const char *charset, const uint8_t *bytes, size_t size, char *out, size_t room);

#endif
