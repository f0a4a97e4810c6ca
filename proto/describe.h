/* The Markdown pages that are made from the tables. */
#ifndef ZHITONG_DESCRIBE_H
#define ZHITONG_DESCRIBE_H

#include <stdio.h>

void describe_messages(FILE *out); /* PROTOCOL.md */
void describe_life(FILE *out);     /* CASE_LIFE.md */

#endif
