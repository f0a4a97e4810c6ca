#include "common/file_store.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fault_point.h"
#include "common/file_s3.h"

#define INCOMING "incoming"

struct file_store {
    const char *folder; /* of the settings */
    struct s3 s3;       /* url "": the folder keeps the files */
};

static int refuse_errno(struct reason *why, const char *path) {
    return refuse(why, "ZHITONG_FILES_FOLDER", "%s: %s", path, strerror(errno));
}

static int make_folder(const char *path, struct reason *why) {
    return mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : refuse_errno(why, path);
}

/* Another replica's uploads are younger than that. */
static void remove_left_over(const char *folder) {
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        struct stat about;
        if (fstatat(dirfd(directory), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode) &&
            about.st_mtime < time(NULL) - FILE_INCOMING_SECONDS_MAX)
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
}

static int check_s3(const struct s3 *s3, struct reason *why) {
    if (s3->url[0] == '\0')
        return 0;
    if (strncmp(s3->url, "https://", 8) != 0 && strncmp(s3->url, "http://", 7) != 0)
        return refuse(why, "ZHITONG_FILES_S3_URL", "must start with https:// (or http://)");
    if (strchr(s3->key, ':') == NULL)
        return refuse(why, "ZHITONG_FILES_S3_KEY", "must be ACCESS-KEY:SECRET-KEY");
    return 0;
}

int file_store_open(struct file_store **out, const struct settings *settings, struct reason *why) {
    const char *folder = settings_text(settings, "ZHITONG_FILES_FOLDER");
    struct s3 s3 = {.url = settings_text(settings, "ZHITONG_FILES_S3_URL"),
                    .bucket = settings_text(settings, "ZHITONG_FILES_S3_BUCKET"),
                    .region = settings_text(settings, "ZHITONG_FILES_S3_REGION"),
                    .key = settings_text(settings, "ZHITONG_FILES_S3_KEY")};
    char incoming[FILE_PATH_BYTES_MAX];
    *out = NULL;
    if (check_s3(&s3, why) != 0)
        return -1;
    if (folder[0] == '\0')
        return s3.url[0] == '\0' ? 0
                                 : refuse(why, "ZHITONG_FILES_FOLDER", "is needed beside S3, for what is coming in");
    snprintf(incoming, sizeof incoming, "%s/" INCOMING, folder);
    if (make_folder(folder, why) != 0 || make_folder(incoming, why) != 0)
        return -1;
    if (access(incoming, W_OK | X_OK) != 0)
        return refuse_errno(why, incoming);
    remove_left_over(incoming);
    if (s3.url[0] != '\0')
        s3_start();
    struct file_store *store = malloc(sizeof *store);
    assert(store != NULL);
    *store = (struct file_store){folder, s3};
    *out = store;
    return 0;
}

void file_store_close(struct file_store **store) {
    free(*store);
    *store = NULL;
}

bool file_hash_is_valid(const char *hash) {
    return strlen(hash) == FILE_HEX_BYTES && strspn(hash, "0123456789abcdef") == FILE_HEX_BYTES;
}

static bool name_is_valid(const char *name) {
    return strspn(name, "0123456789abcdef") == FILE_HEX_BYTES &&
           (name[FILE_HEX_BYTES] == '\0' || strcmp(name + FILE_HEX_BYTES, FILE_THUMBNAIL) == 0);
}

void file_hash(const struct bytes *bytes, char hash[FILE_HEX_BYTES + 1]) {
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(raw, bytes->data, bytes->size);
    sodium_bin2hex(hash, FILE_HEX_BYTES + 1, raw, sizeof raw);
}

int file_store_incoming(const struct file_store *store, char path[FILE_PATH_BYTES_MAX]) {
    snprintf(path, FILE_PATH_BYTES_MAX, "%s/" INCOMING "/XXXXXX", store->folder);
    return mkostemp(path, O_CLOEXEC);
}

/* ---- the folder ------------------------------------------------------------------------------------------------------- */

/* Folders of a name, from the outer to the inner, and the file itself. */
struct place {
    char outer[FILE_PATH_BYTES_MAX], inner[FILE_PATH_BYTES_MAX + 4],
        file[FILE_PATH_BYTES_MAX + FILE_NAME_BYTES_MAX + 8];
};

