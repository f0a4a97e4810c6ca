#include "services/intake/routes.h"

#include "services/intake/admission.h"
#include "services/intake/http_api.h"
#include "services/intake/http_assist.h"
#include "services/intake/http_door.h"
#include "services/intake/http_files.h"
#include "services/intake/http_likely.h"
#include "services/intake/http_sources.h"
#include "services/intake/http_unsubscribe.h"
#include "services/intake/open311.h"
#include "services/intake/receipts.h"
#include "services/intake/warnings.h"

const struct http_route intake_routes[INTAKE_ROUTE_COUNT] = {
    {"POST", "/reports", intake_post_report, "takes a report; 201 with its case id once it is durable", NULL},
    {"POST", "/reports/check", intake_post_check,
     "keeps nothing: says whether a report can be taken, how complete it is and what is missing; lang", "lang"},
    {"POST", "/assist/classify", intake_post_classify,
     "keeps nothing: which items a text is likely to be about, what a report would lack, the standing answer", ""},
    {"GET", "/items", intake_get_items, "what can be reported; lang, else Accept-Language", "lang"},
    {"GET", "/items/*", intake_get_item, "an item: its questions, what it asks for, and what is said of it; lang",
     "lang"},
    {"POST", "/sources/*/reports", intake_post_webhook,
     "takes a source's reports: JSON, signed, its fields found by the city's map; 207 for an array", ""},
    {"POST", "/sources/*/cap", intake_post_cap, "takes a source's alert in CAP 1.2: a report for each of its areas",
     ""},
    {"GET", "/reports/likely", intake_get_likely,
     "cases that a report would be likely to be part of: item, and lat and long or area and address; text",
     "item lat long area address text"},
    {"GET", "/reports/*", intake_get_report, "a report as it came", NULL},
    {"GET", "/blocks/*", intake_get_block, "whether somebody is still blocked, and what came of an appeal", ""},
    {"POST", "/blocks/*/appeals", intake_post_appeal, "says what is wrong about a block", ""},
    {"GET", "/open311/*", open311_on_discovery, "Open311: discovery.xml or .json", NULL},
    {"GET", "/open311/v2/*", open311_on_get,
     "Open311 GeoReport v2: discovery, services, requests or servicerequestupdates, .xml or .json", NULL},
    {"POST", "/open311/v2/*", open311_on_post,
     "Open311: takes a form, requests or servicerequestupdates, .xml or .json", NULL, HTTP_BODY_ANY,
     HTTP_FILES_BODY_BYTES_MAX},
    {"GET", "/open311/v2/*/*", open311_on_get, "Open311: one of services, requests or tokens, .xml or .json", NULL},
    {"POST", "/files", intake_post_file, "stores a photo or file; 201 with its SHA-256, for the files of a report", "",
     HTTP_BODY_FILE, HTTP_FILES_BODY_BYTES_MAX},
    {"GET", "/files/*", intake_get_file, "a file that staff have published", ""},
    {"GET", "/files/*/thumbnail", intake_get_thumbnail, "a small picture of it", ""},
    {"GET", "/warnings.atom", intake_get_warnings, "what the public is warned of now, as Atom", ""},
    {"GET", "/warnings/*", intake_get_warning, "one of them, CASE-NUMBER.xml, as CAP 1.2", ""},
    {"GET", "/receipts/*", receipt_get, "how a case goes, for its reporter; needs Authorization: Receipt CODE", ""},
    {"GET", "/receipts/*/reporter", receipt_get_reporter, "what is kept of its reporter, for himself", ""},
    {"DELETE", "/receipts/*/reporter", receipt_delete_reporter, "forgets who reported it", ""},
    {"POST", "/receipts/*/*", receipt_post,
     "supplement, rate, reopen, withdraw, appeal or urge, by its reporter; needs Idempotency-Key", ""},
    {"GET", "/unsubscribe/*", intake_get_unsubscribe,
     "asks whoever got a message whether he wants no more; changes nothing", "all"},
    {"POST", "/unsubscribe/*", intake_post_unsubscribe,
     "ends the messages that came with this link (RFC 8058); all: those about every report of his", "all"},
};
