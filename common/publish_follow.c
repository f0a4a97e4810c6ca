/* What followers say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/metrics.h"
#include "common/publish_parts.h"

#define SECOND_MS 1000

/* ---- follow -------------------------------------------------------------------------------------------------------------- */

static int check_follow(const struct publisher *publisher, const struct follow *follow, struct reason *why) {
    const struct publisher_options *options = &publisher->options;
    if (follow->credit > FOLLOW_CREDIT_MAX)
        return refuse(why, "credit", "ends at %d", FOLLOW_CREDIT_MAX);
    if (follow->from == 0 && options->read_start == NULL)
        return refuse(why, "from", "starts at 1");
    if (follow->from_at < 0)
        return refuse(why, "from_at", "must not lie before 1970");
    if (follow->from_at > FOLLOW_FROM_AT_MS_MAX)
        return refuse(why, "from_at", "must not lie after the year 9999");
    if (follow->from_at != 0 && (follow->from != 0 || options->read_start == NULL))
        return refuse(why, "from_at", "goes with from 0 only");
    if (follow->filter[0] != '\0' && !options->events)
        return refuse(why, "filter", "entries of this service are not filtered");
    if (follow->group[0] != '\0' && options->load_mark == NULL)
        return refuse(why, "group", "this service has no groups");
    size_t good = strspn(follow->group, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (follow->group[good] != '\0')
        return refuse(why, "group", "is made of letters, digits, - _ and .");
    return 0;
}

/* Logged with who asked for what. */
static void refuse_follow(struct publisher *publisher, struct follower *follower, const struct follow *follow,
                          const struct reason *why) {
    journal_say(JOURNAL_WARNING, "follow_refused", "%s asked for stream %s: %s: %s", follower->user, follow->stream,
                why->field, why->text);
    send_refusal(publisher, follower, follow->stream, why);
}

/* Begins at a seq at once; what the table must say first comes later. */
static void begin(struct publisher *publisher, struct subscription *to, const struct follow *follow) {
    const struct publisher_options *options = &publisher->options;
    struct stream *stream = to->stream;
    to->from = follow->from;
    to->from_at = follow->from_at;
    to->start = options->read_start == NULL ? STARTED : START_WANTED;
    to->next = follow->from;
    to->told = to->applied = follow->from - 1;
    if (to->start == START_WANTED) {
        subscription_start(publisher, to);
        return;
    }
    if (!stream->head_known)
        options->read_head(options->context, stream->name);
    struct head head = {.seq = stream->head};
    memcpy(head.stream, stream->name, sizeof stream->name);
    if (stream->head_known && wire_send(to->follower->socket, &to->follower->peer, MESSAGE_head, &head) != 0)
        follower_drop(publisher, to->follower);
    else
        subscription_pump(publisher, to);
}

static void reset(struct publisher *publisher, struct subscription *to, const struct follow *follow,
                  const struct filter *filter) {
    group_leave(to);
    subscription_applied(publisher, to, UINT64_MAX);
    free(to->filter);
    to->filter = NULL;
    if (filter->count > 0 && follow->group[0] == '\0') {
        to->filter = malloc(sizeof *filter);
        if (to->filter == NULL)
            abort();
        *to->filter = *filter;
    }
    to->credit = follow->credit;
    to->behind_since = 0;
    to->gap = (struct gap){0};
}

/* What nobody has yet begins here, and goes on where it will be (publish_recheck): what is in the table is right. A group waits for
 * its owner: two would deal it, and the same entries would go to two members. */
bool follow_elsewhere(const struct publisher *publisher, const struct follower *follower, const struct follow *follow) {
    const struct publisher_options *options = &publisher->options;
    struct moved moved = {0};
    return !options->is_ours(options->context, follower->is_public, follow->stream, &moved) &&
           (moved.endpoint[0] != '\0' || follow->group[0] != '\0');
}

void subscription_follow(struct publisher *publisher, struct follower *follower, const struct follow *follow,
                         bool may_wait) {
    const struct publisher_options *options = &publisher->options;
    struct reason why;
    struct filter filter;
    if (!options->may_follow(options->context, follower->is_public, follower->user, follow->stream, &why)) {
        metric_add(METRIC_access_refused_total, 1);
        refuse_follow(publisher, follower, follow, &why);
        return;
    }
    if (check_follow(publisher, follow, &why) != 0 ||
        filter_parse(&filter, follow->filter, publisher->city, &why) != 0) {
        refuse_follow(publisher, follower, follow, &why);
        return;
    }
    hold_forget(publisher, follower, follow->stream);
    if (follow_elsewhere(publisher, follower, follow)) {
        if (!may_wait || !hold_follow(publisher, follower, follow))
            send_moved(publisher, follower, follow->stream);
        return;
    }
    struct stream *stream = stream_add(publisher, follow->stream);
    struct subscription *to = subscription_find(stream, follower);
    if (to == NULL) {
        to = subscription_add(stream, follower);
        publisher->departments += follower->is_public;
    }
    reset(publisher, to, follow, &filter);
    if (follow->group[0] == '\0') {
        begin(publisher, to, follow);
        return;
    }
    if (group_join(publisher, to, follow, &why) != 0)
        end_refused(publisher, to, &why);
}

/* ---- the rest ------------------------------------------------------------------------------------------------------------ */

static int take_credit(struct publisher *publisher, struct subscription *to, const struct credit *credit,
                       struct reason *why) {
    uint64_t total = to->credit + credit->more;
    if (credit->more > FOLLOW_CREDIT_MAX)
        return refuse(why, "more", "credit ends at %d", FOLLOW_CREDIT_MAX);
    if (to->group != NULL)
        return group_credit(publisher, to, credit, why);
    if (total > FOLLOW_CREDIT_MAX)
        return refuse(why, "more", "credit ends at %d", FOLLOW_CREDIT_MAX);
    if (to->start == STARTED && credit->applied >= to->next)
        return refuse(why, "applied", "nothing beyond %llu was sent", (unsigned long long)(to->next - 1));
    to->credit = total;
    subscription_applied(publisher, to, credit->applied);
    subscription_pump(publisher, to);
    return 0;
}

static void add_credit(struct publisher *publisher, struct follower *follower, const struct credit *credit) {
    struct stream *stream = stream_find(publisher, credit->stream);
    struct subscription *to = stream ? subscription_find(stream, follower) : NULL;
    struct reason why;
    if (to == NULL) { /* it waits, or was moved or dropped meanwhile */
        hold_credit(publisher, follower, credit);
        return;
    }
    if (take_credit(publisher, to, credit, &why) != 0)
        send_refusal(publisher, follower, credit->stream, &why);
}

static void end_follow(struct publisher *publisher, struct follower *follower, const struct unfollow *unfollow) {
    struct stream *stream = stream_find(publisher, unfollow->stream);
    struct subscription *subscription = stream ? subscription_find(stream, follower) : NULL;
    if (subscription != NULL)
        subscription_drop(publisher, subscription);
    hold_forget(publisher, follower, unfollow->stream);
}

/* Whether this frame is one too many: a flood costs its sender, nobody else. It hears so once a second. */
static bool is_flood(struct publisher *publisher, struct follower *follower) {
    int64_t now = clock_monotonic_ms();
    follower->heard_ms = now;
    if (now - follower->frames_from >= SECOND_MS) {
        follower->frames_from = now;
        follower->frames = 0;
    }
    if (!follower->is_public || ++follower->frames <= FRAMES_PER_SECOND_MAX)
        return false;
    metric_add(METRIC_refused_total, 1);
    if (follower->frames != FRAMES_PER_SECOND_MAX + 1)
        return true;
    struct reason why;
    (void)refuse(&why, "frames", "more than %d frames in a second: the others of this second are not looked at",
                 FRAMES_PER_SECOND_MAX);
    journal_say(JOURNAL_WARNING, "follower_floods", "%s: %s", follower->user, why.text);
    send_refusal(publisher, follower, "", &why);
    return true;
}

static void take_hello(struct publisher *publisher, struct follower *follower, const struct hello *hello) {
    snprintf(follower->service, sizeof follower->service, "%s", hello->service);
    follower->member = (int32_t)hello->member;
    follower->listens = follower->member == 0;
    struct head alive = {0};
    send_to(publisher, follower, MESSAGE_head, &alive);
}

static void take_message(struct publisher *publisher, struct follower *follower, struct packet *packet,
                         enum message type) {
    union {
        struct hello hello;
        struct follow follow;
        struct credit credit;
        struct unfollow unfollow;
        struct lag lag;
    } message;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    struct reason why;
    if (message_decode(type, data, size, &message, &why) != 0) {
        send_refusal(publisher, follower, "", &why);
        return;
    }
    if (type == MESSAGE_hello)
        take_hello(publisher, follower, &message.hello);
    if (type == MESSAGE_follow)
        subscription_follow(publisher, follower, &message.follow, true);
    if (type == MESSAGE_credit)
        add_credit(publisher, follower, &message.credit);
    if (type == MESSAGE_unfollow)
        end_follow(publisher, follower, &message.unfollow);
    if (type == MESSAGE_lag)
        follower->lag_ms = (int64_t)message.lag.behind_ms;
}

void publish_packet(struct publisher *publisher, const struct publish_from *from, struct packet *packet,
                    enum message type) {
    struct follower *follower = follower_find(publisher, from->socket, &packet->peer);
    if (follower == NULL)
        follower = follower_add(publisher, from, packet);
    if (is_flood(publisher, follower))
        return;
    follower->opened = follower->opened || type == MESSAGE_hello || type == MESSAGE_follow;
    if (!follower->opened) { /* it reconnected under our feet and thinks that it still follows */
        struct reason why;
        (void)refuse(&why, "hello", "this connection is new: say hello and follow");
        send_refusal(publisher, follower, "", &why);
        return;
    }
    take_message(publisher, follower, packet, type);
}
