/* How somebody who reported is reached. */
#include <stdio.h>
#include <string.h>

#include "common/reporter.h"
#include "services/notification/people.h"

/* s…@example.org, …4567: enough to find it again, too little to use it. */
static void show_email(const char *email, char shown[ENDPOINT_SHOWN_MAX + 1]) {
    const char *at = strchr(email, '@');
    size_t first = 1;
    while (((unsigned char)email[first] & 0xc0) == 0x80)
        first++;
    snprintf(shown, ENDPOINT_SHOWN_MAX + 1, "%.*s…%s", (int)first, email, at != NULL ? at : "");
}

static void show_phone(const char *phone, char shown[ENDPOINT_SHOWN_MAX + 1]) {
    size_t size = strlen(phone), last = size > 7 ? 4 : 2;
    snprintf(shown, ENDPOINT_SHOWN_MAX + 1, "…%s", phone + (size > last ? size - last : 0));
}

void people_choose(const struct carrier_settings *settings, const struct reporter_details *details,
                   struct people_found *found) {
    bool mail = settings->smtp_url[0] != '\0', sms = settings->sms_url[0] != '\0';
    if (details->email[0] != '\0' && mail) {
        found->carrier = carrier_named("email");
        snprintf(found->to.address, sizeof found->to.address, "%s", details->email);
        show_email(details->email, found->shown);
    } else if (details->phone[0] != '\0' && sms) {
        found->carrier = carrier_named("sms");
        snprintf(found->to.address, sizeof found->to.address, "%s", details->phone);
        show_phone(details->phone, found->shown);
    } else if (details->email[0] != '\0' || details->phone[0] != '\0') {
        found->nobody = "no carrier: there is no mail server or SMS gateway for what was left";
    } else {
        found->nobody = "no address: neither an e-mail address nor a number was left";
    }
}
