/* A whole e-mail: RFC 5322 with MIME (RFC 2045 to 2047), a text and an HTML part, and what lets programs treat it well: a stable
 * Message-ID, Auto-Submitted (RFC 3834), List-Unsubscribe with one click (RFC 2369, RFC 8058). Pure. */
#ifndef ZHITONG_NOTIFICATION_MAIL_MESSAGE_H
#define ZHITONG_NOTIFICATION_MAIL_MESSAGE_H

#include "services/notification/carrier.h"
#include "services/notification/carrier_settings.h"

/* Appends the message. The addresses were checked; every other text may hold anything: headers are encoded, parts are base64. */
void mail_message(const struct parcel *parcel, const struct carrier_settings *settings, struct bytes *out);

/* Appends the value of a header, encoded where it is not plain ASCII (RFC 2047, B), folded; controls become blanks. */
void mail_add_words(struct bytes *out, const char *text);

#endif
