/* CURVE keys in a file, as `zhitong keys` writes them: lines `public KEY` and `secret KEY`, keys in Z85 (ZeroMQ RFC 32). */
#ifndef ZHITONG_KEY_FILE_H
#define ZHITONG_KEY_FILE_H

#include "common/wire.h"

/* Reads the lines that there are, the last of each; "" is what there is not. The clients' libraries read the same (clients/c/zhitong_keys.h).
 * Refuses with the path as field when the file cannot be opened. */
MUST_CHECK int key_file_read(struct wire_keys *found, const char *path, struct reason *why);

#endif
