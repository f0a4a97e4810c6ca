#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "zhitong_follow.h"

#define CURSOR_BYTES_MAX 32

int zhitong_cursor_read(const char *path, uint64_t *seq) {
    char end;
    uint64_t number;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return errno == ENOENT ? 0 : -1;
    int got = fscanf(file, "%20" SCNu64 "%c", &number, &end);
    fclose(file);
    if (got != 2 || end != '\n')
        return -1;
    *seq = number;
    return 1;
}

/* The name is on disk only when its folder is. */
static void sync_folder(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1, slash == NULL ? "." : path);
    int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0)
        return;
    (void)fsync(opened);
    close(opened);
}

int zhitong_cursor_write(const char *path, uint64_t seq) {
    char temporary[PATH_MAX], text[CURSOR_BYTES_MAX];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return -1;
    int size = snprintf(text, sizeof text, "%" PRIu64 "\n", seq);
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return -1;
    bool written = write(file, text, (size_t)size) == size && fsync(file) == 0;
    if (close(file) != 0 || !written || rename(temporary, path) != 0)
        return -1;
    sync_folder(path);
    return 0;
}
