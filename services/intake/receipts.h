/* The reporter at intake's HTTP API, who needs no account: whoever has a case's receipt is its reporter.
 *
 *   Authorization: Receipt XXXX-XXXX-XXXX-X
 *
 * A wrong code counts against its address and against the case; after so many of either nobody is answered for a while (429), for
 * else the codes could be tried one by one. A case that does not exist is answered as a wrong code is. */
#ifndef ZHITONG_INTAKE_RECEIPTS_H
#define ZHITONG_INTAKE_RECEIPTS_H

#include "common/http.h"
#include "common/settings.h"

http_handler receipt_get,    /* GET /receipts/CASE */
    receipt_get_reporter,    /* GET /receipts/CASE/reporter */
    receipt_delete_reporter, /* DELETE /receipts/CASE/reporter */
    receipt_post;            /* POST /receipts/CASE/ACTION */

#define SETTINGS_OF_RECEIPTS \
    {"ZHITONG_RECEIPT_SPAN_SECONDS", \
     SETTING_NUMBER, \
     "s", \
     "300", \
     1, \
     86400, \
     "the time in which wrong receipt codes are counted"}, \
        {"ZHITONG_RECEIPT_FAILURES", \
         SETTING_NUMBER, \
         "codes", \
         "100", \
         1, \
         10000, \
         "wrong receipt codes for one case in that time; then 429"}, \
    { \
        "ZHITONG_ADDRESS_FAILURES", SETTING_NUMBER, "codes", "20", 1, 100000, \
            "wrong receipt codes from one address in that time; then 429" \
    }

/* Which wrong codes were tried; of one replica. */
struct receipt_tries;
struct receipt_tries *receipt_tries_open(const struct settings *settings);
void receipt_tries_close(struct receipt_tries **tries);

#endif
