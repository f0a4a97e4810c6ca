/* Notification: who is told. It appends every entry to the streams of the units concerned, serves these streams, and brings what
 * they hold to endpoints. */
#include "common/secret_keys.h"
#include "services/notification/carrier_settings.h"
#include "services/notification/courier.h"
#include "services/notification/handlers.h"
#include "services/notification/series.h"

extern const struct db_query notification_queries[], courier_queries[], notification_people_queries[];

static const struct setting settings[] = {
    SETTINGS_OF_PUBLIC_ENDPOINT,
    SETTINGS_OF_COURIER,
    SETTINGS_OF_CARRIERS,
    SETTING_OF_SECRET_KEYS,
};

static const struct handler handlers[] = {
    {MESSAGE_case_moved, INPUT_ENTRY, notification_on_moved},
};

static const struct db_query *const queries[] = {notification_queries, courier_queries, notification_people_queries,
                                                 NULL};

static const struct service notification = {
    .name = "notification",
    .purpose = "tells every unit what concerns it, in order and without gaps",
    .upstreams = {"routing"},
    .settings = settings,
    .setting_count = sizeof settings / sizeof settings[0],
    .queries = queries,
    .handlers = handlers,
    .handler_count = sizeof handlers / sizeof handlers[0],
    .load = notification_load,
    .save = notification_save,
    .lane_open = notification_lane_open,
    .lane_close = notification_lane_close,
    .read_query = "notification_read",
    .heads_query = "notification_head",
    .start_query = "notification_start",
    .mark_query = "notification_group_load",
    .save_mark_query = "notification_group_save",
    .tend_query = "notification_tend",
    .public_streams = true,
    .series = notification_series,
    .series_count = SERIES_COUNT,
    .extra = &courier_extra,
};

int main(int argc, char **argv) {
    return service_main(&notification, argc, argv);
}
