#include "zhitong_submit.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define PATIENCE_MS 30000
#define ANSWER_MS_MAX 3000 /* without an answer for so long, the next endpoint is asked */
#define REPLY_BYTES_MAX 4096
#define REPLY_FIELDS_MAX 32
#define KEY_MAX 64
#define LINE_MAX_BYTES 256

struct zhitong_client {
    void *zmq;
    void *sockets[ZHITONG_ENDPOINTS_MAX];
    size_t count, next;
    int patience_ms;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static void *connect_to(struct zhitong_client *client, const struct zhitong_options *options, const char *endpoint) {
    int linger = 0, again_ms = 100, again_most_ms = 2000;
    void *socket = zmq_socket(client->zmq, ZMQ_DEALER);
    if (socket == NULL)
        return NULL;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &again_ms, sizeof again_ms);
    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL_MAX, &again_most_ms, sizeof again_most_ms);
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, options->server_key, ZHITONG_CURVE_KEY_SIZE) == 0 &&
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, options->public_key, ZHITONG_CURVE_KEY_SIZE) == 0 &&
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, options->secret_key, ZHITONG_CURVE_KEY_SIZE) == 0 &&
        zmq_connect(socket, endpoint) == 0)
        return socket;
    zmq_close(socket);
    return NULL;
}

static bool connect_all(struct zhitong_client *client, const struct zhitong_options *options) {
    char endpoint[LINE_MAX_BYTES];
    const char *at = options->endpoints;
    while (*at != '\0') {
        size_t length = strcspn(at, ",");
        if (length == 0 || length >= sizeof endpoint || client->count == ZHITONG_ENDPOINTS_MAX)
            return false;
        memcpy(endpoint, at, length);
        endpoint[length] = '\0';
        client->sockets[client->count] = connect_to(client, options, endpoint);
        if (client->sockets[client->count++] == NULL)
            return false;
        at += length + (at[length] == ',');
    }
    return client->count > 0;
}

struct zhitong_client *zhitong_open(const struct zhitong_options *options) {
    struct zhitong_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->zmq = zmq_ctx_new();
    client->patience_ms = options->patience_ms > 0 ? options->patience_ms : PATIENCE_MS;
    if (client->zmq == NULL || !connect_all(client, options))
        zhitong_close(&client);
    return client;
}

void zhitong_close(struct zhitong_client **client) {
    if (*client == NULL)
        return;
    for (size_t i = 0; i < (*client)->count; i++)
        if ((*client)->sockets[i] != NULL)
            zmq_close((*client)->sockets[i]);
    if ((*client)->zmq != NULL)
        zmq_ctx_term((*client)->zmq);
    free(*client);
    *client = NULL;
}

/* ---- writing a report ---------------------------------------------------------------------------------------------------- */

static void pack_text(msgpack_packer *packer, const char *text) {
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

static void pack_report(msgpack_sbuffer *buffer, const struct zhitong_field *fields, size_t count) {
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, count + 1);
    pack_text(&packer, "t");
    pack_text(&packer, "submit");
    for (size_t i = 0; i < count; i++) {
        pack_text(&packer, fields[i].name);
        switch (fields[i].type) {
        case ZHITONG_TEXT:
            pack_text(&packer, fields[i].value.text);
            break;
        case ZHITONG_NUMBER:
            msgpack_pack_double(&packer, fields[i].value.number);
            break;
        case ZHITONG_WHOLE:
            msgpack_pack_int64(&packer, fields[i].value.whole);
            break;
        case ZHITONG_FLAG:
            if (fields[i].value.flag)
                msgpack_pack_true(&packer);
            else
                msgpack_pack_false(&packer);
            break;
        }
    }
}

/* ---- reading an answer: a flat map of texts, whole numbers and flags. By hand, because msgpack-c allocates what a message claims
 * before it has looked whether that is there. ------------------------------------------------------------------------------- */

struct reply {
    const uint8_t *at, *end;
};

struct value {
    const char *text; /* NULL: a number or flag */
    size_t size;
    uint64_t number;
};

/* A big-endian number of so many bytes. */
static bool read_bytes(struct reply *reply, size_t size, uint64_t *number) {
    if ((size_t)(reply->end - reply->at) < size)
        return false;
    *number = 0;
    for (size_t i = 0; i < size; i++)
        *number = *number << 8 | *reply->at++;
    return true;
}

static bool read_text(struct reply *reply, size_t size, struct value *value) {
    if ((size_t)(reply->end - reply->at) < size)
        return false;
    value->text = (const char *)reply->at;
    value->size = size;
    reply->at += size;
    return true;
}

static bool read_value(struct reply *reply, struct value *value) {
    uint64_t byte, size;
    *value = (struct value){0};
    if (!read_bytes(reply, 1, &byte))
        return false;
    if (byte < 0x80) {
        value->number = byte;
        return true;
    }
    if (byte >= 0xa0 && byte < 0xc0)
        return read_text(reply, byte - 0xa0, value);
    if (byte == 0xc2 || byte == 0xc3) {
        value->number = byte - 0xc2;
        return true;
    }
    if (byte >= 0xcc && byte <= 0xcf) /* 1, 2, 4 or 8 bytes */
        return read_bytes(reply, (size_t)1 << (byte - 0xcc), &value->number);
    if (byte >= 0xd9 && byte <= 0xdb) /* its length in 1, 2 or 4 bytes */
        return read_bytes(reply, (size_t)1 << (byte - 0xd9), &size) && size <= REPLY_BYTES_MAX &&
               read_text(reply, (size_t)size, value);
    return false;
}

static bool text_is(const struct value *value, const char *text) {
    return value->text != NULL && value->size == strlen(text) && memcmp(value->text, text, value->size) == 0;
}

