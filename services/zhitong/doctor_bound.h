/* Looks that cannot hang: a dead file server, a stopped database or a service's check that never ends must not keep the doctor from the
 * rest. */
#ifndef ZHITONG_DOCTOR_BOUND_H
#define ZHITONG_DOCTOR_BOUND_H

#include <stdbool.h>

#define DOCTOR_LOOK_SECONDS_MAX 30 /* a statement may take 10 s, a connection 3 s to each host */

/* Runs look(what) in a process of its own, which ends with what it started when the time is over. What it writes must lie in memory
 * that is shared with children. False: it did not end in time, or no process could be made. */
bool doctor_bounded(void (*look)(void *what), void *what);

#endif
