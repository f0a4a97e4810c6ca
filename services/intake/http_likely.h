/* GET /reports/likely: which cases a report would be likely to be part of, for whoever asks before sending it. */
#ifndef ZHITONG_INTAKE_HTTP_LIKELY_H
#define ZHITONG_INTAKE_HTTP_LIKELY_H

#include "common/http.h"

/* Query: item; lat and long, or area and address; text. Only cases of public channels are named, and of them what anybody may know:
 * number, state, when, how likely and why. 400 with the field, 404 for an unknown item or area, 503 without a database. */
void intake_get_likely(struct http_request *request, void *context);

#endif
