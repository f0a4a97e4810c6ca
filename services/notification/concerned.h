/* Whom an entry concerns. Pure. */
#ifndef ZHITONG_NOTIFICATION_CONCERNED_H
#define ZHITONG_NOTIFICATION_CONCERNED_H

#include "common/city.h"
#include "proto/codec.h"

#define CONCERNED_MAX 64                 /* those that come last are left out */
#define STREAM_OF_REPORTERS "@reporters" /* what concerns those who reported; no unit has such a code */

struct concerned { /* names of streams, each once */
    char units[CONCERNED_MAX][CODE_MAX + 1];
    int count;
};

/* The responsible unit, the supporting ones, those that oversee, those that held the case before, the governance centres of the
 * case's area and of the areas around it, from the inside out; and @reporters where they hear of it (notice_reporter.h). A city that
 * does not know the area (or NULL) adds no centres. */
void concerned_by(const struct case_moved *moved, const struct city *city, struct concerned *concerned);

#endif
