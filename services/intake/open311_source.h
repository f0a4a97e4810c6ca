/* Who posts: the source whose api_key came with the request, or the one that requests without a key belong to. */
#ifndef ZHITONG_INTAKE_OPEN311_SOURCE_H
#define ZHITONG_INTAKE_OPEN311_SOURCE_H

#include "common/form.h"
#include "services/intake/open311_form.h"

/* The source, borrowed from the city; NULL and the reason, which is told as 403: no key where one is needed, a wrong one, or a source that
 * is not of adapter http. */
bool open311_has_key(const struct http_request *request); /* it names one, good or not */
const struct source *open311_source_find(const struct open311_call *call, bool needs_key, struct reason *why);

/* The fields of the request's form; how many. Borrowed from the request. */
size_t open311_fields_of(const struct http_request *request, struct open311_field fields[FORM_FIELDS_MAX]);

#endif
