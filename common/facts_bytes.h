/* The facts of a case as bytes, for keeping them between two reports. */
#ifndef ZHITONG_FACTS_BYTES_H
#define ZHITONG_FACTS_BYTES_H

#include "common/case_facts.h"
#include "proto/reason.h"

/* Grows with every change of what facts mean or how they are written: what was kept under another number is folded anew. */
#define FACTS_FORMAT 2
#define FACTS_BYTES_MAX 2048

/* Writes the facts and returns the bytes. */
size_t facts_pack(const struct case_facts *facts, const struct code_book *book, uint8_t bytes[FACTS_BYTES_MAX]);
/* Reads them; codes get their numbers in `book`. Refuses what facts_pack did not write. */
MUST_CHECK int facts_unpack(struct case_facts *facts, struct code_book *book, const uint8_t *bytes, size_t size,
                            struct reason *why);

#endif
