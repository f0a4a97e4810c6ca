/* What tells one report from another. */
#ifndef ZHITONG_REPORT_DIGEST_H
#define ZHITONG_REPORT_DIGEST_H

#include <stdint.h>

/* BLAKE2b-128 of who asks and the idempotency key: the same pair is the same report. */
#define REPORT_DIGEST_BYTES 16
void report_digest(const char *client, const char *key, uint8_t digest[REPORT_DIGEST_BYTES]);

#endif
