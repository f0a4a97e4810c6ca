/* Who posts: the source whose api_key came with the request, or the one that requests without a key belong to. */
#ifndef ZHITONG_INTAKE_OPEN311_SOURCE_H
#define ZHITONG_INTAKE_OPEN311_SOURCE_H

#include "common/form.h"
#include "services/intake/open311_form.h"

/* Calls `then` with a form and the city's names; else answers. */
void open311_with_form(struct open311_call *take_call, open311_handler *then);
/* The source, borrowed from the city, where it may hand something in now. NULL: answered, with 403 for no key where one is needed, a wrong
 * one, or a source that is not of adapter http; else as admission_judge says. */
const struct source *open311_admit(struct open311_call *call, bool needs_key);

bool open311_has_key(const struct http_request *request); /* it names one, good or not */

/* The fields of the request's form; how many. Borrowed from the request. */
size_t open311_fields_of(const struct http_request *request, struct open311_field fields[FORM_FIELDS_MAX]);

#endif
