/* Routing's batch: reports open cases, passed deadlines and commands move them. */
#ifndef ZHITONG_ROUTING_HANDLERS_H
#define ZHITONG_ROUTING_HANDLERS_H

#include "common/service.h"

void *routing_lane_open(const struct settings *settings);
void routing_lane_close(void *own);
int routing_load(struct batch *batch);
int routing_save(struct batch *batch);
int routing_tick(struct batch *batch);
void routing_on_report(struct batch *batch, struct input *input);
void routing_on_linked(struct batch *batch, struct input *input);
void routing_on_deadline(struct batch *batch, struct input *input);
void routing_on_command(struct batch *batch, struct input *input);
uint16_t routing_command_shard(const void *request, const char **key);

#endif
