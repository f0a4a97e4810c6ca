/* What a request's head must look like before anything is done with it: RFC 9112 without its tolerance, since a proxy
 * in front may read a tolerated form otherwise than we do (request smuggling). Pure.
 *
 * libmicrohttpd 0.9.75 hands out the head as C strings cut out of its read buffer. A NUL from outside would end such a
 * string early and hide the rest; so the guard also checks that the pieces lie end to end, with nothing between. */
#ifndef ZHITONG_HTTP_GUARD_H
#define ZHITONG_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define HTTP_GUARD_FIELDS_MAX 100

struct http_guard_field {
    const char *name, *value;
    size_t name_size, value_size;
};

/* All pieces are borrowed. Those from method to end point into one buffer when `end` is given. */
struct http_guard_head {
    const char *method;  /* NUL-ended, start of the buffer */
    const char *target;  /* NUL-ended there, but only target_size is looked at: it may be decoded in place by now */
    size_t target_size;  /* as it arrived, to its first NUL */
    bool target_clean;   /* http_guard_target() said so when it arrived */
    const char *version; /* NUL-ended */
    const struct http_guard_field *fields; /* in order of arrival */
    size_t field_count;
    const char *end; /* past the empty line; NULL: the parser refuses NUL itself, do not look at the layout */
};

/* A request target of visible ASCII in origin form ("/…") or the asterisk. */
bool http_guard_target(const char *target, size_t size);

/* Refuses (field: the header's name, "request line" or "head") a method or header name that is no token (a space
 * before the colon), control bytes in a value, folded lines, bare line feeds, a version other than HTTP/1.0 and 1.1,
 * repeated Host, Content-Length, Transfer-Encoding or Content-Type, a Host that is missing (1.1) or no host,
 * a Content-Length that is not 1 to 18 digits, a Transfer-Encoding other than chunked, in HTTP/1.0, or beside a
 * Content-Length, and more than HTTP_GUARD_FIELDS_MAX headers. *body_bytes: the Content-Length, 0 when there is none. */
MUST_CHECK int http_guard_check(const struct http_guard_head *head, uint64_t *body_bytes, struct reason *why);

#endif
