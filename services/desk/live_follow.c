#include "services/desk/live_follow.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/journal.h"
#include "proto/guard.h"

#define SILENCE_MS 3000 /* a head comes each second: three missed ones end the connection */
#define FIRST_SILENCE_MS \
    1500              /* until the first word: a replica that did not know our key when we knocked never answers */
#define STUCK_MS 1500 /* the head is ahead, there is credit, and nothing comes */
#define RETRY_MS 200  /* pause while nobody is known, and after moved */
#define REFUSED_MS 2000
#define CHECK_MS 100
#define BUCKETS 1024 /* a power of two */
#define PACKETS_PER_TURN_MAX 200

enum stage {
    WAITING, /* asked again at ask_at */
    SEEKING, /* asked for the head alone */
    FOLLOWING,
    STOPPED /* truncated: whoever follows decides */
};

struct followed_stream {
    struct followed_stream *next; /* in its bucket */
    char name[CODE_MAX + 1];
    enum stage stage;
    int32_t member; /* whom it was asked of; 0: nobody */
    bool from_end;
    uint64_t received, allowed, head;
    int64_t ask_at, progress_ms; /* monotonic */
};

struct follow_link {
    struct member peer;
    void *socket;
    bool heard;
    int64_t heard_ms; /* monotonic; when it was opened, until it was heard */
};

struct live_follow {
    struct live_follow_options options;
    struct follow_link links[LIVE_LINKS_MAX];
    size_t link_count;
    struct followed_stream *buckets[BUCKETS];
    int64_t check_at;
};

/* ---- streams -------------------------------------------------------------------------------------------------------- */

