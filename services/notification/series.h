/* The labelled metrics of notification: the table of them, and where they come from. */
#ifndef ZHITONG_NOTIFICATION_SERIES_H
#define ZHITONG_NOTIFICATION_SERIES_H

#include "common/series.h"

extern const struct series_group notification_series[];
extern const size_t notification_series_count;

#endif
