/* A model's file, little-endian:
 *   8 bytes   "ZTMODEL1"
 *   5 × u32   labels, features, lengths of grams, texts learned from; the scale as a float
 *   labels    each a byte for its length and so many bytes
 *   features  u64 each: the hashes, ascending; then f32 each: idf
 *   weights   f32: one bias a label, then for each feature one weight a label
 *   16 bytes  BLAKE2b-128 of all that stands before */
#include "common/classifier.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/text.h"

static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "arrays go into the file as they lie in memory");

#define MAGIC "ZTMODEL1"
#define MAGIC_BYTES 8
#define HEADER_BYTES (MAGIC_BYTES + 5 * 4)
#define DIGEST_BYTES 16
#define NUMBER_MAX 1e6f /* of a weight, idf or scale, either side of 0 */

struct header {
    uint32_t label_count, feature_count, lengths, texts;
    float scale;
};

static void digest_of(const uint8_t *bytes, size_t size, uint8_t digest[DIGEST_BYTES]) {
    crypto_generichash(digest, DIGEST_BYTES, bytes, size, NULL, 0);
}

/* Bytes after the labels, without the digest. */
static size_t numbers_bytes(uint64_t label_count, uint64_t feature_count) {
    return (feature_count * 3 + label_count + feature_count * label_count) * 4;
}

size_t classifier_file_bytes(const struct classifier *classifier) {
    size_t size = HEADER_BYTES + DIGEST_BYTES + numbers_bytes(classifier->label_count, classifier->feature_count);

    for (size_t label = 0; label < classifier->label_count; label++)
        size += 1 + strlen(classifier->labels[label]);
    return size;
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

static int damaged(struct reason *why, const char *what) {
    return refuse(why, "model", "is damaged or made by another version: %s; train it again", what);
}

static int read_header(const uint8_t *bytes, size_t size, struct header *header, struct reason *why) {
    uint8_t digest[DIGEST_BYTES];

    if (size < HEADER_BYTES + DIGEST_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES) != 0)
        return damaged(why, "it does not begin like a model");
    digest_of(bytes, size - DIGEST_BYTES, digest);
    if (memcmp(bytes + size - DIGEST_BYTES, digest, DIGEST_BYTES) != 0)
        return damaged(why, "its digest is not that of its contents");
    memcpy(header, bytes + MAGIC_BYTES, HEADER_BYTES - MAGIC_BYTES);
    if (header->label_count < 1 || header->label_count > CLASSIFIER_LABELS_MAX)
        return damaged(why, "no label, or too many");
    if (header->feature_count < 1 || header->feature_count > CLASSIFIER_FEATURES_MAX)
        return damaged(why, "no feature, or too many");
    if (header->lengths < 1 || header->lengths >= 1u << GRAM_TOKENS_MAX)
        return damaged(why, "grams of an unknown length");
    if (!(header->scale > 0 && header->scale <= NUMBER_MAX))
        return damaged(why, "its scale is no number above 0");
    if (numbers_bytes(header->label_count, header->feature_count) > size)
        return damaged(why, "it is shorter than its sizes say");
    return 0;
}

/* Where the labels end; 0 when they make no sense. */
static size_t read_labels(struct classifier *classifier, const uint8_t *bytes, size_t size) {
    size_t at = HEADER_BYTES;

    for (size_t label = 0; label < classifier->label_count; label++) {
        size_t length = at < size ? bytes[at] : 0;
        const char *text = (const char *)bytes + at + 1;
        if (length < 1 || length > CLASSIFIER_LABEL_BYTES_MAX || length >= size - at ||
            text_clean(text, length) != length)
            return 0;
        memcpy(classifier->labels[label], text, length);
        at += 1 + length;
    }
    return at;
}

static bool are_numbers(const float *numbers, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(numbers[i]) <= NUMBER_MAX)) /* so that NaN fails too */
            return false;
    return true;
}

static const uint8_t *take(const uint8_t *from, void *to, size_t size) {
    memcpy(to, from, size);
    return from + size;
}

