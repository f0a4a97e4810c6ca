/* How somebody who reported is reached. */
#include <stdio.h>

#include "common/reporter.h"
#include "services/notification/destination.h"
#include "services/notification/people.h"

void people_choose(const struct carrier_settings *settings, const struct reporter_details *details,
                   struct people_found *found) {
    bool mail = settings->smtp_url[0] != '\0', sms = settings->sms_url[0] != '\0';
    if (details->email[0] != '\0' && mail) {
        found->carrier = carrier_named("email");
        snprintf(found->to.address, sizeof found->to.address, "%s", details->email);
        destination_show(details->email, found->shown, sizeof found->shown);
    } else if (details->phone[0] != '\0' && sms) {
        found->carrier = carrier_named("sms");
        snprintf(found->to.address, sizeof found->to.address, "%s", details->phone);
        destination_show(details->phone, found->shown, sizeof found->shown);
    } else if (details->email[0] != '\0' || details->phone[0] != '\0') {
        found->nobody = "no carrier: there is no mail server or SMS gateway for what was left";
    } else {
        found->nobody = "no address: neither an e-mail address nor a number was left";
    }
}
