#include "services/zhitong/import.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "services/zhitong/import_meter.h"
#include "services/zhitong/import_rows.h"
#include "services/zhitong/options.h"

#define WINDOW "1000"      /* reports under way, unless --window says otherwise */
#define RATE_MAX 1000000   /* reports a second */
#define ROWS_PER_WINDOW 4  /* one late answer holds up the progress, not the sending */
#define SAVE_MS 1000       /* between two savings of the progress */
#define CLOCK_MS 1000      /* between two looks at the city's clock */
#define FINISH_MS_MAX 5000 /* after Ctrl-C: how long answers are waited for */
#define TURN_MS 20
#define EXIT_INTERRUPTED 130

extern const struct db_query import_queries[];

struct importer {
    const char *path, *endpoints, *rejects_path, *database_url;
    bool resume, paced;
    long long rate, window; /* rate 0: as fast as it goes */
    struct import_origin origin;
    struct wire_keys keys;
    char server_key[WIRE_KEY_SIZE];
    void *zmq;
    FILE *file;
    off_t file_size;
    char progress_path[PATH_MAX];
    struct csv *csv;
    struct import_columns columns;
    struct submit_client *client;
    struct import_rows rows;
    struct import_progress progress;
    struct import_meter meter;
    struct submit next; /* read and not sent yet */
    uint64_t next_row;
    bool has_next, at_end, failed;
    int64_t next_at, began_ms, saved_ms, clock_ms;
    uint64_t sent;
    struct db *db;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number) {
    (void)signal_number;
    if (interrupted++ > 0)
        _exit(EXIT_INTERRUPTED);
}

static int complain(const struct reason *why) {
    fprintf(stderr, "%s: %s\n", why->field, why->text);
    return -1;
}

/* ---- answers ------------------------------------------------------------------------------------------------------- */

static void on_answer(void *context, const struct submit_answer *answer) {
    struct importer *importer = context;
    struct import_row *row = import_row(&importer->rows, answer->tag);
    row->outcome = !answer->accepted ? ROW_REFUSED : answer->repeated ? ROW_REPEATED : ROW_ACCEPTED;
    row->why = answer->why;
}

static void save(struct importer *importer, bool now) {
    struct reason why;
    int64_t at = clock_monotonic_ms();
    if (importer->progress.line == 0 || (!now && at - importer->saved_ms < SAVE_MS))
        return;
    importer->saved_ms = at;
    if (import_progress_write(&importer->progress, importer->progress_path, &why) == 0 || importer->failed)
        return;
    importer->failed = true;
    import_meter_note(&importer->meter, "note: %s %s; --resume will not work, importing again does", why.field,
                      why.text);
}

/* ---- sending ---------------------------------------------------------------------------------------------------------- */

/* Reads the next record into `next`; one that is no report is refused at once. */
static void read_next(struct importer *importer) {
    struct reason why;
    int got = csv_next(importer->csv, &why);
    if (got == 0 || (got < 0 && ferror(importer->file))) {
        importer->at_end = true;
        if (got < 0)
            (void)complain(&why);
        return;
    }
    importer->next_row = import_rows_add(&importer->rows, csv_line(importer->csv), csv_raw(importer->csv));
    int status = got < 0
                     ? -1
                     : import_record_read(&importer->next, importer->csv, &importer->columns, &importer->origin, &why);
    importer->next_at = 0;
    const char *at = csv_field(importer->csv, importer->columns.at);
    if (status == 0 && importer->paced && *at != '\0' && import_instant(at, &importer->next_at) != 0)
        status = refuse(&why, "at", "must be written as 2026-09-01T08:30:00+08:00");
    if (status == 0) {
        importer->has_next = true;
        return;
    }
    struct import_row *row = import_row(&importer->rows, importer->next_row);
    row->outcome = ROW_REFUSED;
    row->why = why;
}

static const char *waits_for(const struct importer *importer) {
    if (!importer->has_next)
        return "";
    if (importer->paced && importer->next_at != 0 && clock_now() < importer->next_at)
        return "waits for the city's clock";
    int64_t allowed = (clock_monotonic_ms() - importer->began_ms) * importer->rate / 1000;
    return importer->rate > 0 && (int64_t)importer->sent > allowed ? "at the given rate" : "";
}

