/* The Markdown pages that are made from the tables. */
#ifndef ZHITONG_DESCRIBE_H
#define ZHITONG_DESCRIBE_H

#include <stdio.h>

#include "proto/codec.h"

void describe_messages(FILE *out); /* PROTOCOL.md */
void describe_life(FILE *out);     /* CASE_LIFE.md */

/* Parts of PROTOCOL.md. */
void describe_following(FILE *out);
void describe_hex(FILE *out, const struct bytes *bytes);
void describe_event_example(struct bytes *bytes); /* appended */

#endif
