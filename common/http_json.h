/* JSON (RFC 8259) in and out of requests. */
#ifndef ZHITONG_HTTP_JSON_H
#define ZHITONG_HTTP_JSON_H

#include <jansson.h>

#include "common/http.h"

/* Answers and releases the request; see http_answer. Numbers have up to 15 digits, as many as a double keeps. */
void http_answer_json(struct http_request *request, int status, json_t *take_json);

/* The body as JSON, which the caller owns. NULL: refused, with the field "body", for nothing, for what is no JSON (and, of the second one, no
 * object) or has a name twice. */
json_t *http_body_json(const struct http_request *request, struct reason *why);
json_t *http_body_object(const struct http_request *request, struct reason *why);

#endif
