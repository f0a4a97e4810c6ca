#include "services/zhitong/import_progress.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int import_progress_write(const struct import_progress *progress, const char *path, struct reason *why) {
    char temporary[PATH_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return refuse(why, path, "its name is too long");
    FILE *file = fopen(temporary, "we");
    if (file == NULL)
        return refuse(why, path, "cannot be written: %s", strerror(errno));
    fprintf(file,
            "line %" PRIu64 " %s\naccepted %" PRIu64 "\nrepeated %" PRIu64 "\nrefused %" PRIu64
            "\nrejects_bytes %" PRIu64 "\n",
            progress->line, progress->check, progress->accepted, progress->repeated, progress->refused,
            progress->rejects_bytes);
    int written = ferror(file) ? -1 : 0;
    if (fclose(file) != 0 || written != 0 || rename(temporary, path) != 0) {
        (void)refuse(why, path, "cannot be written: %s", strerror(errno));
        remove(temporary);
        return -1;
    }
    return 0;
}

int import_progress_read(struct import_progress *progress, const char *path, struct reason *why) {
    struct import_progress read = {0};
    FILE *file = fopen(path, "re");
    if (file == NULL && errno == ENOENT)
        return 0;
    if (file == NULL)
        return refuse(why, path, "cannot be read: %s", strerror(errno));
    int got = fscanf(file,
                     "line %" SCNu64 " %16[0-9a-f] accepted %" SCNu64 " repeated %" SCNu64 " refused %" SCNu64
                     " rejects_bytes %" SCNu64,
                     &read.line, read.check, &read.accepted, &read.repeated, &read.refused, &read.rejects_bytes);
    fclose(file);
    if (got != 6 || read.line == 0)
        return refuse(why, path, "does not say how far an import has come; remove it and import without --resume");
    *progress = read;
    return 1;
}
