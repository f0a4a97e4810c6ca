#include "services/intake/routes.h"

#include "services/intake/http_api.h"
#include "services/intake/http_likely.h"

const struct http_route intake_routes[INTAKE_ROUTE_COUNT] = {
    {"POST", "/reports", intake_post_report, "takes a report; 201 with its case id once it is durable", NULL},
    {"GET", "/reports/likely", intake_get_likely,
     "cases that a report would be likely to be part of: item, and lat and long or area and address; text", NULL},
    {"GET", "/reports/*", intake_get_report, "a report as it came", NULL},
};
