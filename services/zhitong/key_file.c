#include "services/zhitong/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(int handle, const char *text, size_t size) {
    while (size > 0) {
        ssize_t written = write(handle, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        text += written;
        size -= (size_t)written;
    }
    return fsync(handle);
}

static int refuse_existing(const struct key_file *file, struct reason *why) {
    return refuse(why, file->path, "exists already; --force replaces it, and who uses the old key is locked out");
}

int key_file_write_text(struct key_file *file, const char *text, struct reason *why) {
    if (!file->force && access(file->path, F_OK) == 0)
        return refuse_existing(file, why);
    size_t room = sizeof file->temporary;
    if ((size_t)snprintf(file->temporary, room, "%s.XXXXXX", file->path) >= room) {
        file->temporary[0] = '\0';
        return refuse(why, "file", "its name is too long");
    }
    int handle = mkostemp(file->temporary, O_CLOEXEC); /* mode 0600 */
    if (handle < 0) {
        file->temporary[0] = '\0';
        return refuse(why, file->path, "cannot be written: %s", strerror(errno));
    }
    int status = write_all(handle, text, strlen(text));
    if (status != 0)
        (void)refuse(why, file->path, "cannot be written: %s", strerror(errno));
    close(handle);
    if (status != 0)
        key_file_drop(file);
    return status;
}

int key_file_write(struct key_file *file, const struct wire_keys *keys, struct reason *why) {
    char text[2 * WIRE_KEY_SIZE + 32];
    snprintf(text, sizeof text, "public %s\nsecret %s\n", keys->public_key, keys->secret_key);
    return key_file_write_text(file, text, why);
}

int key_file_keep(struct key_file *file, struct reason *why) {
    /* link, unlike rename, does not replace a file that appeared meanwhile. */
    int status = file->force ? rename(file->temporary, file->path) : link(file->temporary, file->path);

    if (status != 0 && errno == EEXIST && !file->force)
        return refuse_existing(file, why);
    if (status != 0)
        return refuse(why, file->path, "cannot be written: %s", strerror(errno));
    if (!file->force)
        unlink(file->temporary);
    file->temporary[0] = '\0';
    return 0;
}

void key_file_drop(struct key_file *file) {
    if (file->temporary[0] != '\0')
        unlink(file->temporary);
    file->temporary[0] = '\0';
}
