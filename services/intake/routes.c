#include "services/intake/routes.h"

#include "services/intake/http_api.h"
#include "services/intake/http_sources.h"

const struct http_route intake_routes[INTAKE_ROUTE_COUNT] = {
    {"POST", "/reports", intake_post_report, "takes a report; 201 with its case id once it is durable", NULL},
    {"POST", "/sources/*/reports", intake_post_webhook,
     "takes a source's reports: JSON, signed, its fields found by the city's map; 207 for an array", ""},
    {"POST", "/sources/*/cap", intake_post_cap, "takes a source's alert in CAP 1.2: a report for each of its areas",
     ""},
    {"GET", "/reports/*", intake_get_report, "a report as it came", NULL},
};
