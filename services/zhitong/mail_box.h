/* A mailbox over IMAP4rev1 (RFC 3501), with libcurl. The mailbox is the queue: what lies in it is still to be handled, and what has
 * been handled is moved to another folder. So nothing has to be remembered between two runs, neither UIDs nor their validity, and a
 * mail that was handled but not moved comes again and is known by its id. */
#ifndef ZHITONG_ZHITONG_MAIL_BOX_H
#define ZHITONG_ZHITONG_MAIL_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define MAIL_BOX_MAILS_MAX 1000  /* of one look; the rest come with the next one */
#define MAIL_BOX_SECONDS_MAX 120 /* of one command */

struct mail_box_options {
    const char *url;    /* imaps://HOST[:PORT], or imap:// which then must speak STARTTLS */
    const char *folder; /* the mailbox: "INBOX" */
    const char *user, *password;
    bool without_tls; /* imap:// as it is: to a server on the same machine */
};

struct mail_box;
/* Refuses a URL that is none of IMAP. Connects with the first command. */
MUST_CHECK int mail_box_open(struct mail_box **out, const struct mail_box_options *options, struct reason *why);
void mail_box_close(struct mail_box **box); /* takes NULL */

/* The UIDs of the mails that lie there, at most MAIL_BOX_MAILS_MAX; borrowed until the next look. Refuses what the server refuses, and
 * when it cannot be reached, as all of these do (field "imap"). */
MUST_CHECK int mail_box_look(struct mail_box *box, const uint32_t **uids, size_t *count, struct reason *why);
/* Bytes of one mail, as the server says. */
MUST_CHECK int mail_box_size(struct mail_box *box, uint32_t uid, uint64_t *size, struct reason *why);
/* The whole mail, at most size_max bytes; the caller free()s them. */
struct mail_bytes {
    uint8_t *bytes;
    size_t size;
};
MUST_CHECK int mail_box_fetch(struct mail_box *box, uint32_t uid, size_t size_max, struct mail_bytes *mail,
                              struct reason *why);
/* Moves it to another folder, which is made when there is none: MOVE (RFC 6851), else COPY and EXPUNGE. */
MUST_CHECK int mail_box_move(struct mail_box *box, uint32_t uid, const char *folder, struct reason *why);

/* ---- what a server answers; pure ------------------------------------------------------------------------------------ */

/* The UIDs of a `* SEARCH` line; how many. */
size_t mail_box_uids(const char *lines, uint32_t uids[MAIL_BOX_MAILS_MAX]);
/* The RFC822.SIZE of a FETCH line. False: there is none. */
bool mail_box_size_of(const char *lines, uint64_t *size);

#endif
