/* Files by what is in them: a file's name is the SHA-256 of its bytes, so the same content is kept once and never changes. Kept in a
 * folder, FOLDER/ab/cd/NAME, or in a bucket of an S3 service; a folder is needed in both cases, for what is coming in.
 *
 * All but open and incoming wait for a disk or a network: for a worker thread. A store may be used by several threads at once, and
 * its folder by several replicas. */
#ifndef ZHITONG_FILE_STORE_H
#define ZHITONG_FILE_STORE_H

#include <stdbool.h>

#include "common/settings.h"
#include "proto/codec.h"

#define FILE_HEX_BYTES 64      /* SHA-256 as lower-case hex */
#define FILE_NAME_BYTES_MAX 80 /* the same and what it is: ".thumbnail" */
#define FILE_PATH_BYTES_MAX 1200
#define FILE_KEPT_BYTES_MAX 12582912   /* 12 MiB: no file is larger */
#define FILE_INCOMING_SECONDS_MAX 3600 /* what came in and was left over is removed at start once it is older */
#define FILE_THUMBNAIL ".thumbnail"

#define SETTINGS_OF_FILES \
    {"ZHITONG_FILES_FOLDER", \
     SETTING_TEXT, \
     "", \
     "", \
     0, \
     1000, \
     "folder of the store of photos and files, the same for intake and desk; empty: there is none"}, \
        {"ZHITONG_FILES_S3_URL", \
         SETTING_TEXT, \
         "", \
         "", \
         0, \
         1000, \
         "https://HOST of an S3 service that keeps the files instead of the folder; empty: the folder does"}, \
        {"ZHITONG_FILES_S3_BUCKET", SETTING_TEXT, "", "zhitong", 1, 63, "bucket of the files there"}, \
        {"ZHITONG_FILES_S3_REGION", SETTING_TEXT, "", "us-east-1", 1, 63, "region that signatures name"}, { \
        "ZHITONG_FILES_S3_KEY", SETTING_SECRET, "", "", 0, 300, \
            "ACCESS-KEY:SECRET-KEY for it; better as ZHITONG_FILES_S3_KEY_FILE" \
    }

struct file_store;

/* From SETTINGS_OF_FILES. *out is NULL when there is no folder: files are not taken then. Makes what is missing in the folder and
 * removes left-over uploads. Refuses with the setting's name. */
MUST_CHECK int file_store_open(struct file_store **out, const struct settings *settings, struct reason *why);
void file_store_close(struct file_store **store);

/* A name for what is kept: 64 lower-case hex digits, and FILE_THUMBNAIL or nothing. */
bool file_hash_is_valid(const char *hash);
void file_hash(const struct bytes *bytes, char hash[FILE_HEX_BYTES + 1]);

/* An empty file for what comes in; its path, which the caller unlinks. -1: errno says why. */
MUST_CHECK int file_store_incoming(const struct file_store *store, char path[FILE_PATH_BYTES_MAX]);

/* Durable when it returns 0. What is there already is only marked as new. */
MUST_CHECK int file_store_put(const struct file_store *store, const char *name, const struct bytes *bytes,
                              struct reason *why);
/* 0: *fd reads it and the caller closes; 1: it is not there; -1: refused. */
MUST_CHECK int file_store_get(const struct file_store *store, const char *name, int *fd, size_t *size,
                              struct reason *why);
/* Removes it where it is there and was not put for FILE_INCOMING_SECONDS_MAX (a bucket is not asked how old it is). */
MUST_CHECK int file_store_remove(const struct file_store *store, const char *name, struct reason *why);

#endif
