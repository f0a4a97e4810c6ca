/* Objects of a bucket of an S3 service by path (URL/BUCKET/NAME), requests signed with AWS Signature Version 4 by libcurl. Every call
 * waits at most S3_SECONDS_MAX; redirects are not followed, and only http and https are spoken. */
#ifndef ZHITONG_FILE_S3_H
#define ZHITONG_FILE_S3_H

#include "proto/codec.h"

#define S3_SECONDS_MAX 30
#define S3_CONNECT_SECONDS_MAX 5

struct s3 {                                  /* borrowed texts */
    const char *url, *bucket, *region, *key; /* key: ACCESS:SECRET */
};

void s3_start(void); /* once a process, before any thread */

/* 0, or refuses (field "files"). */
MUST_CHECK int s3_put(const struct s3 *s3, const char *name, const struct bytes *bytes, struct reason *why);
/* 0: appended to `out`; 1: there is no such object; -1: refused, also when it has more than bytes_max. */
MUST_CHECK int s3_get(const struct s3 *s3, const char *name, size_t bytes_max, struct bytes *out, struct reason *why);
MUST_CHECK int s3_remove(const struct s3 *s3, const char *name, struct reason *why); /* also 0 when it was not there */

#endif
