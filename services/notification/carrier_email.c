/* E-mail over SMTP (RFC 5321). What the server says to a message decides: 2xx it took it, 4xx later, 5xx never; whoever may not log in
 * or has no TLS has something to mend, and the message waits. */
#include <stdio.h>
#include <string.h>

#include "services/notification/carrier_settings.h"
#include "services/notification/carriers.h"
#include "services/notification/mail_message.h"

static int prepare(const struct parcel *parcel, const struct carrier_settings *settings, struct transfer *transfer,
                   struct reason *why) {
    if (settings->smtp_url[0] == '\0')
        return refuse(why, "ZHITONG_SMTP_URL", "there is no mail server");
    if (!mail_address_is_plain(parcel->to->address))
        return refuse(why, "address", "must be an e-mail address in ASCII, without a name");
    transfer->kind = TRANSFER_MAIL;
    snprintf(transfer->url, sizeof transfer->url, "%s", settings->smtp_url);
    snprintf(transfer->mail_from, sizeof transfer->mail_from, "%s", settings->mail_from);
    snprintf(transfer->mail_to, sizeof transfer->mail_to, "%.*s", MAIL_ADDRESS_MAX, parcel->to->address);
    snprintf(transfer->user, sizeof transfer->user, "%s", settings->smtp_user);
    snprintf(transfer->password, sizeof transfer->password, "%s", settings->smtp_password);
    transfer->plain = !settings->smtp_starttls;
    mail_message(parcel, settings, &transfer->body);
    return 0;
}

/* Codes about us and not about who gets it (RFC 4954, RFC 3207). */
static bool is_ours(int status) {
    return status == 530 || status == 534 || status == 535 || status == 538;
}

static void judge(const struct carrier_settings *settings, const struct answer *answer, struct verdict *verdict) {
    (void)settings;
    *verdict = (struct verdict){.kind = VERDICT_AGAIN};
    if (answer->status >= 200 && answer->status <= 299)
        verdict->kind = VERDICT_SENT;
    else if (answer->status >= 500 && answer->status <= 599 && !is_ours(answer->status))
        verdict->kind = VERDICT_DEAD;
}

const struct carrier carrier_email = {"email", true, prepare, judge};
