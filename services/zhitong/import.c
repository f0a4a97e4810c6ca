#include "services/zhitong/import.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/instant.h"
#include "services/zhitong/import_parts.h"

#define WINDOW "1000"      /* reports under way, unless --window says otherwise */
#define RATE_MAX 1000000   /* reports a second */
#define SAVE_MS 1000       /* between two savings of the progress */
#define FINISH_MS_MAX 5000 /* after Ctrl-C: how long answers are waited for */
#define TURN_MS 20
#define EXIT_INTERRUPTED 130

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
    if (importer->source != NULL && !answer->accepted)
        import_source_place(importer->source, &row->why);
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

static int read_report(struct importer *importer, struct reason *why) {
    char key[65];
    if (importer->source == NULL)
        return import_record_read(&importer->next, importer->csv, &importer->columns, &importer->origin, why);
    import_key(key, importer->origin.hash, "", csv_line(importer->csv));
    return import_source_read(importer->source, key, &importer->next, why);
}

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
    int status = got < 0 ? -1 : read_report(importer, &why);
    importer->next_at = 0;
    const char *at = csv_field(importer->csv, importer->columns.at);
    if (status == 0 && importer->paced && *at != '\0' && instant_read(at, &importer->next_at) != 0)
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

static void run(struct importer *importer) {
    int64_t stop_at = 0;
    bool told_stray = false;
    for (;;) {
        import_read_clock(importer);
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

/* ---- the command ------------------------------------------------------------------------------------------------------- */

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
                                      {"--source", &importer.source_code, NULL},
                                      {"--encoding", &importer.encoding, NULL},
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
    if ((importer.paced || importer.source_code != NULL) && importer.database_url == NULL)
        return wrong_use(argv[0], "--paced and --source need --database URL, where clock and city are");
    if (importer.source_code != NULL && (importer.paced || importer.origin.channel != NULL))
        return wrong_use(argv[0], "--source goes with neither --paced nor --channel");
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
    if (import_open(&importer, on_answer) == 0) {
        run(&importer);
        status = summary(&importer);
    }
    import_close(&importer);
    return status;
}
