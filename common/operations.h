/* /healthz, /readyz and /metrics, the same in every service. Context is a struct service_loop. */
#ifndef ZHITONG_OPERATIONS_H
#define ZHITONG_OPERATIONS_H

#include "common/http.h"

extern const struct http_route operations_routes[];
extern const size_t operations_route_count;

#endif