static void copy_text(char *to, size_t room, const struct value *value) {
    size_t size = value->text == NULL ? 0 : value->size < room ? value->size : room - 1;
    if (size > 0)
        memcpy(to, value->text, size);
    to[size] = '\0';
}

enum reply_kind { REPLY_OTHER, REPLY_ACCEPTED, REPLY_REFUSED, REPLY_BUSY };

struct parsed {
    enum reply_kind kind;
    struct zhitong_answer answer;
    char key[KEY_MAX + 1];
    uint64_t retry_after_ms;
};

static void keep_value(struct parsed *parsed, const struct value *name, const struct value *value) {
    struct zhitong_answer *answer = &parsed->answer;
    if (text_is(name, "t"))
        parsed->kind = text_is(value, "accepted")  ? REPLY_ACCEPTED
                       : text_is(value, "refused") ? REPLY_REFUSED
                       : text_is(value, "busy")    ? REPLY_BUSY
                                                   : REPLY_OTHER;
    else if (text_is(name, "key"))
        copy_text(parsed->key, sizeof parsed->key, value);
    else if (text_is(name, "case"))
        answer->case_id = value->number;
    else if (text_is(name, "parent"))
        answer->parent = value->number;
    else if (text_is(name, "repeated"))
        answer->repeated = value->number != 0;
    else if (text_is(name, "receipt"))
        copy_text(answer->receipt, sizeof answer->receipt, value);
    else if (text_is(name, "field"))
        copy_text(answer->field, sizeof answer->field, value);
    else if (text_is(name, "reason"))
        copy_text(answer->reason, sizeof answer->reason, value);
    else if (text_is(name, "retry_after_ms"))
        parsed->retry_after_ms = value->number;
}

static bool parse(const uint8_t *data, size_t size, struct parsed *parsed) {
    struct reply reply = {data, data + size};
    uint64_t head, count = 0;
    *parsed = (struct parsed){.kind = REPLY_OTHER};
    if (!read_bytes(&reply, 1, &head))
        return false;
    if (head >= 0x80 && head <= 0x8f)
        count = head - 0x80;
    else if (head != 0xde || !read_bytes(&reply, 2, &count))
        return false;
    for (uint64_t i = 0; i < count && i < REPLY_FIELDS_MAX; i++) {
        struct value name, value;
        if (!read_value(&reply, &name) || !read_value(&reply, &value))
            return false;
        keep_value(parsed, &name, &value);
    }
    return true;
}

/* ---- sending ------------------------------------------------------------------------------------------------------------------ */

/* The next answer to this key from any endpoint; false: none until then. */
static bool wait_answer(struct zhitong_client *client, const char *key, int64_t until, struct parsed *parsed) {
    zmq_pollitem_t polls[ZHITONG_ENDPOINTS_MAX];
    uint8_t data[REPLY_BYTES_MAX];
    for (size_t i = 0; i < client->count; i++)
        polls[i] = (zmq_pollitem_t){.socket = client->sockets[i], .events = ZMQ_POLLIN};
    for (int64_t left = until - now_ms(); left > 0; left = until - now_ms()) {
        if (zmq_poll(polls, (int)client->count, (long)left) <= 0)
            continue;
        for (size_t i = 0; i < client->count; i++) {
            int size = (polls[i].revents & ZMQ_POLLIN) != 0
                           ? zmq_recv(client->sockets[i], data, sizeof data, ZMQ_DONTWAIT)
                           : -1;
            if (size > 0 && (size_t)size <= sizeof data && parse(data, (size_t)size, parsed) &&
                parsed->kind != REPLY_OTHER && strcmp(parsed->key, key) == 0)
                return true; /* others are late answers to an earlier report */
        }
    }
    return false;
}

static void sleep_ms(int64_t ms) {
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static void see_through(struct zhitong_client *client, const msgpack_sbuffer *report, const char *key,
                        struct zhitong_answer *answer) {
    int64_t end = now_ms() + client->patience_ms;
    struct parsed parsed;
    while (now_ms() < end) {
        int64_t until = now_ms() + ANSWER_MS_MAX < end ? now_ms() + ANSWER_MS_MAX : end;
        (void)zmq_send(client->sockets[client->next], report->data, report->size, ZMQ_DONTWAIT);
        client->next = (client->next + 1) % client->count;
        if (!wait_answer(client, key, until, &parsed))
            continue;
        if (parsed.kind == REPLY_BUSY) {
            int64_t pause = parsed.retry_after_ms < ANSWER_MS_MAX ? (int64_t)parsed.retry_after_ms : ANSWER_MS_MAX;
            sleep_ms(now_ms() + pause < end ? pause : end - now_ms() > 0 ? end - now_ms() : 0);
            continue;
        }
        *answer = parsed.answer;
        answer->outcome = parsed.kind == REPLY_ACCEPTED ? ZHITONG_ACCEPTED : ZHITONG_REFUSED;
        return;
    }
}

void zhitong_submit(struct zhitong_client *client, const struct zhitong_field *fields, size_t count,
                    struct zhitong_answer *answer) {
    const char *key = NULL;
    *answer = (struct zhitong_answer){.outcome = ZHITONG_WRONG_USE};
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, "key") == 0 && fields[i].type == ZHITONG_TEXT)
            key = fields[i].value.text;
    if (key == NULL || key[0] == '\0' || strlen(key) > KEY_MAX || count > ZHITONG_FIELDS_MAX)
        return;
    msgpack_sbuffer report;
    msgpack_sbuffer_init(&report);
    pack_report(&report, fields, count);
    answer->outcome = ZHITONG_NO_ANSWER;
    see_through(client, &report, key, answer);
    msgpack_sbuffer_destroy(&report);
}
