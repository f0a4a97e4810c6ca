/* A file with keys that appears under its name whole or not at all; wire_keys_read reads a CURVE key pair, secret_keys_open a
 * keyring. */
#ifndef ZHITONG_KEY_FILE_H
#define ZHITONG_KEY_FILE_H

#include <limits.h>
#include <stdbool.h>

#include "common/wire.h"

struct key_file {
    char path[PATH_MAX];
    char temporary[PATH_MAX]; /* beside it; "" when there is none */
    bool force;               /* an older file of that name may go */
};

/* Writes the text (mode 0600, on disk) under a temporary name. Refuses as key_file_write. */
MUST_CHECK int key_file_write_text(struct key_file *file, const char *text, struct reason *why);
/* Writes the pair (mode 0600, on disk) under a temporary name. Refuses with the path as field, also when the file
 * exists and force is not set. */
MUST_CHECK int key_file_write(struct key_file *file, const struct wire_keys *keys, struct reason *why);
/* Gives it its name. Refuses as above; the temporary file stays until key_file_drop. */
MUST_CHECK int key_file_keep(struct key_file *file, struct reason *why);
/* Removes the temporary file, if there still is one. */
void key_file_drop(struct key_file *file);

#endif
