/* One or several reports that one HTTP request of a source hands in: each is taken or refused by itself, and the request is
 * answered when the last one is. One report answers as POST /reports does; several answer 207 with
 * {"reports":[{"status":201,"case":"…"},{"status":400,"error":{…}}, …]} in the order in which they came, or 503 when all were
 * too many. */
#ifndef ZHITONG_INTAKE_HANDING_H
#define ZHITONG_INTAKE_HANDING_H

#include <jansson.h>

#include "common/city_sources.h"
#include "services/intake/intake.h"

struct handing;

struct handing_options {
    struct intake *intake;
    struct http_request *request;
    const char *source; /* code: the client of its reports; copied */
    const char *at;     /* pointer to the array of reports in what was sent; copied */
    size_t count;
    bool several;
};
/* Every number from 0 to count - 1 gets exactly one of handing_refuse and handing_submit; handing_end comes last. */
struct handing *handing_open(const struct handing_options *options);
/* The field is the sender's name for it already. */
void handing_refuse(struct handing *handing, size_t nth, const struct reason *why);
/* Copies the report, with the trace of the HTTP request. What intake refuses about it is named as the sender names it. */
void handing_submit(struct handing *handing, size_t nth, struct submit *report);
/* The request is answered now or when the last report is; the handing is gone for the caller. */
void handing_end(struct handing *handing);

/* The answer to one accepted report: {"case":…,"receipt":…,"score":…,"missing":…,"parent":…}. */
json_t *accepted_json(const struct accepted *accepted);

#endif