static int read_numbers(struct classifier *classifier, const uint8_t *from, struct reason *why) {
    size_t labels = classifier->label_count, features = classifier->feature_count;

    from = take(from, classifier->hashes, features * sizeof *classifier->hashes);
    from = take(from, classifier->idf, features * sizeof *classifier->idf);
    from = take(from, classifier->bias, labels * sizeof *classifier->bias);
    (void)take(from, classifier->weights, features * labels * sizeof *classifier->weights);
    for (size_t i = 0; i < features; i++) {
        if (classifier->hashes[i] <= (i > 0 ? classifier->hashes[i - 1] : 0))
            return damaged(why, "its features are not in order");
        if (!(classifier->idf[i] > 0))
            return damaged(why, "a feature counts nothing");
    }
    if (!are_numbers(classifier->idf, features) || !are_numbers(classifier->bias, labels) ||
        !are_numbers(classifier->weights, features * labels))
        return damaged(why, "a weight is no number, or out of bounds");
    return 0;
}

int classifier_parse(struct classifier **out, const uint8_t *bytes, size_t size, struct reason *why) {
    struct header header;

    if (size > CLASSIFIER_FILE_BYTES_MAX)
        return refuse(why, "model", "is more than %u bytes", CLASSIFIER_FILE_BYTES_MAX);
    if (read_header(bytes, size, &header, why) != 0)
        return -1;
    struct classifier *classifier = classifier_make(header.label_count, header.feature_count);
    classifier->lengths = header.lengths;
    classifier->texts = header.texts;
    classifier->scale = header.scale;
    size_t at = read_labels(classifier, bytes, size);
    int status = -1;
    if (at == 0)
        (void)damaged(why, "a label is empty, too long or no text");
    else if (size - at != numbers_bytes(header.label_count, header.feature_count) + DIGEST_BYTES)
        (void)damaged(why, "it is not as long as its sizes say");
    else
        status = read_numbers(classifier, bytes + at, why);
    if (status != 0) {
        classifier_close(&classifier);
        return -1;
    }
    classifier_index(classifier);
    *out = classifier;
    return 0;
}

int classifier_read(struct classifier **out, const char *path, struct reason *why) {
    struct stat found;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return refuse(why, "model", "%s cannot be read: %s", path, strerror(errno));
    if (fstat(fileno(file), &found) != 0 || !S_ISREG(found.st_mode) || found.st_size > CLASSIFIER_FILE_BYTES_MAX) {
        fclose(file);
        return refuse(why, "model", "%s is no file, or one of more than %u bytes", path, CLASSIFIER_FILE_BYTES_MAX);
    }
    size_t size = (size_t)found.st_size;
    uint8_t *bytes = malloc(size + 1);
    assert(bytes != NULL);
    size = fread(bytes, 1, size, file);
    fclose(file);
    int status = classifier_parse(out, bytes, size, why);
    free(bytes);
    return status;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *to, const void *from, size_t size) {
    memcpy(to, from, size);
    return to + size;
}

uint8_t *classifier_print(const struct classifier *classifier, size_t *size) {
    size_t labels = classifier->label_count, features = classifier->feature_count;
    struct header header = {classifier->label_count, classifier->feature_count, classifier->lengths, classifier->texts,
                            classifier->scale};

    *size = classifier_file_bytes(classifier);
    uint8_t *bytes = malloc(*size), *to = bytes;
    assert(bytes != NULL);
    to = put(to, MAGIC, MAGIC_BYTES);
    to = put(to, &header, sizeof header);
    for (size_t label = 0; label < labels; label++) {
        uint8_t length = (uint8_t)strlen(classifier->labels[label]);
        to = put(to, &length, 1);
        to = put(to, classifier->labels[label], length);
    }
    to = put(to, classifier->hashes, features * sizeof *classifier->hashes);
    to = put(to, classifier->idf, features * sizeof *classifier->idf);
    to = put(to, classifier->bias, labels * sizeof *classifier->bias);
    to = put(to, classifier->weights, features * labels * sizeof *classifier->weights);
    digest_of(bytes, (size_t)(to - bytes), to);
    return bytes;
}

int classifier_write(const struct classifier *classifier, const char *path, struct reason *why) {
    char beside[4096];
    size_t size;

    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return refuse(why, "model", "the path is too long");
    uint8_t *bytes = classifier_print(classifier, &size);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written = file != NULL && fwrite(bytes, 1, size, file) == size && fflush(file) == 0 && fsync(fd) == 0;
    if (file != NULL)
        written = fclose(file) == 0 && written;
    free(bytes);
    if (written && rename(beside, path) == 0)
        return 0;
    (void)refuse(why, "model", "%s cannot be written: %s", path, strerror(errno));
    (void)unlink(beside);
    return -1;
}
