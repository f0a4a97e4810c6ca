#include "common/publish_series.h"

#include "common/publish_parts.h"

/* Entries that the follower still has to get; of a group's member, that the group has still to finish. */
static uint64_t lag_of(const struct subscription *to) {
    uint64_t next = to->next;
    if (to->start != STARTED || (to->group != NULL && to->group->deal == NULL))
        return 0; /* where it begins is being read */
    if (to->group != NULL)
        next = deal_mark(to->group->deal) + 1;
    return next <= to->stream->head ? to->stream->head - next + 1 : 0;
}

static struct stream_standing standing_of(const struct stream *stream) {
    struct stream_standing standing = {.name = stream->name, .head = stream->head};
    for (const struct subscription *to = stream->subscriptions; to != NULL; to = to->next_of_stream) {
        uint64_t lag = lag_of(to);
        standing.followers++;
        if (lag > standing.lag_entries)
            standing.lag_entries = lag;
    }
    return standing;
}

void publish_each_stream(struct publisher *publisher,
                         void (*say)(void *context, const struct stream_standing *standing), void *context) {
    int reads = 0;
    for (size_t i = 0; i < STREAM_BUCKETS; i++) {
        for (const struct stream *stream = publisher->streams[i]; stream != NULL; stream = stream->next_same_hash) {
            struct moved moved = {0};
            if (!publisher->options.is_ours(publisher->options.context, false, stream->name, &moved))
                continue;
            if (!stream->head_known && reads++ < HEADS_READ_PER_LOOK_MAX)
                publisher->options.read_head(publisher->options.context, stream->name);
            if (stream->head == 0)
                continue;
            const struct stream_standing standing = standing_of(stream);
            say(context, &standing);
        }
    }
}
