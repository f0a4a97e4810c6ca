#include "services/intake/routes.h"

#include "services/intake/http_api.h"
#include "services/intake/receipts.h"

const struct http_route intake_routes[INTAKE_ROUTE_COUNT] = {
    {"POST", "/reports", intake_post_report, "takes a report; 201 with its case id once it is durable", NULL},
    {"GET", "/reports/*", intake_get_report, "a report as it came", NULL},
    {"GET", "/receipts/*", receipt_get, "how a case goes, for its reporter; needs Authorization: Receipt CODE", ""},
    {"GET", "/receipts/*/reporter", receipt_get_reporter, "what is kept of its reporter, for himself", ""},
    {"DELETE", "/receipts/*/reporter", receipt_delete_reporter, "forgets who reported it", ""},
    {"POST", "/receipts/*/*", receipt_post,
     "supplement, rate, reopen, withdraw, appeal or urge, by its reporter; needs Idempotency-Key", ""},
};
