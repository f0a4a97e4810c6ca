#include "services/notification/series.h"

#include "common/loop.h"
#include "common/publish_series.h"
#include "services/notification/endpoint_series.h"

static void add_stream(void *context, const struct stream_standing *standing) {
    const int64_t values[] = {(int64_t)standing->head, standing->followers, (int64_t)standing->lag_entries};
    series_add(context, standing->name, values);
}

static void list_streams(struct service_loop *loop, struct series_sheet *sheet) {
    publish_each_stream(loop->publisher, add_stream, sheet);
}

const struct series_group notification_series[SERIES_COUNT] = {
    [SERIES_STREAMS] = {.label = "unit",
                        .rows = "each stream of this replica that had an entry or a follower",
                        .families = {{"stream_head", SERIES_GAUGE, "entries", "seq of the stream's last entry"},
                                     {"stream_followers", SERIES_GAUGE, "followers", "followers connected to it"},
                                     {"stream_lag_entries", SERIES_WORSE, "entries",
                                      "how far behind the head the slowest of them is, or the slowest group"}},
                        .family_count = 3,
                        .list = list_streams},
    [SERIES_ENDPOINTS] = {.label = "endpoint",
                          .rows = "each endpoint whose stream this replica serves",
                          .families = {{"endpoint_lag_entries", SERIES_WORSE, "entries",
                                        "entries of its stream that are not dealt with; 0 while it is disabled"},
                                       {"endpoint_waiting", SERIES_WORSE, "deliveries",
                                        "deliveries that wait: tried again, behind another, or held"},
                                       {"endpoint_dead_letters", SERIES_WORSE, "deliveries",
                                        "deliveries that were given up"},
                                       {"endpoint_retries_total", SERIES_COUNTER, "attempts",
                                        "attempts after the first, since this replica serves it"}},
                          .family_count = 4,
                          .list = endpoint_series_list},
};
