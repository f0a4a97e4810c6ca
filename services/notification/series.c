#include "services/notification/series.h"

#include "common/loop.h"
#include "common/publish_series.h"

static void add_stream(void *context, const struct stream_standing *standing) {
    const int64_t values[] = {(int64_t)standing->head, standing->followers, (int64_t)standing->lag_entries};
    series_add(context, standing->name, values);
}

static void list_streams(struct service_loop *loop, struct series_sheet *sheet) {
    publish_each_stream(loop->publisher, add_stream, sheet);
}

const struct series_group notification_series[] = {
    {.label = "unit",
     .rows = "each stream of this replica that had an entry or a follower",
     .families = {{"stream_head", false, "entries", "seq of the stream's last entry"},
                  {"stream_followers", false, "followers", "followers connected to it"},
                  {"stream_lag_entries", false, "entries", "how far behind the head the slowest of them is"}},
     .family_count = 3,
     .worst = 2,
     .list = list_streams},
};
const size_t notification_series_count = sizeof notification_series / sizeof notification_series[0];