static void send_some(struct importer *importer) {
    struct reason why;
    while (!interrupted && submit_client_room(importer->client) > 0) {
        if (!importer->has_next && !importer->at_end && !import_rows_full(&importer->rows))
            read_next(importer);
        if (!importer->has_next && (importer->at_end || import_rows_full(&importer->rows)))
            return;
        if (!importer->has_next)
            continue; /* it was refused */
        if (*waits_for(importer) != '\0')
            return;
        importer->has_next = false;
        importer->sent++;
        if (submit_client_send(importer->client, &importer->next, importer->next_row, &why) == 0)
            continue;
        struct import_row *row = import_row(&importer->rows, importer->next_row);
        row->outcome = ROW_REFUSED;
        row->why = why;
    }
}

/* Without the database time runs on from the last reading. */
static void read_clock(struct importer *importer) {
    int64_t now = clock_monotonic_ms();
    if (importer->db == NULL || (clock_known() && now - importer->clock_ms < CLOCK_MS))
        return;
    importer->clock_ms = now;
    SCOPED_RESULT
    *result = db_ask(importer->db, "import_clock", NULL);
    if (result != NULL)
        (void)clock_sync(db_time(result, 0, 0), db_float8(result, 0, 1));
    else
        db_forget_failure(importer->db);
}

static void run(struct importer *importer) {
    int64_t stop_at = 0;
    bool told_stray = false;
    for (;;) {
        read_clock(importer);
        send_some(importer);
        submit_client_turn(importer->client, TURN_MS);
        import_rows_retire(&importer->rows, &importer->progress);
        const off_t read = ftello(importer->file);
        const struct import_state state = {&importer->progress, importer->client,
                                           importer->file_size > 0 ? (double)read / (double)importer->file_size : 1,
                                           waits_for(importer)};
        const struct submit_counts *counts = submit_client_counts(importer->client);
        if (counts->strays > 0 && !told_stray)
            import_meter_note(&importer->meter, "note: intake says: %s %s", counts->stray.field, counts->stray.text);
        told_stray = counts->strays > 0;
        if (interrupted && stop_at == 0) /* who has been silent for long will not answer now */
            stop_at = clock_monotonic_ms() + FINISH_MS_MAX - submit_client_silent_ms(importer->client);
        bool done = interrupted ? submit_client_waiting(importer->client) == 0 || clock_monotonic_ms() > stop_at
                                : importer->at_end && importer->rows.first == importer->rows.next;
        import_meter_show(&importer->meter, &state, done);
        save(importer, done);
        if (done)
            return;
    }
}

/* ---- starting ---------------------------------------------------------------------------------------------------------- */

/* Passes over what is answered already. */
static int skip_answered(struct importer *importer, struct reason *why) {
    struct reason ignored;
    int got;
    while ((got = csv_next(importer->csv, &ignored)) != 0 && csv_line(importer->csv) < importer->progress.line) {
    }
    char check[IMPORT_HASH_MAX] = "";
    if (got != 0)
        import_hash(check, csv_raw(importer->csv));
    if (csv_line(importer->csv) == importer->progress.line && strcmp(check, importer->progress.check) == 0)
        return 0;
    return refuse(why, importer->path, "was changed at line %" PRIu64 " since; import it without --resume",
                  importer->progress.line);
}

static int open_progress(struct importer *importer, struct reason *why) {
    struct import_progress earlier = {0};
    size_t size = (size_t)snprintf(importer->progress_path, PATH_MAX, "%s.progress", importer->path);
    if (size >= PATH_MAX)
        return refuse(why, importer->path, "its name is too long");
    int found = import_progress_read(&earlier, importer->progress_path, why);
    if (found < 0 && importer->resume)
        return -1;
    if (found == 1 && !importer->resume)
        fprintf(stderr, "note: an earlier import came to line %" PRIu64 "; --resume goes on from there\n",
                earlier.line);
    if (found != 1 || !importer->resume)
        return 0;
    importer->progress = earlier;
    return skip_answered(importer, why);
}

static int open_file(struct importer *importer, struct reason *why) {
    struct stat status;
    char name[PATH_MAX];
    importer->file = fopen(importer->path, "re");
    if (importer->file == NULL || fstat(fileno(importer->file), &status) != 0 || !S_ISREG(status.st_mode))
        return refuse(why, importer->path, "cannot be read: %s", errno != 0 ? strerror(errno) : "not a file");
    importer->file_size = status.st_size;
    snprintf(name, sizeof name, "%s", importer->path);
    import_hash(importer->origin.hash, basename(name));
    if (csv_open(&importer->csv, importer->file, importer->path, why) != 0 ||
        import_columns_find(&importer->columns, importer->csv, importer->origin.channel, why) != 0)
        return -1;
    if (importer->paced && importer->columns.at < 0)
        return refuse(why, "at", "--paced needs a column of that name");
    if (importer->columns.unknown[0] != '\0')
        fprintf(stderr, "note: nothing is done with these columns: %s\n", importer->columns.unknown);
    return open_progress(importer, why);
}

