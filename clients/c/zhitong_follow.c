#include "zhitong_follow.h"

#include <stdio.h>
#include <string.h>

#include "zhitong_connection.h"
#include "zhitong_event.h"
#include "zhitong_follower.h"
#include "zhitong_owner.h"

#define SILENCE_MS 3000       /* a head comes each second: three missed ones end the connection */
#define FIRST_SILENCE_MS 1500 /* until the first word */
#define STUCK_MS 1000         /* the head is ahead, there is credit, and nothing comes */
#define AGAIN_MS 1000         /* nobody has the stream yet, or nonsense was said: asked again */
#define UNKNOWN_MS 100 /* the server does not know us (any more): it was restarted, or we were too slow for a group */
#define MOVES_MAX 3    /* replicas that send us round in circles: wait for them to agree */
#define POLL_MS_MAX 200
#define MESSAGES_PER_CALL_MAX 1000 /* of those that have nothing for the caller */

static enum zhitong_follow_word say(struct zhitong_follow_said *said, enum zhitong_follow_word word,
                                    const char *detail) {
    snprintf(said->detail, sizeof said->detail, "%s", detail);
    return word;
}

/* What no server says: another connection, but not at once. */
static enum zhitong_follow_word broken(struct zhitong_follower *follower, struct zhitong_follow_said *said) {
    follower_connect_later(follower, AGAIN_MS);
    return say(said, ZHITONG_FOLLOW_BROKEN, follower_endpoint(follower));
}

/* ---- entries ---------------------------------------------------------------------------------------------------------- */

/* The next entry of the frame that lies here. Those that are here already are passed over; they may have cost credit. */
static enum zhitong_follow_word next_of_frame(struct zhitong_follower *follower, struct zhitong_follow_said *said) {
    while (follower->has_frame && follower->rest_count > 0) {
        uint64_t seq = follower->rest_first;
        if (!zhitong_event_read(&follower->rest, &said->event))
            return broken(follower, said);
        follower->rest_first++;
        follower->rest_count--;
        if (!follower_grouped(follower) && follower->placed && seq <= follower->received) {
            follower->freed++;
            continue;
        }
        follower_hand(follower, seq);
        follower->progress_ms = follower_now_ms();
        follower->moves = 0;
        said->seq = seq;
        return ZHITONG_FOLLOW_EVENT;
    }
    follower_drop_frame(follower); /* the last event has been given back by now */
    return ZHITONG_FOLLOW_NOTHING;
}

/* The whole frame is looked at before anything of it is handed out. */
static bool take_entries(struct zhitong_follower *follower, const struct owner_message *message) {
    const uint8_t *data = zmq_msg_data(&follower->frame);
    struct reader reader = {data, data + zmq_msg_size(&follower->frame)};
    struct reader_value array;
    bool gap = !follower_grouped(follower) && follower->placed && message->first > follower->received + 1;
    if (gap || message->first == 0 || message->count > follower->allowance || !reader_value(&reader, &array) ||
        array.kind != READ_ARRAY || array.size != message->count || array.size == 0)
        return false;
    follower->rest = reader;
    for (uint64_t i = 0; i < message->count; i++)
        if (!reader_skip(&reader))
            return false;
    follower->allowance -= (uint32_t)message->count;
    follower->rest_first = message->first;
    follower->rest_count = message->count;
    return reader.at == reader.end;
}

/* ---- what else the owner says -------------------------------------------------------------------------------------------- */

static enum zhitong_follow_word take_skip(struct zhitong_follower *follower, const struct owner_message *message,
                                          struct zhitong_follow_said *said) {
    follower->progress_ms = follower_now_ms();
    if (follower_grouped(follower) || (follower->placed && message->seq <= follower->received))
        return ZHITONG_FOLLOW_NOTHING;
    follower->placed = true;
    follower->received = said->seq = message->seq;
    return ZHITONG_FOLLOW_SKIPPED;
}

static enum zhitong_follow_word take_moved(struct zhitong_follower *follower, const struct owner_message *message,
                                           struct zhitong_follow_said *said) {
    if (message->endpoint[0] == '\0' || ++follower->moves > MOVES_MAX) {
        follower->stage = NOBODY;
        follower->again_ms = follower_now_ms() + AGAIN_MS;
        follower->moves = 0;
        return say(said, ZHITONG_FOLLOW_MOVED, "");
    }
    memcpy(follower->moved_to, message->endpoint, sizeof follower->moved_to);
    memcpy(follower->moved_key, message->curve_key, sizeof follower->moved_key);
    follower->endpoint = follower->endpoint_count;
    follower_connect(follower);
    return say(said, ZHITONG_FOLLOW_MOVED, message->endpoint);
}

static enum zhitong_follow_word take_refused(struct zhitong_follower *follower, const struct owner_message *message,
                                             struct zhitong_follow_said *said) {
    bool forgotten = strcmp(message->field, "hello") == 0 || strcmp(message->field, "silence") == 0;
    if (forgotten) {
        follower_connect_later(follower, UNKNOWN_MS);
        return ZHITONG_FOLLOW_NOTHING;
    }
    follower_stop(follower);
    /* Those of a follow are short. */
    snprintf(said->field, sizeof said->field, "%.*s", (int)sizeof said->field - 1, message->field);
    return say(said, ZHITONG_FOLLOW_REFUSED, message->reason);
}

