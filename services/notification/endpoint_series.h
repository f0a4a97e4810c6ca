/* The metrics of each endpoint: gathered by the courier in its thread, shown by the loop in its own. */
#ifndef ZHITONG_NOTIFICATION_ENDPOINT_SERIES_H
#define ZHITONG_NOTIFICATION_ENDPOINT_SERIES_H

#include "common/series.h"

/* A new look at all endpoints, empty; endpoint_series_show takes it. */
struct series_sheet *endpoint_series_open(void);
struct
    endpoint_standing { /* entries of its stream not dealt with; rows that wait, or were given up; attempts after the first */
    int64_t lag, waiting, dead, retries;
};
void endpoint_series_add(struct series_sheet *sheet, const char *name, const struct endpoint_standing *standing);
void endpoint_series_show(struct series_sheet *take_sheet);

/* For the table of groups: adds what was shown last. */
void endpoint_series_list(struct service_loop *loop, struct series_sheet *sheet);

#endif
