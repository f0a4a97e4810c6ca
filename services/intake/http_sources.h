/* What sources send over HTTP: POST /sources/CODE/reports (webhooks: signed JSON) and POST /sources/CODE/cap (CAP 1.2 alerts). */
#ifndef ZHITONG_INTAKE_HTTP_SOURCES_H
#define ZHITONG_INTAKE_HTTP_SOURCES_H

#include "common/city_sources.h"
#include "common/http.h"
#include "services/intake/intake.h"

http_handler intake_post_webhook, intake_post_cap;

/* The source of the path, of this adapter, whose key or signature the request has; NULL: answered (404, 401 or 503). */
const struct source *source_of_request(struct intake *intake, struct http_request *request, enum adapter adapter);

#endif
