#include "services/zhitong/follow.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/follow_client.h"
#include "common/message_json.h"
#include "services/zhitong/options.h"

#define CREDIT 1000 /* entries under way */
#define TURN_MS 200

struct printer {
    const char *unit, *cursor_path;
    struct follow_client *client;
    uint64_t printed; /* entries */
    uint64_t wanted;  /* 0: without end */
    uint64_t last;    /* seq that was printed last */
    uint64_t saved;   /* the one in the cursor file */
    bool failed;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

/* ---- the cursor file: one number, the last seq that was printed ------------------------------------------------------- */

static int cursor_read(const char *path, uint64_t *seq, struct reason *why) {
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT)
        return 0;
    if (file == NULL)
        return refuse(why, path, "cannot be read: %s", strerror(errno));
    int got = fscanf(file, "%" SCNu64, seq);
    fclose(file);
    return got == 1 ? 1 : refuse(why, path, "does not hold a seq");
}

static int cursor_write(const char *path, uint64_t seq, struct reason *why) {
    char temporary[PATH_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return refuse(why, path, "its name is too long");
    FILE *file = fopen(temporary, "we");
    if (file == NULL)
        return refuse(why, path, "cannot be written: %s", strerror(errno));
    bool written = fprintf(file, "%" PRIu64 "\n", seq) > 0;
    if (fclose(file) == 0 && written && rename(temporary, path) == 0)
        return 0;
    return refuse(why, path, "cannot be written: %s", strerror(errno));
}

/* ---- entries ------------------------------------------------------------------------------------------------------------ */

static json_t *json_of_entry(uint64_t seq, const uint8_t *data, size_t size) {
    struct case_moved moved;
    struct reason why;
    json_t *object = json_object();
    json_object_set_new(object, "seq", json_integer((json_int_t)seq));
    enum message type = message_peek(data, size);
    if (type == MESSAGE_NONE || message_spec(type) == NULL) {
        json_object_set_new(object, "unknown", json_true()); /* a later version's */
        return object;
    }
    json_object_set_new(object, "t", json_string(message_spec(type)->name));
    if (type != MESSAGE_case_moved || message_decode(type, data, size, &moved, &why) != 0) {
        json_object_set_new(object, "unknown", json_true());
        return object;
    }
    json_t *fields = message_to_json(type, &moved);
    json_object_update(object, fields);
    json_decref(fields);
    return object;
}

static void on_entry(void *context, uint64_t seq, const uint8_t *data, size_t size) {
    struct printer *printer = context;
    if (printer->wanted != 0 && printer->printed == printer->wanted)
        return; /* asked for fewer than came */
    json_t *object = json_of_entry(seq, data, size);
    if (json_dumpf(object, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF)
        printer->failed = true;
    json_decref(object);
    printer->printed++;
    printer->last = seq;
}

static void on_news(void *context, const struct follow_news *news) {
    struct printer *printer = context;
    switch (news->event) {
    case FOLLOW_CONNECTED:
        fprintf(stderr, "follow: connected to %s\n", news->detail);
        return;
    case FOLLOW_SILENT:
        fprintf(stderr, "follow: %s does not answer; asking on\n", news->detail);
        return;
    case FOLLOW_MOVED:
        fprintf(stderr, "follow: the stream is %s%s\n", *news->detail == '\0' ? "served by nobody yet" : "at ",
                news->detail);
        return;
    case FOLLOW_TRUNCATED:
        fprintf(stderr, "follow: entry %" PRIu64 " is no longer kept; the oldest is %" PRIu64 ": --from %" PRIu64 "\n",
                follow_client_seq(printer->client) + 1, news->first, news->first);
        printer->failed = true;
        return;
    case FOLLOW_REFUSED:
        fprintf(stderr, "follow: refused: %s\n", news->detail);
        printer->failed = true;
        return;
    }
}

/* What was printed has left this process before it counts as applied. */
static void commit(struct printer *printer) {
    struct reason why;
    if (fflush(stdout) != 0)
        printer->failed = true;
    if (printer->failed || printer->cursor_path == NULL || printer->last == printer->saved)
        return;
    printer->saved = printer->last;
    if (cursor_write(printer->cursor_path, printer->last, &why) == 0)
        return;
    fprintf(stderr, "%s: %s\n", why.field, why.text);
    printer->failed = true;
}

static int run(struct printer *printer, const struct follow_client_options *options) {
    struct reason why;
    if (follow_client_open(&printer->client, options, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    while (!interrupted && !printer->failed && (printer->wanted == 0 || printer->printed < printer->wanted)) {
        follow_client_turn(printer->client, TURN_MS);
        commit(printer);
    }
    follow_client_close(&printer->client);
    return printer->failed ? EXIT_REFUSED : EXIT_GOOD;
}

/* ---- the command --------------------------------------------------------------------------------------------------------- */

static int read_from(const char *text, const char *cursor_path, uint64_t *from) {
    struct reason why;
    uint64_t seq;
    long long number;
    int got = cursor_path == NULL ? 0 : cursor_read(cursor_path, &seq, &why);
    if (got < 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return -1;
    }
    if (got == 1) {
        *from = seq + 1;
        return 0;
    }
    if (strcmp(text, "end") == 0) {
        *from = FOLLOW_FROM_END;
        return 0;
    }
    if (number_read(text, &(struct number_range){"--from", 1, INT64_MAX}, &number) != 0)
        return -1;
    *from = (uint64_t)number;
    return 0;
}

int follow_command(int argc, char **argv) {
    struct printer printer = {0};
    const char *url = NULL, *from = "1", *endpoints = NULL, *server_key = NULL, *key = NULL, *count = "0";
    const struct option_row rows[] = {
        {"--unit", &printer.unit, NULL},          {"--from", &from, NULL}, {"--endpoint", &endpoints, NULL},
        {"--server-key", &server_key, NULL},      {"--key", &key, NULL},   {"--count", &count, NULL},
        {"--cursor", &printer.cursor_path, NULL}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    struct wire_keys keys;
    char server[WIRE_KEY_SIZE];
    long long wanted;
    struct reason why;
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (printer.unit == NULL || endpoints == NULL || server_key == NULL || key == NULL)
        return wrong_use(argv[0], "--unit, --endpoint, --server-key and --key are needed");
    struct follow_client_options options = {.stream = printer.unit,
                                            .endpoints = endpoints,
                                            .server_key = server,
                                            .keys = &keys,
                                            .credit = CREDIT,
                                            .context = &printer,
                                            .entry = on_entry,
                                            .news = on_news};
    if (number_read(count, &(struct number_range){"--count", 0, INT64_MAX}, &wanted) != 0 ||
        read_from(from, printer.cursor_path, &options.from) != 0)
        return EXIT_WRONG_USE;
    if (wire_keys_read(&keys, key, &why) != 0 || server_key_read(server, server_key, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    printer.wanted = (uint64_t)wanted;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    options.zmq = zmq_ctx_new();
    int status = run(&printer, &options);
    zmq_ctx_term(options.zmq);
    return status;
}
