/* The two forms that a browser sends, read as they come in pieces of any size: application/x-www-form-urlencoded (WHATWG URL 5.1)
 * and multipart/form-data (RFC 7578, RFC 2046 5.1). Pure: it holds a name, a header line and a boundary, never a value.
 *
 * Strict where a lenient reading would hide something: a broken percent escape, a NUL, a part without a name, a header that does
 * not end in CR LF and a form that stops early are refused. Why not libmicrohttpd's post processor: its names end at a NUL, it
 * reports an empty value twice, and it cannot run without a connection, so it cannot be fuzzed. */
#ifndef ZHITONG_FORM_H
#define ZHITONG_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/reason.h"

#define FORM_NAME_BYTES_MAX 255
#define FORM_LINE_BYTES_MAX 1024   /* a header line of a part */
#define FORM_LINES_MAX 16          /* header lines of a part */
#define FORM_BOUNDARY_BYTES_MAX 70 /* RFC 2046 */
#define FORM_FIELDS_MAX 200

struct form_part { /* borrowed until the event returns */
    const char *name;
    const char *file_name;    /* NULL: a text field; "" where a browser sends an empty file field */
    const char *content_type; /* as the part says it; NULL: it does not */
};

/* What is found. begin, any number of data, end, for each field in order. One that does not return 0 ends the reading: form_feed
 * returns what it returned, with its reason. */
struct form_events {
    int (*begin)(void *context, const struct form_part *part, struct reason *why);
    int (*data)(void *context, const uint8_t *data, size_t size, struct reason *why);
    int (*end)(void *context, struct reason *why);
};

enum form_kind { FORM_NONE, FORM_URLENCODED, FORM_MULTIPART };
enum form_kind form_kind_of(const char *content_type); /* of a Content-Type header; NULL: none */

struct form;
/* The events are borrowed until close. Refuses (field "Content-Type") what is no form or has no boundary of 1 to 70 bytes. */
MUST_CHECK int form_open(struct form **out, const char *content_type, const struct form_events *events, void *context,
                         struct reason *why);
/* 0; -1: the bytes are no such form (field: the field's name, or "body"); else what an event returned. After another answer than 0
 * nothing may be fed any more. */
MUST_CHECK int form_feed(struct form *form, const uint8_t *data, size_t size, struct reason *why);
/* All bytes are here: ends the last field, or refuses a form that stops early. As form_feed. */
MUST_CHECK int form_finish(struct form *form, struct reason *why);
void form_close(struct form **form);

#endif
