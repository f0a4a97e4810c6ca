/* How often a name may be tried: so many failures in a span, then none until it is over. Pure. Bounded: names share a fixed number
 * of places by a keyed hash, and of two in one place the later one counts alone, so nobody is locked out by another's place. */
#ifndef ZHITONG_TRY_LIMIT_H
#define ZHITONG_TRY_LIMIT_H

#include <stdint.h>

struct try_limit;
struct try_limit *try_limit_open(uint32_t failures_max, int64_t span_ms);
void try_limit_close(struct try_limit **limit);
/* 0: one more try is counted; else how long to wait, in ms. now_ms is monotonic. */
int64_t try_limit_try(struct try_limit *limit, const char *name, int64_t now_ms);
/* The try succeeded: what was counted is forgotten. */
void try_limit_forget(struct try_limit *limit, const char *name);
/* The try came to nothing for want of us: it does not count. */
void try_limit_take_back(struct try_limit *limit, const char *name);

#endif
