/* Hands a mail to intake over its HTTP API: first what hangs on it (POST /files), then the report (POST /reports), which is durable
 * when this returns MAIL_TAKEN. The report's idempotency key is "id:" and the mail's id, so a mail that comes twice is one report. */
#ifndef ZHITONG_ZHITONG_MAIL_SEND_H
#define ZHITONG_ZHITONG_MAIL_SEND_H

#include "services/zhitong/mail_read.h"

#define MAIL_SEND_SECONDS_MAX 60 /* of one request */

struct mail_target {
    const char *url;                   /* of intake, without a slash at its end */
    const char *api_key;               /* of the source; "": none */
    const char *channel, *item, *area; /* NULL: the source's row in sources.csv says */
};

enum mail_outcome {
    MAIL_TAKEN,
    MAIL_REFUSED, /* for good: sending it again would not help */
    MAIL_LATER    /* intake is not there, busy, or does not know our key */
};

struct mail_result {
    enum mail_outcome outcome;
    char case_id[24];  /* when taken */
    bool repeated;     /* it was taken before */
    size_t left_out;   /* attachments that intake did not take */
    struct reason why; /* when not taken, or of the last attachment left out */
};

void mail_send(const struct mail_target *target, const struct mail *mail, struct mail_result *result);

#endif
