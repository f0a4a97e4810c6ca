/* Everything that intake answers to over HTTP, once. Context is a struct service_loop. */
#ifndef ZHITONG_INTAKE_ROUTES_H
#define ZHITONG_INTAKE_ROUTES_H

#include "common/http.h"

#define INTAKE_ROUTE_COUNT 26
extern const struct http_route intake_routes[INTAKE_ROUTE_COUNT];

#endif
