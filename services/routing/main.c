/* Routing: who holds a case. The only writer of cases; it keeps no time and fires no deadline. */
#include "services/routing/handlers.h"

extern const struct db_query routing_queries[];

static const struct setting settings[] = {
    SETTINGS_OF_REQUESTS,
};

static const struct handler handlers[] = {
    {MESSAGE_report_received, INPUT_ENTRY, routing_on_report},
    {MESSAGE_report_linked, INPUT_ENTRY, routing_on_linked},
    {MESSAGE_deadline_passed, INPUT_ENTRY, routing_on_deadline},
    {MESSAGE_command, INPUT_REQUEST, routing_on_command},
};

static const struct request_form command_form = {MESSAGE_command, sizeof(struct command), routing_command_shard};
static const struct db_query *const queries[] = {routing_queries, NULL};

static const struct service routing = {
    .name = "routing",
    .purpose = "gives every case its one responsible unit and moves it",
    .upstreams = {"intake", "escalation"},
    .settings = settings,
    .setting_count = sizeof settings / sizeof settings[0],
    .queries = queries,
    .handlers = handlers,
    .handler_count = sizeof handlers / sizeof handlers[0],
    .request = &command_form,
    .load = routing_load,
    .save = routing_save,
    .tick = routing_tick,
    .lane_open = routing_lane_open,
    .lane_close = routing_lane_close,
    .append_query = "log_append",
    .read_query = "log_read",
    .tend_query = "log_tend",
};

int main(int argc, char **argv) {
    return service_main(&routing, argc, argv);
}