static struct followed_stream **place_of(struct live_follow *follow, const char *name) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    struct followed_stream **at = &follow->buckets[hash % BUCKETS];
    while (*at != NULL && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

/* ---- links ---------------------------------------------------------------------------------------------------------- */

static void open_link(struct live_follow *follow, struct follow_link *link) {
    const struct hello hello = {.service = "desk", .protocol = 1};
    wire_close(&link->socket);
    link->socket = wire_dealer(follow->options.zmq, follow->options.keys, link->peer.endpoint, link->peer.curve_key);
    link->heard = false;
    link->heard_ms = clock_monotonic_ms();
    if (link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_hello, &hello);
}

static void drop_links(struct live_follow *follow) {
    for (size_t i = 0; i < follow->link_count; i++)
        wire_close(&follow->links[i].socket);
    follow->link_count = 0;
}

static struct follow_link *link_of(struct live_follow *follow, int32_t member) {
    for (size_t i = 0; i < follow->link_count; i++)
        if (follow->links[i].peer.member == member)
            return &follow->links[i];
    return NULL;
}

/* Asks whoever serves the stream now; without a credit it tells the head and sends nothing. */
static void ask(struct live_follow *follow, struct followed_stream *stream) {
    const struct member *owner = follow->options.owner(follow->options.context, stream->name);
    int64_t now = clock_monotonic_ms();
    stream->stage = WAITING;
    stream->member = 0;
    stream->ask_at = now + RETRY_MS;
    if (owner == NULL)
        return;
    struct follow_link *link = link_of(follow, owner->member);
    if (link == NULL) {
        if (follow->link_count == LIVE_LINKS_MAX)
            drop_links(follow); /* of replicas long gone; those in use are asked anew by the check */
        link = &follow->links[follow->link_count++];
        *link = (struct follow_link){.peer = *owner};
        open_link(follow, link);
    }
    struct follow message = {.from = stream->from_end ? 1 : stream->received + 1,
                             .credit = stream->from_end ? 0 : stream->allowed - stream->received};
    memcpy(message.stream, stream->name, sizeof stream->name);
    stream->stage = stream->from_end ? SEEKING : FOLLOWING;
    stream->member = owner->member;
    stream->progress_ms = now;
    if (link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_follow, &message);
}

static void send_credit(struct live_follow *follow, struct followed_stream *stream, uint64_t more) {
    struct credit credit = {.applied = stream->received, .more = more};
    const struct follow_link *link = link_of(follow, stream->member);
    stream->allowed += more;
    stream->progress_ms = clock_monotonic_ms();
    if (stream->stage != FOLLOWING || link == NULL || link->socket == NULL)
        return; /* it is in the next ask */
    memcpy(credit.stream, stream->name, sizeof stream->name);
    (void)wire_send(link->socket, NULL, MESSAGE_credit, &credit);
}

/* ---- hearing -------------------------------------------------------------------------------------------------------- */

static void take_entries(struct live_follow *follow, struct packet *packet, const struct entries *entries) {
    const uint8_t *data = zmq_msg_data(&packet->frame);
    size_t size = zmq_msg_size(&packet->frame), skip;
    long count = guard_array_count(data, size, &skip);
    if (count < 1 || (uint64_t)count != entries->count)
        return;
    data += skip;
    size -= skip;
    for (uint64_t seq = entries->first; count > 0; count--, seq++) {
        struct followed_stream *stream = *place_of(follow, entries->stream); /* a callback may stop it */
        size_t length = guard_object_size(data, size);
        if (stream == NULL || stream->stage != FOLLOWING || length == 0)
            return;
        if (seq > stream->received + 1) { /* a frame was lost */
            ask(follow, stream);
            return;
        }
        if (seq == stream->received + 1) {
            stream->received = seq;
            stream->progress_ms = clock_monotonic_ms();
            follow->options.entry(follow->options.context, stream->name, seq, data, length);
        }
        data += length;
        size -= length;
    }
    struct followed_stream *stream = *place_of(follow, entries->stream);
    if (stream == NULL || !follow->options.grants)
        return;
    uint64_t left = stream->allowed - stream->received;
    if (left <= follow->options.credit / 2)
        send_credit(follow, stream, follow->options.credit - left);
}

static void take_head(struct live_follow *follow, struct followed_stream *stream, const struct head *head) {
    stream->head = head->seq;
    if (stream->stage != SEEKING)
        return;
    stream->from_end = false;
    stream->received = head->seq;
    stream->allowed = head->seq + follow->options.credit;
    ask(follow, stream);
    follow->options.head(follow->options.context, stream->name, head->seq);
}

static void take_truncated(struct live_follow *follow, struct followed_stream *stream, uint64_t first) {
    if (stream->stage != FOLLOWING || first <= stream->received + 1)
        return;
    stream->stage = STOPPED;
    follow->options.truncated(follow->options.context, stream->name, first);
}

/* Nothing but a stranger on this connection is refused where all is well: it is said, and tried again. */
static void take_refused(struct live_follow *follow, struct follow_link *link, const struct refused *refused) {
    struct followed_stream *stream = *place_of(follow, refused->key);
    if (strcmp(refused->field, "hello") == 0) {
        link->heard_ms = 0; /* it was restarted and does not know us: the check opens it again */
        return;
    }
    journal_say(JOURNAL_WARNING, "live_refused", "notification refused stream %s: %s: %s", refused->key, refused->field,
                refused->reason);
    if (stream == NULL)
        return;
    stream->stage = WAITING;
    stream->ask_at = clock_monotonic_ms() + REFUSED_MS;
}

static void take_packet(struct live_follow *follow, struct follow_link *link, struct packet *packet) {
    union {
        struct entries entries;
        struct head head;
        struct moved moved;
        struct truncated truncated;
        struct refused refused;
    } message;
    size_t size;
    const uint8_t *data = packet_data(packet, &size);
    enum message type = message_peek(data, size);
    bool known = type == MESSAGE_entries || type == MESSAGE_head || type == MESSAGE_moved ||
                 type == MESSAGE_truncated || type == MESSAGE_refused;
    if (!known || message_decode(type, data, size, &message, NULL) != 0)
        return;
    if (type == MESSAGE_refused) {
        take_refused(follow, link, &message.refused);
        return;
    }
    /* The stream is the first field of all that have one. What comes from whom it is no longer followed at is late. */
    struct followed_stream *stream = *place_of(follow, message.head.stream);
    if (stream == NULL || stream->member != link->peer.member)
        return;
    if (type == MESSAGE_entries && packet->has_frame)
        take_entries(follow, packet, &message.entries);
    if (type == MESSAGE_head)
        take_head(follow, stream, &message.head);
    if (type == MESSAGE_truncated)
        take_truncated(follow, stream, message.truncated.first);
    if (type == MESSAGE_moved) {
        stream->stage = WAITING;
        stream->ask_at = clock_monotonic_ms() + RETRY_MS;
    }
}

static void read_link(struct live_follow *follow, struct follow_link *link) {
    void *socket = link->socket;
    for (int i = 0; i < PACKETS_PER_TURN_MAX && socket != NULL && link->socket == socket; i++) {
        struct packet packet;
        int status = packet_read(&packet, socket, false);
        if (status == 0)
            return;
        link->heard = true;
        link->heard_ms = clock_monotonic_ms();
        if (status < 0)
            continue;
        take_packet(follow, link, &packet);
        packet_close(&packet);
    }
}

/* ---- timers --------------------------------------------------------------------------------------------------------- */

static void check_stream(struct live_follow *follow, struct followed_stream *stream, int64_t now) {
    if (stream->stage == STOPPED || (stream->stage == WAITING && stream->ask_at > now))
        return;
    const struct member *owner = follow->options.owner(follow->options.context, stream->name);
    bool elsewhere = owner != NULL && owner->member != stream->member;
    bool lost = stream->member != 0 && link_of(follow, stream->member) == NULL;
    bool due = stream->head > stream->received && stream->allowed > stream->received;
    bool stuck = stream->stage == SEEKING || due;
    if (stream->stage == WAITING || elsewhere || lost || (stuck && now - stream->progress_ms > STUCK_MS))
        ask(follow, stream);
}

/* How many there are. */
static size_t ask_again(struct live_follow *follow, int32_t member) {
    size_t count = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct followed_stream *stream = follow->buckets[i]; stream != NULL; stream = stream->next)
            if (stream->member == member && stream->stage != STOPPED) {
                count++;
                ask(follow, stream);
            }
    return count;
}

