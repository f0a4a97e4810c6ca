/* The public feed of warnings: GET /warnings.atom lists them, GET /warnings/CASE-NUMBER.xml is one as CAP 1.2. What was read is good for
 * WARNINGS_KEPT_MS, so that a feed which the whole city reads costs the database one query in that time; the reading gives out the
 * alerts that are due. */
#ifndef ZHITONG_INTAKE_WARNINGS_H
#define ZHITONG_INTAKE_WARNINGS_H

#include "services/intake/intake.h"

#define WARNINGS_KEPT_MS 5000
#define WARNINGS_MAX "500" /* in the feed, the newest */

#define SETTINGS_OF_WARNINGS \
    {"ZHITONG_CAP_SENDER", \
     SETTING_TEXT, \
     "", \
     "", \
     0, \
     100, \
     "who warns the public, as the sender of CAP alerts: an e-mail address or a name without blanks and commas; empty: made of the city's code"}, \
    { \
        "ZHITONG_WARNINGS_URL", SETTING_TEXT, "", "", 0, 200, \
            "address at which the public reaches intake, without a slash at its end, for the links in warnings; empty: that of the request, by http" \
    }

struct warnings;
struct warnings *warnings_open(struct intake *intake);
void warnings_close(struct warnings **warnings);

http_handler intake_get_warnings, intake_get_warning;

#endif
