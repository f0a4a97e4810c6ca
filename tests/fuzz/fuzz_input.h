/* What targets share: bytes as a text, as a file that has a path, and a city to ask. */
#ifndef ZHITONG_TESTS_FUZZ_INPUT_H
#define ZHITONG_TESTS_FUZZ_INPUT_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/city_folder.h"
#include "proto/reason.h"
#include "proto/text.h"

#define FUZZ_PATH_SIZE 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Up to the first NUL, on the heap and no longer than it is, so that a byte too far is seen. The caller frees it. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = strndup((const char *)data, size);
    assert(text != NULL);
    return text;
}

/* A file in memory with these bytes, which only its owner may read; its path. The caller closes the descriptor. */
static inline int fuzz_file(const uint8_t *data, size_t size, char path[FUZZ_PATH_SIZE]) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && fchmod(fd, 0600) == 0);
    assert(write(fd, data, size) == (ssize_t)size);
    snprintf(path, FUZZ_PATH_SIZE, "/proc/self/fd/%d", fd);
    return fd;
}

/* A refusal that somebody can read: it says something, and in clean text. */
static inline void fuzz_check_reason(const struct reason *why) {
    assert(why->text[0] != '\0' && text_clean(why->text, strlen(why->text)) == strlen(why->text));
    assert(text_clean(why->field, strlen(why->field)) == strlen(why->field));
}

/* The city of tests/fuzz/city, by a path from the root of the tree, where the targets run. */
#define FUZZ_CITY "tests/fuzz/city"
static inline struct city *fuzz_city(void) {
    static struct city *city;
    struct city_draft *draft;
    if (city != NULL)
        return city;
    if (city_folder_open(&city, &draft, FUZZ_CITY) != 0) {
        fputs("run it from the root of the tree: it reads " FUZZ_CITY "\n", stderr);
        exit(1);
    }
    city_draft_close(&draft);
    return city;
}

#endif
