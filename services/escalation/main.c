/* Escalation: when a case must move. It keeps the deadlines and fires them; it never changes a case. */
#include "services/escalation/handlers.h"

extern const struct db_query escalation_queries[];

static const struct handler handlers[] = {
    {MESSAGE_case_moved, INPUT_ENTRY, escalation_on_moved},
};

static const struct db_query *const queries[] = {escalation_queries, NULL};

static const struct service escalation = {
    .name = "escalation",
    .purpose = "watches every deadline and tells routing when one has passed",
    .upstreams = {"routing"},
    .queries = queries,
    .handlers = handlers,
    .handler_count = sizeof handlers / sizeof handlers[0],
    .load = escalation_load,
    .save = escalation_save,
    .tick = escalation_tick,
    .lane_open = escalation_lane_open,
    .lane_close = escalation_lane_close,
    .append_query = "log_append",
    .read_query = "log_read",
    .tend_query = "log_tend",
};

int main(int argc, char **argv) {
    return service_main(&escalation, argc, argv);
}
