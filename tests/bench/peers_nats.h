/* NATS JetStream by its text protocol: streams in files, publishes answered when stored, a durable pull consumer a stream,
 * every message acknowledged. */
#ifndef ZHITONG_PEERS_NATS_H
#define ZHITONG_PEERS_NATS_H

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers_broker.h"

#define NATS_INPUT_BYTES_MAX (4u << 20)
#define NATS_ANSWER_MS_MAX 30000
#define NATS_ACK_SECONDS_MAX 30 /* then a message is given to somebody again */

struct nats {
    int fd;
    char inbox[32];
    struct bytes out;
    uint8_t *in;
    size_t begin, end; /* what has been read and not been looked at */
};

struct nats_link { /* a connection each way, so that answers are not mixed with messages */
    struct nats *in, *out;
    const char *from, *to;
    size_t asked; /* messages asked for that have not come */
};

struct nats_message {
    char reply[ID_SIZE];
    const char *data; /* borrowed until the next read */
    size_t size;
    int status; /* of a message without content: 404, 408 …; 0: it has some */
};

static void nats_say(struct nats *nats, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void nats_say(struct nats *nats, const char *format, ...) {
    char line[1200];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    bytes_append(&nats->out, line, (size_t)size);
}

static int nats_flush(struct nats *nats, struct reason *why) {
    for (size_t sent = 0; sent < nats->out.size;) {
        ssize_t size = send(nats->fd, nats->out.data + sent, nats->out.size - sent, MSG_NOSIGNAL);
        if (size <= 0)
            return refuse(why, "nats", "the connection is lost");
        sent += (size_t)size;
    }
    nats->out.size = 0;
    return 0;
}

/* 1: something came, 0: nothing within the time. */
static int nats_read(struct nats *nats, int wait_ms, struct reason *why) {
    struct pollfd wait = {.fd = nats->fd, .events = POLLIN};
    if (poll(&wait, 1, wait_ms) == 0)
        return 0;
    if (nats->begin > 0) {
        memmove(nats->in, nats->in + nats->begin, nats->end - nats->begin);
        nats->end -= nats->begin;
        nats->begin = 0;
    }
    ssize_t size = recv(nats->fd, nats->in + nats->end, NATS_INPUT_BYTES_MAX - nats->end, 0);
    if (size <= 0)
        return refuse(why, "nats", "the connection is lost");
    nats->end += (size_t)size;
    return 1;
}

/* MSG subject sid [reply] size, HMSG subject sid [reply] headers size: what follows the line. -1: it has not all come. */
static int nats_content(struct nats *nats, char *line, const char *after, struct nats_message *message) {
    char *words[6], *rest = NULL;
    int count = 0;
    bool headers = line[0] == 'H';
    for (char *word = strtok_r(line, " ", &rest); word != NULL && count < 6; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    size_t size = strtoul(words[count - 1], NULL, 10);
    size_t skip = headers ? strtoul(words[count - 2], NULL, 10) : 0;
    if ((size_t)((const char *)nats->in + nats->end - after) < size + 2)
        return -1;
    snprintf(message->reply, ID_SIZE, "%s", count == (headers ? 6 : 5) ? words[3] : "");
    message->status = headers && strncmp(after, "NATS/1.0 ", 9) == 0 ? atoi(after + 9) : 0;
    message->data = after + skip;
    message->size = size - skip;
    nats->begin = (size_t)(after + size + 2 - (const char *)nats->in);
    return 0;
}

/* The next message among what was read: 1; 0: there is none. Pings are answered. */
static int nats_next(struct nats *nats, struct nats_message *message, struct reason *why) {
    for (;;) {
        const char *begin = (const char *)nats->in + nats->begin;
        const char *end = memchr(begin, '\r', nats->end - nats->begin);
        char line[600];
        if (end == NULL || end + 2 > (const char *)nats->in + nats->end)
            return 0;
        snprintf(line, sizeof line, "%.*s", (int)(end - begin), begin);
        if (strncmp(line, "MSG ", 4) == 0 || strncmp(line, "HMSG ", 5) == 0)
            return nats_content(nats, line, end + 2, message) == 0;
        if (strncmp(line, "-ERR", 4) == 0)
            return refuse(why, "nats", "%s", line);
        if (strcmp(line, "PING") == 0)
            nats_say(nats, "PONG\r\n");
        nats->begin = (size_t)(end + 2 - (const char *)nats->in);
    }
}

static int nats_wait(struct nats *nats, struct nats_message *message, struct reason *why) {
    int status;
    while ((status = nats_next(nats, message, why)) == 0)
        if (nats_flush(nats, why) != 0 || nats_read(nats, NATS_ANSWER_MS_MAX, why) <= 0)
            return refuse(why, "nats", "no answer within %d ms", NATS_ANSWER_MS_MAX);
    return status < 0 ? -1 : 0;
}

/* An answer of JetStream is JSON; one that has an error says so. */
static int nats_answered(struct nats *nats, struct reason *why) {
    struct nats_message message;
    if (nats_wait(nats, &message, why) != 0)
        return -1;
    if (message.status != 0 || memmem(message.data, message.size, "\"error\"", 7) != NULL)
        return refuse(why, "nats", "%d %.*s", message.status, (int)message.size, message.data);
    return 0;
}

static void nats_end(struct nats **nats) {
    if (*nats == NULL)
        return;
    if ((*nats)->fd >= 0)
        close((*nats)->fd);
    bytes_close(&(*nats)->out);
    free((*nats)->in);
    free(*nats);
    *nats = NULL;
}

static int nats_connect(struct nats **out, const struct address *address, struct reason *why) {
    static int inboxes;
    struct nats *nats = calloc(1, sizeof *nats);
    *out = nats;
    nats->in = malloc(NATS_INPUT_BYTES_MAX);
    snprintf(nats->inbox, sizeof nats->inbox, "_INBOX.bench.%d", inboxes++); /* links are opened by one thread */
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)address->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    nats->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (nats->fd < 0 || nats->in == NULL || connect(nats->fd, (struct sockaddr *)&to, sizeof to) != 0)
        return refuse(why, "nats", "no connection to port %d", address->port);
    int one = 1;
    (void)setsockopt(nats->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    nats_say(nats,
             "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"lang\":\"c\",\"version\":\"1\"}\r\n"
             "SUB %s 1\r\n",
             nats->inbox);
    return nats_flush(nats, why);
}

static int nats_ask(struct nats *nats, const char *subject, const char *json, struct reason *why) {
    nats_say(nats, "PUB $JS.API.%s %s %zu\r\n%s\r\n", subject, nats->inbox, strlen(json), json);
    return nats_flush(nats, why) == 0 ? nats_answered(nats, why) : -1;
}

static int nats_prepare(const struct address *address, struct reason *why) {
    struct nats *nats = NULL;
    int status = nats_connect(&nats, address, why);
    for (int i = 0; status == 0 && i < QUEUES; i++) {
        char json[700], subject[100];
        const char *name = queue_names[i];
        snprintf(json, sizeof json,
                 "{\"name\":\"%s\",\"subjects\":[\"%s\"],\"retention\":\"limits\",\"max_msgs\":%d,\"storage\":\"file\","
                 "\"discard\":\"old\",\"num_replicas\":1}",
                 name, name, KEPT_MESSAGES_MAX);
        snprintf(subject, sizeof subject, "STREAM.CREATE.%s", name);
        status = nats_ask(nats, subject, json, why);
        snprintf(json, sizeof json,
                 "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"bench\",\"ack_policy\":\"explicit\","
                 "\"deliver_policy\":\"all\",\"ack_wait\":%lld,\"max_ack_pending\":%d}}",
                 name, NATS_ACK_SECONDS_MAX * 1000000000LL, UNACKED_MAX);
        snprintf(subject, sizeof subject, "CONSUMER.DURABLE.CREATE.%s.bench", name);
        status = status == 0 ? nats_ask(nats, subject, json, why) : -1;
    }
    nats_end(&nats);
    return status;
}

static void nats_close(void **link) {
    struct nats_link *nats = *link;
    if (nats == NULL)
        return;
    nats_end(&nats->in);
    nats_end(&nats->out);
    free(nats);
    *link = NULL;
}

static int nats_open(void **link, const struct address *address, const enum queue ends[2], struct reason *why) {
    struct nats_link *nats = calloc(1, sizeof *nats);
    *link = nats;
    nats->from = ends[0] == QUEUE_NONE ? NULL : queue_names[ends[0]];
    nats->to = ends[1] == QUEUE_NONE ? NULL : queue_names[ends[1]];
    if (nats->from != NULL && nats_connect(&nats->in, address, why) != 0)
        return -1;
    return nats->to != NULL ? nats_connect(&nats->out, address, why) : 0;
}

static void nats_pull(struct nats_link *nats) {
    char json[100];
    snprintf(json, sizeof json, "{\"batch\":%d,\"expires\":%lld}", PREFETCH_MAX, NATS_ANSWER_MS_MAX * 1000000LL);
    nats_say(nats->in, "PUB $JS.API.CONSUMER.MSG.NEXT.%s.bench %s %zu\r\n%s\r\n", nats->from, nats->in->inbox,
             strlen(json), json);
    nats->asked += PREFETCH_MAX;
}

static int nats_take(void *link, struct letters *in, struct reason *why) {
    struct nats_link *nats = link;
    letters_reset(in);
    if (nats->asked < PREFETCH_MAX / 2) /* it comes while these are worked at */
        nats_pull(nats);
    if (nats_flush(nats->in, why) != 0)
        return -1;
    while (in->count < PREFETCH_MAX) {
        struct nats_message message;
        int status = nats_next(nats->in, &message, why);
        if (status == 0)
            status = nats_read(nats->in, in->count == 0 ? TAKE_MS_MAX : 0, why);
        else if (status == 1 && message.status != 0)
            nats->asked = 0; /* what was asked for has ended; an earlier question at most brings more than counted */
        else if (status == 1) {
            nats->asked -= nats->asked > 0;
            struct letter *letter = letters_add(in, message.data, message.size);
            memcpy(letter->id, message.reply, ID_SIZE);
        }
        if (status <= 0)
            return status;
    }
    return 0;
}

/* The answers are counted: each stands for one message that is stored. */
static int nats_put(void *link, const struct letters *out, struct reason *why) {
    struct nats_link *nats = link;
    for (size_t i = 0; i < out->count; i++) {
        nats_say(nats->out, "PUB %s %s %zu\r\n", nats->to, nats->out->inbox, out->each[i].size);
        bytes_append(&nats->out->out, out->bytes.data + out->each[i].at, out->each[i].size);
        bytes_append(&nats->out->out, "\r\n", 2);
    }
    if (nats_flush(nats->out, why) != 0)
        return -1;
    for (size_t i = 0; i < out->count; i++)
        if (nats_answered(nats->out, why) != 0)
            return -1;
    return 0;
}

static int nats_acknowledge(void *link, const struct letters *in, struct reason *why) {
    struct nats_link *nats = link;
    for (size_t i = 0; i < in->count; i++)
        nats_say(nats->in, "PUB %s 4\r\n+ACK\r\n", in->each[i].id);
    return nats_flush(nats->in, why);
}

static const struct broker nats = {"nats", nats_prepare, nats_open, nats_close, nats_take, nats_put, nats_acknowledge};

#endif