static void find_place(const struct file_store *store, const char *name, struct place *place) {
    assert(name_is_valid(name));
    snprintf(place->outer, sizeof place->outer, "%s/%.2s", store->folder, name);
    snprintf(place->inner, sizeof place->inner, "%s/%.2s", place->outer, name + 2);
    snprintf(place->file, sizeof place->file, "%s/%s", place->inner, name);
}

static int write_all(int fd, const struct bytes *bytes) {
    for (size_t at = 0; at < bytes->size;) {
        ssize_t wrote = write(fd, bytes->data + at, bytes->size - at);
        if (wrote < 0 && errno != EINTR)
            return -1;
        at += wrote < 0 ? 0 : (size_t)wrote;
    }
    return fsync(fd);
}

/* A name is durable when its folder is. */
static int sync_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return status;
}

static int put_in_folder(const struct file_store *store, const char *name, const struct bytes *bytes,
                         struct reason *why) {
    struct place place;
    char path[FILE_PATH_BYTES_MAX];
    find_place(store, name, &place);
    if (utimensat(AT_FDCWD, place.file, NULL, 0) == 0)
        return 0;
    if (make_folder(place.outer, why) != 0 || make_folder(place.inner, why) != 0)
        return -1;
    int fd = file_store_incoming(store, path);
    if (fd < 0)
        return refuse_errno(why, path);
    int status = write_all(fd, bytes);
    if (fchmod(fd, 0640) != 0 || close(fd) != 0)
        status = -1;
    if (FAULT_POINT(file_before_rename))
        status = -1;
    if (status == 0)
        status = rename(path, place.file);
    if (status != 0) {
        (void)refuse_errno(why, place.file);
        unlink(path);
        return -1;
    }
    (void)FAULT_POINT(file_after_rename);
    if (sync_folder(place.inner) != 0 || sync_folder(place.outer) != 0 || sync_folder(store->folder) != 0)
        return refuse_errno(why, place.inner);
    return 0;
}

static int get_from_folder(const struct file_store *store, const char *name, int *fd, size_t *size,
                           struct reason *why) {
    struct place place;
    struct stat about;
    find_place(store, name, &place);
    int file = open(place.file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return errno == ENOENT ? 1 : refuse_errno(why, place.file);
    if (fstat(file, &about) != 0) {
        (void)refuse_errno(why, place.file);
        close(file);
        return -1;
    }
    *fd = file;
    *size = (size_t)about.st_size;
    return 0;
}

static int remove_from_folder(const struct file_store *store, const char *name, struct reason *why) {
    struct place place;
    struct stat about;
    find_place(store, name, &place);
    if (stat(place.file, &about) == 0 && about.st_mtime > time(NULL) - FILE_INCOMING_SECONDS_MAX)
        return 0;
    return unlink(place.file) == 0 || errno == ENOENT ? 0 : refuse_errno(why, place.file);
}

/* ---- folder or bucket --------------------------------------------------------------------------------------------------- */

/* A file without a name that holds what the bucket gave. */
static int get_from_bucket(const struct file_store *store, const char *name, int *fd, size_t *size,
                           struct reason *why) {
    struct bytes bytes = {0};
    char path[FILE_PATH_BYTES_MAX];
    int status = s3_get(&store->s3, name, FILE_KEPT_BYTES_MAX, &bytes, why);
    int file = status == 0 ? file_store_incoming(store, path) : -1;
    if (file >= 0) {
        unlink(path);
        *fd = file;
        *size = bytes.size;
        status = write_all(file, &bytes);
    }
    if (status == 0 && file < 0)
        status = -1;
    if (status < 0 && file >= 0)
        close(file);
    if (status < 0 && bytes.size > 0)
        (void)refuse_errno(why, store->folder);
    bytes_close(&bytes);
    return status;
}

int file_store_put(const struct file_store *store, const char *name, const struct bytes *bytes, struct reason *why) {
    assert(name_is_valid(name));
    if (store->s3.url[0] != '\0')
        return s3_put(&store->s3, name, bytes, why);
    return put_in_folder(store, name, bytes, why);
}

int file_store_get(const struct file_store *store, const char *name, int *fd, size_t *size, struct reason *why) {
    assert(name_is_valid(name));
    if (store->s3.url[0] != '\0')
        return get_from_bucket(store, name, fd, size, why);
    return get_from_folder(store, name, fd, size, why);
}

int file_store_remove(const struct file_store *store, const char *name, struct reason *why) {
    assert(name_is_valid(name));
    if (store->s3.url[0] != '\0')
        return s3_remove(&store->s3, name, why);
    return remove_from_folder(store, name, why);
}