static int open_all(struct importer *importer) {
    struct reason why;
    importer->zmq = zmq_ctx_new();
    const struct submit_options options = {.zmq = importer->zmq,
                                           .keys = &importer->keys,
                                           .server_key = importer->server_key,
                                           .endpoints = importer->endpoints,
                                           .window = (uint32_t)importer->window,
                                           .context = importer,
                                           .answered = on_answer};
    import_rows_open(&importer->rows, (size_t)importer->window * ROWS_PER_WINDOW);
    if (open_file(importer, &why) != 0 || submit_client_open(&importer->client, &options, &why) != 0)
        return complain(&why);
    const struct import_progress *resumed = importer->progress.line > 0 ? &importer->progress : NULL;
    if (importer->rejects_path != NULL &&
        import_rejects_open(&importer->rows, importer->rejects_path, resumed, &why) != 0)
        return complain(&why);
    import_meter_open(&importer->meter, &importer->progress);
    importer->began_ms = importer->saved_ms = clock_monotonic_ms();
    if (!importer->paced)
        return 0;
    importer->db = database_open(importer->database_url, "mesh", import_queries);
    if (importer->db != NULL)
        read_clock(importer);
    return importer->db != NULL && clock_known() ? 0 : -1;
}

static void close_all(struct importer *importer) {
    submit_client_close(&importer->client);
    if (importer->zmq != NULL)
        zmq_ctx_term(importer->zmq);
    if (importer->rows.rejects != NULL)
        fclose(importer->rows.rejects);
    import_rows_close(&importer->rows);
    if (importer->csv != NULL)
        csv_close(&importer->csv);
    if (importer->file != NULL)
        fclose(importer->file);
    db_close(&importer->db);
}

static int summary(const struct importer *importer) {
    const struct import_progress *progress = &importer->progress;
    printf("%s: %" PRIu64 " accepted, %" PRIu64 " accepted before, %" PRIu64 " refused%s%s\n", importer->path,
           progress->accepted, progress->repeated, progress->refused,
           progress->refused > 0 && importer->rejects_path != NULL ? ", see " : "",
           progress->refused > 0 && importer->rejects_path != NULL ? importer->rejects_path : "");
    if (!importer->at_end || importer->rows.first != importer->rows.next) {
        fprintf(stderr, "stopped before the end; --resume goes on from here\n");
        return EXIT_INTERRUPTED;
    }
    remove(importer->progress_path);
    if (ferror(importer->file))
        return EXIT_REFUSED;
    return progress->refused == 0 ? EXIT_GOOD : EXIT_REFUSED;
}

int import_command(int argc, char **argv) {
    static struct importer importer; /* large */
    const char *key = NULL, *server_key = NULL, *window = WINDOW, *rate = "0";
    const struct option_row rows[] = {{"--endpoint", &importer.endpoints, NULL},
                                      {"--server-key", &server_key, NULL},
                                      {"--key", &key, NULL},
                                      {"--rejects", &importer.rejects_path, NULL},
                                      {"--channel", &importer.origin.channel, NULL},
                                      {"--window", &window, NULL},
                                      {"--rate", &rate, NULL},
                                      {"--resume", NULL, &importer.resume},
                                      {"--paced", NULL, &importer.paced},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    struct reason why;
    if (options_read(argc, argv, rows, &words, &importer.database_url) != 0)
        return EXIT_WRONG_USE;
    if (words.count == 0 || importer.endpoints == NULL || key == NULL || server_key == NULL)
        return wrong_use(argv[0], "FILE.csv, --endpoint, --server-key and --key are needed");
    if (importer.paced && importer.database_url == NULL)
        return wrong_use(argv[0], "--paced needs --database URL, where the city's clock is");
    if (number_read(window, &(struct number_range){"--window", 1, SUBMIT_WINDOW_MAX}, &importer.window) != 0 ||
        number_read(rate, &(struct number_range){"--rate", 0, RATE_MAX}, &importer.rate) != 0)
        return EXIT_WRONG_USE;
    importer.path = words.at[0];
    if (wire_keys_read(&importer.keys, key, &why) != 0 || server_key_read(importer.server_key, server_key, &why) != 0) {
        (void)complain(&why);
        return EXIT_REFUSED;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    int status = EXIT_REFUSED;
    if (open_all(&importer) == 0) {
        run(&importer);
        status = summary(&importer);
    }
    close_all(&importer);
    return status;
}
