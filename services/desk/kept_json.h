/* What routing keeps of a case's clocks and called units, for people to read. Pure. */
#ifndef ZHITONG_DESK_KEPT_JSON_H
#define ZHITONG_DESK_KEPT_JSON_H

#include <jansson.h>

#include "proto/codec.h"

/* The clocks of case_kept.clocks, an object each: clock, told_percent, held; of one that runs started_at, due_at and, where it then
 * moves the case up, moves_up_at; of a held one left_minutes and left_unit. NULL where the text cannot be read. */
json_t *kept_clocks_json(const char *clocks);
/* The called units of case_kept.tasks, an object each: unit, state and, while it must still arrive, by_at. NULL as above. */
json_t *kept_tasks_json(const char *tasks);
/* The whole of it: as the message says it, clocks and tasks as above. */
json_t *kept_json(const struct case_kept *kept);

#endif
