/* Redis streams with consumer groups. That each answer comes after an fsync is the server's setting. */
#ifndef ZHITONG_PEERS_REDIS_H
#define ZHITONG_PEERS_REDIS_H

#include <hiredis/hiredis.h>

#include "peers_broker.h"

#define REDIS_KEPT_MESSAGES_MAX "200000" /* in memory, of one stream; many times what is under way */

struct redis_link {
    redisContext *context;
    const char *from, *to;
    char consumer[32];
};

static int redis_said(redisContext *context, const char *what, struct reason *why) {
    redisReply *reply = NULL;
    if (redisGetReply(context, (void **)&reply) != REDIS_OK)
        return refuse(why, what, "%s", context->errstr);
    int status = reply->type == REDIS_REPLY_ERROR ? refuse(why, what, "%s", reply->str) : 0;
    freeReplyObject(reply);
    return status;
}

static int redis_connect(redisContext **out, const struct address *address, struct reason *why) {
    *out = redisConnect(address->host, address->port);
    if (*out == NULL || (*out)->err != 0)
        return refuse(why, "redis", "no connection to %s:%d", address->host, address->port);
    return 0;
}

static int redis_prepare(const struct address *address, struct reason *why) {
    redisContext *context = NULL;
    int status = redis_connect(&context, address, why);
    for (int i = 0; status == 0 && i < QUEUES; i++) {
        redisAppendCommand(context, "XGROUP CREATE %s bench 0 MKSTREAM", queue_names[i]);
        status = redis_said(context, queue_names[i], why);
    }
    redisFree(context);
    return status;
}

static void redis_close(void **link) {
    struct redis_link *redis = *link;
    if (redis == NULL)
        return;
    redisFree(redis->context);
    free(redis);
    *link = NULL;
}

static int redis_open(void **link, const struct address *address, const enum queue ends[2], struct reason *why) {
    static int consumers;
    struct redis_link *redis = calloc(1, sizeof *redis);
    *link = redis;
    redis->from = ends[0] == QUEUE_NONE ? NULL : queue_names[ends[0]];
    redis->to = ends[1] == QUEUE_NONE ? NULL : queue_names[ends[1]];
    snprintf(redis->consumer, sizeof redis->consumer, "c%d", consumers++); /* links are opened by one thread */
    return redis_connect(&redis->context, address, why);
}

/* [[stream, [[id, [name, value]], …]]], or nil. */
static int redis_take(void *link, struct letters *in, struct reason *why) {
    struct redis_link *redis = link;
    letters_reset(in);
    redisReply *reply = redisCommand(redis->context, "XREADGROUP GROUP bench %s COUNT %d BLOCK %d STREAMS %s >",
                                     redis->consumer, PREFETCH_MAX, TAKE_MS_MAX, redis->from);
    if (reply == NULL)
        return refuse(why, "take", "%s", redis->context->errstr);
    int status = reply->type == REDIS_REPLY_ERROR ? refuse(why, "take", "%s", reply->str) : 0;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1) {
        const redisReply *messages = reply->element[0]->element[1];
        for (size_t i = 0; i < messages->elements; i++) {
            const redisReply *message = messages->element[i];
            const redisReply *value = message->element[1]->element[1];
            struct letter *letter = letters_add(in, value->str, (size_t)value->len);
            snprintf(letter->id, ID_SIZE, "%s", message->element[0]->str);
        }
    }
    freeReplyObject(reply);
    return status;
}

static int redis_put(void *link, const struct letters *out, struct reason *why) {
    struct redis_link *redis = link;
    for (size_t i = 0; i < out->count; i++)
        redisAppendCommand(redis->context, "XADD %s MAXLEN ~ " REDIS_KEPT_MESSAGES_MAX " * m %b", redis->to,
                           out->bytes.data + out->each[i].at, out->each[i].size);
    for (size_t i = 0; i < out->count; i++)
        if (redis_said(redis->context, "put", why) != 0)
            return -1;
    return 0;
}

static int redis_acknowledge(void *link, const struct letters *in, struct reason *why) {
    struct redis_link *redis = link;
    const char *words[3 + PREFETCH_MAX] = {"XACK", redis->from, "bench"};
    for (size_t i = 0; i < in->count; i++)
        words[3 + i] = in->each[i].id;
    redisAppendCommandArgv(redis->context, (int)(3 + in->count), words, NULL);
    return redis_said(redis->context, "acknowledge", why);
}

static const struct broker redis = {"redis",    redis_prepare, redis_open,       redis_close,
                                    redis_take, redis_put,     redis_acknowledge};

#endif
