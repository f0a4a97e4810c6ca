#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "services/zhitong/import_parts.h"

#define ROWS_PER_WINDOW 4 /* one late answer holds up the progress, not the sending */
#define CLOCK_MS 1000     /* between two looks at the city's clock */

extern const struct db_query import_queries[];

static int complain(const struct reason *why) {
    fprintf(stderr, "%s: %s\n", why->field, why->text);
    return -1;
}

void import_read_clock(struct importer *importer) {
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

static int open_of_source(struct importer *importer, struct reason *why) {
    if (csv_open_any(&importer->csv, importer->text, importer->path, why) != 0)
        return -1;
    const struct import_source_options options = {importer->database_url, importer->source_code,
                                                  importer->keys.public_key, importer->csv};
    importer->columns.at = -1;
    return import_source_open(&importer->source, &options, why);
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
    importer->text = importer->file;
    if (importer->encoding != NULL && import_recode(&importer->text, importer->file, importer->encoding, why) != 0)
        return -1;
    if (importer->source_code != NULL)
        return open_of_source(importer, why) == 0 ? open_progress(importer, why) : -1;
    if (csv_open(&importer->csv, importer->text, importer->path, why) != 0 ||
        import_columns_find(&importer->columns, importer->csv, importer->origin.channel, why) != 0)
        return -1;
    if (importer->paced && importer->columns.at < 0)
        return refuse(why, "at", "--paced needs a column of that name");
    if (importer->columns.unknown[0] != '\0')
        fprintf(stderr, "note: nothing is done with these columns: %s\n", importer->columns.unknown);
    return open_progress(importer, why);
}

int import_open(struct importer *importer, void (*answered)(void *context, const struct submit_answer *answer)) {
    struct reason why;
    importer->zmq = zmq_ctx_new();
    const struct submit_options options = {.zmq = importer->zmq,
                                           .keys = &importer->keys,
                                           .server_key = importer->server_key,
                                           .endpoints = importer->endpoints,
                                           .window = (uint32_t)importer->window,
                                           .context = importer,
                                           .answered = answered};
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
        import_read_clock(importer);
    return importer->db != NULL && clock_known() ? 0 : -1;
}

void import_close(struct importer *importer) {
    submit_client_close(&importer->client);
    if (importer->zmq != NULL)
        zmq_ctx_term(importer->zmq);
    if (importer->rows.rejects != NULL)
        fclose(importer->rows.rejects);
    import_rows_close(&importer->rows);
    if (importer->csv != NULL)
        csv_close(&importer->csv);
    import_source_close(&importer->source);
    if (importer->text != NULL && importer->text != importer->file)
        fclose(importer->text);
    if (importer->file != NULL)
        fclose(importer->file);
    db_close(&importer->db);
}
