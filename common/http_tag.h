/* Answers that a reader asks for again and again: with an ETag (RFC 9110, 8.8.3), and 304 to who has it already. */
#ifndef ZHITONG_HTTP_TAG_H
#define ZHITONG_HTTP_TAG_H

#include "common/http.h"

#define HTTP_TAG_SIZE 36 /* a quoted hash and a NUL */

/* A strong ETag of these bytes: the same for the same bytes everywhere. */
void http_tag_of(const void *bytes, size_t size, char tag[HTTP_TAG_SIZE]);
/* Whether an If-None-Match (may be NULL) names it: weak comparison, as RFC 9110 13.1.2 wants it. */
bool http_tag_matches(const char *if_none_match, const char *tag);
/* 200 with the body, or 304 without it, and the ETag. */
void http_answer_tagged(struct http_request *request, const char *content_type, const char *body, size_t size);

#endif
