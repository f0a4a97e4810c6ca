/* Escalation's batch: a case that moved arms or disarms its deadline; the tick fires those that passed. */
#ifndef ZHITONG_ESCALATION_HANDLERS_H
#define ZHITONG_ESCALATION_HANDLERS_H

#include "common/service.h"

void *escalation_lane_open(const struct settings *settings);
void escalation_lane_close(void *own);
int escalation_load(struct batch *batch);
int escalation_save(struct batch *batch);
int escalation_tick(struct batch *batch);
void escalation_on_moved(struct batch *batch, struct input *input);

#endif