static void check(struct live_follow *follow, int64_t now) {
    for (size_t i = 0; i < follow->link_count; i++) {
        struct follow_link *link = &follow->links[i];
        if (now - link->heard_ms <= (link->heard ? SILENCE_MS : FIRST_SILENCE_MS))
            continue;
        open_link(follow, link);
        if (ask_again(follow, link->peer.member) > 0)
            continue;
        wire_close(&link->socket); /* nobody needs it: it may be gone for good */
        *link = follow->links[--follow->link_count];
        i--;
    }
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct followed_stream *stream = follow->buckets[i]; stream != NULL; stream = stream->next)
            check_stream(follow, stream, now);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------- */

void live_follow_start(struct live_follow *follow, const char *name, uint64_t from) {
    struct followed_stream **at = place_of(follow, name), *stream = *at;
    if (stream == NULL) {
        stream = *at = calloc(1, sizeof *stream);
        assert(stream != NULL);
        snprintf(stream->name, sizeof stream->name, "%s", name);
    }
    stream->from_end = from == 0;
    stream->received = from == 0 ? 0 : from - 1;
    stream->allowed = stream->received + follow->options.credit;
    ask(follow, stream);
}

void live_follow_stop(struct live_follow *follow, const char *name) {
    struct followed_stream **at = place_of(follow, name), *stream = *at;
    if (stream == NULL)
        return;
    struct unfollow unfollow = {.stream = ""};
    const struct follow_link *link = link_of(follow, stream->member);
    memcpy(unfollow.stream, stream->name, sizeof stream->name);
    if (link != NULL && link->socket != NULL)
        (void)wire_send(link->socket, NULL, MESSAGE_unfollow, &unfollow);
    *at = stream->next;
    free(stream);
}

void live_follow_grant(struct live_follow *follow, const char *name, uint32_t more) {
    struct followed_stream *stream = *place_of(follow, name);
    if (stream != NULL)
        send_credit(follow, stream, more);
}

void live_follow_turn(struct live_follow *follow) {
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < follow->link_count; i++)
        read_link(follow, &follow->links[i]);
    if (now < follow->check_at)
        return;
    follow->check_at = now + CHECK_MS;
    check(follow, now);
}

size_t live_follow_sockets(const struct live_follow *follow, void **sockets, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < follow->link_count && count < room; i++)
        if (follow->links[i].socket != NULL)
            sockets[count++] = follow->links[i].socket;
    return count;
}

struct live_follow *live_follow_open(const struct live_follow_options *options) {
    struct live_follow *follow = calloc(1, sizeof *follow);
    assert(follow != NULL && options->credit >= 2);
    follow->options = *options;
    return follow;
}

void live_follow_close(struct live_follow **follow) {
    if (*follow == NULL)
        return;
    drop_links(*follow);
    for (size_t i = 0; i < BUCKETS; i++) {
        while ((*follow)->buckets[i] != NULL) {
            struct followed_stream *next = (*follow)->buckets[i]->next;
            free((*follow)->buckets[i]);
            (*follow)->buckets[i] = next;
        }
    }
    free(*follow);
    *follow = NULL;
}
