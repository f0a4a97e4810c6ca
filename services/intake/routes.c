#include "services/intake/routes.h"

#include "services/intake/admission.h"
#include "services/intake/http_api.h"

const struct http_route intake_routes[INTAKE_ROUTE_COUNT] = {
    {"POST", "/reports", intake_post_report, "takes a report; 201 with its case id once it is durable", NULL},
    {"GET", "/reports/*", intake_get_report, "a report as it came", NULL},
    {"GET", "/blocks/*", intake_get_block, "whether somebody is still blocked, and what came of an appeal", ""},
    {"POST", "/blocks/*/appeals", intake_post_appeal, "says what is wrong about a block", ""},
};
