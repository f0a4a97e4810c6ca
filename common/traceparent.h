/* Where a report or a move comes from, for whoever follows it through several systems: W3C Trace Context's traceparent
 * (https://www.w3.org/TR/trace-context/), version 00: "00-TRACE-PARENT-FLAGS" in lowercase hex. It is carried along as it came and no
 * span of ours is added. Pure, but for traceparent_make. */
#ifndef ZHITONG_TRACEPARENT_H
#define ZHITONG_TRACEPARENT_H

#include <stdbool.h>

#define TRACEPARENT_SIZE 55
#define TRACE_ID_SIZE 32

/* Copies what is a traceparent; NULL and everything else become "", as the standard wants a bad one ignored. Of a later version
 * the part that version 00 knows is taken. `to` and `from` may be the same. */
void traceparent_copy(char to[TRACEPARENT_SIZE + 1], const char *from);
/* A new one, random and sampled. */
void traceparent_make(char to[TRACEPARENT_SIZE + 1]);

/* Of a good one: its trace-id; whether its sender records it (flag sampled). */
void trace_id(char id[TRACE_ID_SIZE + 1], const char *traceparent);
bool trace_is_sampled(const char *traceparent);

#endif
