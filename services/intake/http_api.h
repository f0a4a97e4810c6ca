/* The public HTTP API: POST /reports and GET /reports/CASE, JSON. Context is a struct service_loop. */
#ifndef ZHITONG_INTAKE_HTTP_API_H
#define ZHITONG_INTAKE_HTTP_API_H

#include "common/http.h"

#define INTAKE_ROUTE_COUNT 2
extern const struct http_route intake_routes[INTAKE_ROUTE_COUNT];

#endif
