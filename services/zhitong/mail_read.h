/* An e-mail as a report: RFC 5322 message and MIME (RFC 2045 to 2047, 2183, 2231), read with gmime. No clock, no socket.
 *
 * What hostile mails can do is bounded by the limits below; what lies past them is left out and counted, not refused. */
#ifndef ZHITONG_ZHITONG_MAIL_READ_H
#define ZHITONG_ZHITONG_MAIL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/codec.h"

#define MAIL_BYTES_MAX 36700160    /* of a mail: 25 MB of attachments in base64, and some */
#define MAIL_DEPTH_MAX 20          /* of parts in parts */
#define MAIL_PARTS_MAX 200         /* that are looked at */
#define MAIL_TEXT_BYTES_MAX 262144 /* of a text part, before it is cleaned */
#define MAIL_FILES_MAX 10          /* as in submit.files */
#define MAIL_FILE_BYTES_MAX 20971520

struct mail_file {
    char name[121], type[81]; /* as the sender says */
    uint8_t *data;
    size_t size;
};

struct mail {
    char id[61];     /* its Message-ID, or a hash where that is missing or long: the same mail has the same one */
    char title[241]; /* the subject; "" where there is none */
    char description[4001];
    char name[121], email[161]; /* of who sends it */
    struct mail_file files[MAIL_FILES_MAX];
    size_t file_count,
        left_out;       /* left_out: attachments that are too many, too long, too deep or of no kind that is taken */
    char automatic[81]; /* why a program and no person sent it (RFC 3834, RFC 2369, RFC 3464); "": a person did */
};

void mail_start(void); /* once, before the others */
/* Refuses (field "From", "text", "message") what has no sender, says nothing and holds nothing, or is no mail. The caller closes
 * *out. */
MUST_CHECK int mail_read(struct mail **out, const uint8_t *bytes, size_t size, struct reason *why);
void mail_close(struct mail **mail); /* takes NULL */

#endif
