/* Open311 GeoReport v2 (http://wiki.open311.org/GeoReport_v2) under /open311/: what its resources share. A request is
 * /open311/v2/RESOURCE.FORMAT or /open311/v2/RESOURCE/ID.FORMAT with FORMAT xml or json; every answer, good or refused, is in that
 * format, and in XML where the format is none of them.
 *
 * Extensions that clients in the field use: page and page_size, updated_after and updated_before, lat with long and radius,
 * extensions=true, and servicerequestupdates as FixMyStreet sends and reads them. */
#ifndef ZHITONG_INTAKE_OPEN311_H
#define ZHITONG_INTAKE_OPEN311_H

#include "common/emit.h"
#include "common/http.h"
#include "services/intake/intake.h"
#include "services/intake/open311_book.h"
#include "services/intake/open311_time.h"

#define OPEN311_ID_MAX 255    /* bytes of what stands in a path */
#define OPEN311_ERRORS_MAX 16 /* told at once */

struct open311_errors {
    int count;
    struct {
        int status; /* 404: no such jurisdiction, service, token or resource; 403: api_key; 400: anything else */
        struct reason why;
    } at[OPEN311_ERRORS_MAX];
};
void open311_error(struct open311_errors *errors, int status, const struct reason *why); /* one more */

/* A request under way. Belongs to whoever has it last: open311_answer and open311_refuse free it. */
struct open311_call {
    struct http_request *request;
    struct intake *intake;
    enum emit_format format;
    enum open311_language language;
    char id[OPEN311_ID_MAX + 1]; /* of requests/ID, services/ID, tokens/ID; else "" */
    struct open311_errors errors;
    void *own; /* of the resource; freed with the call */
};

typedef void open311_handler(struct open311_call *call);
open311_handler open311_get_discovery, open311_get_services, open311_get_service;
open311_handler open311_get_requests, open311_get_request, open311_post_request, open311_get_token;
open311_handler open311_get_updates, open311_post_update;

/* Answers 200 with what was emitted. */
void open311_answer(struct open311_call *take_call, struct emit *take_emit);
/* Answers with the errors that were gathered, in the format of the call; the status is the first one's. */
void open311_refuse(struct open311_call *take_call);
/* The same with one error. */
void open311_refuse_why(struct open311_call *take_call, int status, const char *field, const char *text);
/* Puts the ask; where that cannot be, answers 503. */
void open311_put(struct open311_call *take_call, enum ask_lane lane, struct ask *take_ask);
/* The result of the ask's first step; NULL: it failed, and the call was answered with 503. */
const PGresult *open311_result(struct open311_call *take_call, const struct ask *ask);
/* The address of the endpoint as clients reach it. */
#define OPEN311_URL_SIZE 400
void open311_url(const struct open311_call *call, char url[OPEN311_URL_SIZE]);
/* The names of things, of the city as it is loaded: calls `then` now or once they are read, or answers 503. */
void open311_with_book(struct open311_call *take_call, open311_handler *then);

/* For routes.c. */
http_handler open311_on_discovery, open311_on_get, open311_on_post;

#endif