static enum zhitong_follow_word take_message(struct zhitong_follower *follower, const struct owner_message *message,
                                             struct zhitong_follow_said *said) {
    bool ours = message->stream[0] == '\0' || strcmp(message->stream, follower->stream) == 0;
    if (!ours)
        return ZHITONG_FOLLOW_NOTHING;
    switch (message->word) {
    case OWNER_ENTRIES:
        return follower->has_frame && take_entries(follower, message) ? ZHITONG_FOLLOW_NOTHING : broken(follower, said);
    case OWNER_HEAD:
        if (message->stream[0] != '\0')
            follower->head = message->seq;
        return ZHITONG_FOLLOW_NOTHING;
    case OWNER_SKIP:
        return take_skip(follower, message, said);
    case OWNER_MOVED:
        return take_moved(follower, message, said);
    case OWNER_TRUNCATED:
        follower_stop(follower);
        follower->void_from = message->void_from;
        said->seq = message->first;
        return ZHITONG_FOLLOW_TRUNCATED;
    case OWNER_REFUSED:
        return take_refused(follower, message, said);
    case OWNER_OTHER:
        break;
    }
    return ZHITONG_FOLLOW_NOTHING;
}

/* The second frame, and whatever follows it: of a message that has only one there is none to keep. */
static void read_frames(struct zhitong_follower *follower, bool keep) {
    for (int more = 1; more != 0;) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, follower->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return;
        }
        more = zmq_msg_more(&frame);
        if (keep && !follower->has_frame) {
            follower->frame = frame;
            follower->has_frame = true;
        } else {
            zmq_msg_close(&frame);
        }
    }
}

static enum zhitong_follow_word read_message(struct zhitong_follower *follower, struct zhitong_follow_said *said) {
    struct owner_message message;
    zmq_msg_t header;
    zmq_msg_init(&header);
    if (zmq_msg_recv(&header, follower->socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&header);
        return ZHITONG_FOLLOW_NOTHING;
    }
    bool more = zmq_msg_more(&header) != 0;
    bool good = owner_message_read(zmq_msg_data(&header), zmq_msg_size(&header), &message);
    zmq_msg_close(&header);
    follower->heard_ms = follower_now_ms();
    follower->rest_count = 0;
    if (more)
        read_frames(follower, good && message.word == OWNER_ENTRIES);
    enum zhitong_follow_word word = good ? take_message(follower, &message, said) : broken(follower, said);
    if (follower->rest_count == 0)
        follower_drop_frame(follower); /* of another stream */
    return word;
}

/* ---- timers -------------------------------------------------------------------------------------------------------------- */

static enum zhitong_follow_word turn_timers(struct zhitong_follower *follower, struct zhitong_follow_said *said) {
    int64_t now = follower_now_ms();
    if (follower->stage == STOPPED)
        return ZHITONG_FOLLOW_NOTHING;
    if (follower->again_ms != 0) {
        if (now < follower->again_ms)
            return ZHITONG_FOLLOW_NOTHING;
        follower->again_ms = 0;
        if (follower->socket == NULL)
            follower_connect_next(follower);
        else
            follower_ask(follower);
        return ZHITONG_FOLLOW_NOTHING;
    }
    bool heard = follower->heard_ms != 0;
    if (now - (heard ? follower->heard_ms : follower->opened_ms) > (heard ? SILENCE_MS : FIRST_SILENCE_MS)) {
        enum zhitong_follow_word word = say(said, ZHITONG_FOLLOW_SILENT, follower_endpoint(follower));
        follower_connect_next(follower);
        return word;
    }
    bool idle = follower->handed_count == 0; /* else the owner may wait for what is under way */
    bool stuck = heard && idle && !follower_grouped(follower) && follower->placed &&
                 follower->head > follower->received && follower->allowance > 0;
    if (stuck && now - follower->progress_ms > STUCK_MS)
        follower_connect(follower);
    return ZHITONG_FOLLOW_NOTHING;
}

static bool readable(const struct zhitong_follower *follower, int64_t wait_ms) {
    zmq_pollitem_t poll = {.socket = follower->socket, .events = ZMQ_POLLIN};
    int64_t wait = wait_ms < 0 ? 0 : wait_ms > POLL_MS_MAX ? POLL_MS_MAX : wait_ms;
    return zmq_poll(&poll, follower->socket == NULL ? 0 : 1, (long)wait) > 0;
}

static enum zhitong_follow_word hear(struct zhitong_follower *follower, struct zhitong_follow_said *said) {
    if (follower->heard_ms != 0)
        return read_message(follower, said);
    follower->heard_ms = follower_now_ms();
    return say(said, ZHITONG_FOLLOW_CONNECTED, follower_endpoint(follower));
}

/* What waits is read before silence is judged: the caller may have been away for long. */
enum zhitong_follow_word zhitong_follow_next(struct zhitong_follower *follower, struct zhitong_follow_said *said,
                                             int timeout_ms) {
    int64_t end = follower_now_ms() + timeout_ms;
    *said = (struct zhitong_follow_said){.seq = 0};
    for (int messages = 0; messages < MESSAGES_PER_CALL_MAX;) {
        enum zhitong_follow_word word = next_of_frame(follower, said);
        if (word != ZHITONG_FOLLOW_NOTHING)
            return word;
        follower_grant(follower);
        if (readable(follower, 0)) {
            word = hear(follower, said);
            messages++;
        } else {
            word = turn_timers(follower, said);
            if (word == ZHITONG_FOLLOW_NOTHING && !readable(follower, end - follower_now_ms()) &&
                follower_now_ms() >= end)
                return ZHITONG_FOLLOW_NOTHING;
        }
        if (word != ZHITONG_FOLLOW_NOTHING)
            return word;
    }
    return ZHITONG_FOLLOW_NOTHING;
}
