/* Everything that desk answers to, once; services/desk/openapi.json says how. */
#ifndef ZHITONG_DESK_ROUTES_H
#define ZHITONG_DESK_ROUTES_H

#include "common/http.h"

#define DESK_ROUTE_COUNT 40
extern const struct http_route desk_routes[DESK_ROUTE_COUNT];

#endif
