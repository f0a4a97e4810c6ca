/* What the group robots of WeCom, DingTalk and Feishu have in common: a URL with a token, JSON, and an answer whose code says more
 * than its HTTP status. Pure. */
#ifndef ZHITONG_NOTIFICATION_ROBOT_H
#define ZHITONG_NOTIFICATION_ROBOT_H

#include "services/notification/carrier.h"

#define ROBOT_PAUSE_MS 60000 /* after a robot said that it gets too much: their limits count by the minute */

struct robot_code { /* a line of a robot's table */
    long code;
    const char *says; /* only where this stands in the answer; NULL: always */
    enum verdict_kind kind;
    int64_t wait_ms;
};

/* Starts an HTTP transfer of JSON to the URL of the endpoint. Refuses (field "address") what is no http(s) URL. */
MUST_CHECK int robot_open(const struct parcel *parcel, struct transfer *transfer, struct reason *why);
/* By the code in the answer's member `name`; an answer without one, and a code that is in no line, is tried again by the schedule. */
void robot_judge(const struct answer *answer, const char *name, const struct robot_code *codes,
                 struct verdict *verdict);

#endif
