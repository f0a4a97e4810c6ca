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
#include "common/ids.h"
#include "common/instant.h"
#include "services/zhitong/options.h"

#define CREDIT 1000 /* entries under way */
#define TURN_MS 200

struct printer {
    const char *unit, *cursor_path;
    struct follow_client *client;
    uint64_t printed; /* entries */
    uint64_t wanted;  /* 0: without end */
    bool more;        /* entries came that were not printed */
    uint64_t last;    /* seq that was printed last, or that the filter left out behind it */
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

/* A later version's data, that we cannot read, is left out. */
static json_t *json_of_event(const struct event *event) {
    struct case_moved moved;
    struct event_place place = {event->source, event->unit, event->seq};
    if (message_decode(MESSAGE_case_moved, event->data, event->size, &moved, NULL) == 0)
        return event_json(&place, &moved);
    char sequence[EVENT_SEQUENCE_SIZE + 1];
    snprintf(sequence, sizeof sequence, "%020" PRIu64, event->seq);
    return json_pack("{ss ss ss ss ss ss ss ss}", "specversion", "1.0", "id", event->id, "source", event->source,
                     "type", event->type, "subject", event->subject, "time", event->time, "sequence", sequence, "unit",
                     event->unit);
}

static void on_entry(void *context, const struct event *event) {
    struct printer *printer = context;
    if (printer->wanted != 0 && printer->printed == printer->wanted) {
        printer->more = true; /* asked for fewer than came */
        return;
    }
    json_t *object = json_of_event(event);
    if (json_dumpf(object, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF)
        printer->failed = true;
    json_decref(object);
    printer->printed++;
    printer->last = event->seq;
}

static void on_news(void *context, const struct follow_news *news) {
    struct printer *printer = context;
    switch (news->event) {
    case FOLLOW_CONNECTED:
        fprintf(stderr, "follow: connected to %s\n", news->detail);
        return;
    case FOLLOW_SILENT:
        fprintf(stderr, "follow: %s does not answer (a server is silent to a key that it does not know); asking on\n",
                news->detail);
        return;
    case FOLLOW_MOVED:
        fprintf(stderr, "follow: the stream is %s%s\n", *news->detail == '\0' ? "served by nobody yet" : "at ",
                news->detail);
        return;
    case FOLLOW_TRUNCATED:
        if (news->void_from != 0)
            fprintf(stderr,
                    "follow: the city was restored from a backup; what you have from seq %" PRIu64
                    " on is void there, and it goes on with %" PRIu64 ": --from %" PRIu64 "\n",
                    news->void_from, news->first, news->first);
        else
            fprintf(stderr,
                    "follow: what was asked for is no longer kept; the oldest entry is %" PRIu64 ": --from %" PRIu64
                    "\n",
                    news->first, news->first);
        printer->failed = true;
        return;
    case FOLLOW_REFUSED:
        fprintf(stderr, "follow: refused: %s: %s\n", news->field, news->detail);
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
        if (!printer->more && follow_client_seq(printer->client) > printer->last)
            printer->last = follow_client_seq(printer->client);
        commit(printer);
    }
    if (!printer->failed && !printer->more)
        follow_client_applied(printer->client);
    follow_client_close(&printer->client);
    return printer->failed ? EXIT_REFUSED : EXIT_GOOD;
}

/* ---- the command --------------------------------------------------------------------------------------------------------- */

/* --from is a seq, "end" or an instant. A cursor file that is there goes before it. */
static int read_from(const char *text, const char *cursor_path, struct follow_client_options *options) {
    struct reason why;
    uint64_t seq;
    int got = cursor_path == NULL ? 0 : cursor_read(cursor_path, &seq, &why);
    if (got < 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return -1;
    }
    options->from = 0;
    if (got == 1)
        options->from = seq + 1;
    else if (strcmp(text, "end") == 0)
        options->from = FOLLOW_FROM_END;
    else if (instant_read(text, &options->from_at) == 0)
        return 0;
    else if (is_id(text) && text[0] != '0')
        options->from = strtoull(text, NULL, 10);
    else {
        fprintf(stderr, "--from: must be a seq from 1 on, an instant as 2026-09-01T08:30:00+08:00, or end, not %s\n",
                text);
        return -1;
    }
    return 0;
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int follow_command(int argc, char **argv) {
    struct printer printer = {0};
    const char *url = NULL, *from = "1", *endpoints = NULL, *server_key = NULL, *key = NULL, *count = "0";
    const char *filter = NULL, *group = NULL;
    const struct option_row rows[] = {{"--unit", &printer.unit, NULL},
                                      {"--from", &from, NULL},
                                      {"--endpoint", &endpoints, NULL},
                                      {"--server-key", &server_key, NULL},
                                      {"--key", &key, NULL},
                                      {"--count", &count, NULL},
                                      {"--cursor", &printer.cursor_path, NULL},
                                      {"--filter", &filter, NULL},
                                      {"--group", &group, NULL},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    struct wire_keys keys;
    char server[WIRE_KEY_SIZE];
    long long wanted;
    struct reason why;
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (printer.unit == NULL || endpoints == NULL || server_key == NULL || key == NULL)
        return wrong_use(argv[0], "--unit, --endpoint, --server-key and --key are needed");
    if (group != NULL && printer.cursor_path != NULL)
        return wrong_use(argv[0], "a group's cursor is kept by the server: --group goes without --cursor");
    struct follow_client_options options = {.stream = printer.unit,
                                            .endpoints = endpoints,
                                            .server_key = server,
                                            .keys = &keys,
                                            .credit = CREDIT,
                                            .filter = filter,
                                            .group = group,
                                            .context = &printer,
                                            .entry = on_entry,
                                            .news = on_news};
    if (number_read(count, &(struct number_range){"--count", 0, INT64_MAX}, &wanted) != 0 ||
        read_from(from, printer.cursor_path, &options) != 0)
        return EXIT_WRONG_USE;
    if (wire_keys_read(&keys, key, &why) != 0 || server_key_read(server, server_key, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    printer.wanted = (uint64_t)wanted;
    catch_signals();
    options.zmq = zmq_ctx_new();
    int status = run(&printer, &options);
    zmq_ctx_term(options.zmq);
    return status;
}
