/* Text inside of what other systems read: forms, XML, markdown, JSON. Pure; all append to `out`. */
#ifndef ZHITONG_NOTIFICATION_CARRIER_TEXT_H
#define ZHITONG_NOTIFICATION_CARRIER_TEXT_H

#include "proto/codec.h"

void text_add(struct bytes *out, const char *text);
void text_add_json(struct bytes *out, const char *text); /* the inside of a JSON string, RFC 8259 */
void text_add_form(struct bytes *out,
                   const char *text); /* percent-encoded: all but letters, digits and -._~ (RFC 3986) */
void text_add_xml(struct bytes *out, const char *text); /* of XML and HTML; controls but tab and newline are left out */
/* Every character that means something in CommonMark is escaped; a line break is one (two blanks before it). */
void text_add_markdown(struct bytes *out, const char *text);
/* At most so many bytes of it, cut between characters, with … where something is left out. */
void text_add_cut(struct bytes *out, const char *text, size_t most);

/* Base64 of RFC 4648 in lines of 76 with CRLF, as RFC 2045 asks. */
void text_add_base64_lines(struct bytes *out, const void *data, size_t size);

/* Base64 of HMAC-SHA256 (RFC 2104), 44 characters and the final NUL. */
#define SIGNATURE_TEXT_SIZE 45
void text_sign(char signature[SIGNATURE_TEXT_SIZE], const char *key, const char *message);

#endif
