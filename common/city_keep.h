/* Keeping a draft's texts beside a city: one block for all of them, measured first, then filled. */
#ifndef ZHITONG_CITY_KEEP_H
#define ZHITONG_CITY_KEEP_H

#include "common/city_draft.h"

void *keep_room(size_t count, size_t size); /* zeroed, for one more than count; the caller frees it */
size_t keep_bytes(const struct city_draft *draft, enum city_table table); /* that the table's texts take */
/* Copies the text to *end, which moves behind it. */
const char *keep_text(char **end, const char *text);

#endif
