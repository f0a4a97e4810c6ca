/* Intake's batch: find what was accepted before, decide each report, save. */
#ifndef ZHITONG_INTAKE_HANDLERS_H
#define ZHITONG_INTAKE_HANDLERS_H

#include "common/service.h"

void *intake_lane_open(const struct settings *settings);
void intake_lane_close(void *own);
int intake_load(struct batch *batch);
int intake_save(struct batch *batch);
int intake_tick(struct batch *batch);
void intake_on_submit(struct batch *batch, struct input *input);
uint16_t intake_submit_shard(const void *request, const char **key);

#endif
