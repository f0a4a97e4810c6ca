/* A department's follower: follow_example ENDPOINTS SERVER_KEY_FILE KEY_FILE UNIT FOLDER [group=NAME] [filter=FILTER] [from=SEQ]
 *
 *   cc follow_example.c $(pkg-config --cflags --libs zhitong-follow) -o follow_example
 *
 * The work here is a line in FOLDER/events; FOLDER/cursor says how far it is done. Copy it and put your own work in `do_work`.
 * from counts where there is no cursor yet: 0 is what comes from now on. In a group the server keeps the cursor. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zhitong_follow.h"

#define BATCH 200 /* events of which the cursor is stored together */
#define DONE_MAX 4096
#define PATH_BYTES_MAX 512

static volatile sig_atomic_t ended;

static void on_signal(int number) {
    (void)number;
    ended = 1;
}

struct department {
    struct zhitong_follower *follower;
    bool grouped;
    FILE *events;
    char events_path[PATH_BYTES_MAX], cursor_path[PATH_BYTES_MAX];
    char done[DONE_MAX][65]; /* ids of the last events: what died between work and cursor comes again */
    size_t done_count;
    uint64_t last; /* seq that is done and not stored yet */
    int waiting;   /* events that it stands for */
};

static bool is_done(const struct department *department, const char *id) {
    size_t count = department->done_count < DONE_MAX ? department->done_count : DONE_MAX;
    for (size_t i = 0; i < count; i++)
        if (strcmp(department->done[i], id) == 0)
            return true;
    return false;
}

/* Finds what an earlier life has done, and takes away a line that it left half. */
static int open_events(struct department *department) {
    char line[2048];
    long whole = 0;
    FILE *file = fopen(department->events_path, "a+");
    if (file == NULL)
        return -1;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        whole = ftell(file);
        if (sscanf(line, "%*s %64s", department->done[department->done_count % DONE_MAX]) == 1)
            department->done_count++;
    }
    if (ftruncate(fileno(file), whole) != 0)
        return -1;
    department->events = file;
    return 0;
}

static void do_work(struct department *department, uint64_t seq, const struct zhitong_event *event) {
    char state[32], title[256];
    int64_t due_at = 0;
    if (is_done(department, event->id))
        return;
    zhitong_event_text(event, "state", state, sizeof state);
    zhitong_event_text(event, "title", title, sizeof title);
    zhitong_event_whole(event, "due_at", &due_at);
    fprintf(department->events, "%" PRIu64 " %s %s %s %s %" PRId64 " %s\n", seq, event->id, event->type, event->time,
            state, due_at, title);
    snprintf(department->done[department->done_count++ % DONE_MAX], sizeof *department->done, "%s", event->id);
}

/* First the work, then the cursor, then the acknowledgement: whatever dies in between, nothing is lost. */
static int store(struct department *department) {
    if (department->waiting == 0)
        return 0;
    if (fflush(department->events) != 0 || fsync(fileno(department->events)) != 0 ||
        (!department->grouped && zhitong_cursor_write(department->cursor_path, department->last) != 0))
        return -1;
    zhitong_follow_ack(department->follower, department->last);
    department->waiting = 0;
    return 0;
}

static void hear(struct department *department, enum zhitong_follow_word word, const struct zhitong_follow_said *said) {
    switch (word) {
    case ZHITONG_FOLLOW_EVENT:
        do_work(department, said->seq, &said->event);
        department->last = said->seq;
        department->waiting++;
        break;
    case ZHITONG_FOLLOW_SKIPPED:
        department->last = said->seq;
        department->waiting++;
        break;
    case ZHITONG_FOLLOW_CONNECTED:
    case ZHITONG_FOLLOW_SILENT:
    case ZHITONG_FOLLOW_MOVED:
    case ZHITONG_FOLLOW_BROKEN:
        fprintf(stderr, "%s %s\n",
                word == ZHITONG_FOLLOW_CONNECTED ? "connected to"
                : word == ZHITONG_FOLLOW_SILENT  ? "no answer from"
                : word == ZHITONG_FOLLOW_MOVED   ? "the stream moved to"
                                                 : "nonsense from",
                said->detail);
        break;
    case ZHITONG_FOLLOW_TRUNCATED: /* your decision: here what is gone is passed over, and said aloud */
        if (zhitong_follow_void_from(department->follower) != 0)
            fprintf(stderr, "the city was restored: what we have from %" PRIu64 " on is void\n",
                    zhitong_follow_void_from(department->follower));
        else
            fprintf(stderr, "entries before %" PRIu64 " are gone\n", said->seq);
        zhitong_follow_from(department->follower, said->seq);
        break;
    case ZHITONG_FOLLOW_REFUSED:
        fprintf(stderr, "refused: %s: %s\n", said->field, said->detail);
        ended = 1;
        break;
    case ZHITONG_FOLLOW_NOTHING:
        break;
    }
}

static int run(struct department *department) {
    struct zhitong_follow_said said;
    int status = 0;
    while (!ended && status == 0) {
        enum zhitong_follow_word word = zhitong_follow_next(department->follower, &said, department->waiting ? 0 : 500);
        hear(department, word, &said);
        if (word == ZHITONG_FOLLOW_REFUSED)
            status = 1;
        if ((word != ZHITONG_FOLLOW_EVENT || department->waiting >= BATCH) && store(department) != 0) {
            fprintf(stderr, "%s cannot be written\n", department->cursor_path);
            status = 2;
        }
    }
    return status;
}

static const char *word_of(char **words, const char *name) {
    for (; *words != NULL; words++)
        if (strncmp(*words, name, strlen(name)) == 0)
            return *words + strlen(name);
    return NULL;
}

/* Where an earlier life was, else what is asked for. */
static int read_start(struct department *department, char **words, struct zhitong_follow_options *options) {
    uint64_t cursor = 0;
    const char *from = word_of(words, "from=");
    options->group = word_of(words, "group=");
    options->filter = word_of(words, "filter=");
    options->from = from != NULL ? strtoull(from, NULL, 10) : 1;
    department->grouped = options->group != NULL;
    int found = department->grouped ? 0 : zhitong_cursor_read(department->cursor_path, &cursor);
    if (found == 1)
        options->from = cursor + 1;
    return found < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
    static struct department department;
    struct zhitong_follow_options options = {.credit = 1000};
    const char *why = "a key file cannot be read";
    if (argc < 6) {
        fprintf(stderr, "%s ENDPOINTS SERVER_KEY_FILE KEY_FILE UNIT FOLDER [group=NAME] [filter=FILTER] [from=SEQ]\n",
                argv[0]);
        return 2;
    }
    snprintf(department.events_path, PATH_BYTES_MAX, "%s/events", argv[5]);
    snprintf(department.cursor_path, PATH_BYTES_MAX, "%s/cursor", argv[5]);
    (void)mkdir(argv[5], 0777); /* it may be there */
    if (open_events(&department) != 0 || read_start(&department, argv + 6, &options) != 0) {
        fprintf(stderr, "%s: events or cursor cannot be read\n", argv[5]);
        return 2;
    }
    options.endpoints = argv[1];
    options.stream = argv[4];
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (zhitong_keys_read(argv[2], options.server_key, NULL) == 0 &&
        zhitong_keys_read(argv[3], options.public_key, options.secret_key) == 0)
        department.follower = zhitong_follow_open(&options, &why);
    if (department.follower == NULL) {
        fprintf(stderr, "%s\n", why);
        return 2;
    }
    int status = run(&department);
    zhitong_follow_close(&department.follower);
    fclose(department.events);
    return status;
}
