/* How often a name may do something: a token bucket a name, which fills evenly and holds a minute's worth. Pure. Bounded: when all
 * places are taken, the name that was not heard of for longest goes; whoever comes again then begins with a full bucket. */
#ifndef ZHITONG_RATE_LIMIT_H
#define ZHITONG_RATE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct rate_limit;
struct rate_limit *rate_limit_open(size_t names_max);
void rate_limit_close(struct rate_limit **limit); /* takes NULL */

/* 0: one is taken from the name's bucket; else in how many ms there will be one again, and nothing is taken. per_minute is 1 to
 * 1,000,000 and may be another one each time; now_ms is monotonic. Names are told apart by a keyed hash of 64 bits. */
int64_t rate_limit_take(struct rate_limit *limit, const char *name, uint32_t per_minute, int64_t now_ms);
size_t rate_limit_names(const struct rate_limit *limit);

#endif
