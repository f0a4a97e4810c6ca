/* Notification's batch: every entry goes into the streams of the units that it concerns. */
#ifndef ZHITONG_NOTIFICATION_HANDLERS_H
#define ZHITONG_NOTIFICATION_HANDLERS_H

#include "common/service.h"

void *notification_lane_open(const struct settings *settings);
void notification_lane_close(void *own);
int notification_load(struct batch *batch);
int notification_save(struct batch *batch);
void notification_on_moved(struct batch *batch, struct input *input);

#endif
