/* The labelled metrics of notification: the table of them, and where they come from. */
#ifndef ZHITONG_NOTIFICATION_SERIES_H
#define ZHITONG_NOTIFICATION_SERIES_H

#include "common/series.h"

enum { SERIES_STREAMS, SERIES_ENDPOINTS, SERIES_COUNT };
extern const struct series_group notification_series[SERIES_COUNT];

#endif
