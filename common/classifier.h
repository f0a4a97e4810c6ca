/* Which label a text most likely has, by a linear model on the grams of the text: tf-idf with 1 + ln(count), L2-normalised, a
 * weight a gram and label, and probabilities by a softmax whose scale was fitted to texts that the model had not seen.
 * `zhitong classify train` makes models; docs/classifier.md says how good they are. Pure but for reading and writing files. */
#ifndef ZHITONG_CLASSIFIER_H
#define ZHITONG_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/grams.h"
#include "proto/reason.h"

#define CLASSIFIER_LABEL_BYTES_MAX 48
#define CLASSIFIER_LABELS_MAX 1024
#define CLASSIFIER_FEATURES_MAX (1u << 20)
#define CLASSIFIER_FILE_BYTES_MAX (64u << 20)

struct classifier { /* immutable once made: safe to share between threads */
    uint32_t label_count, feature_count;
    uint32_t lengths; /* of grams, see grams.h */
    uint32_t texts;   /* how many it learned from */
    float scale;      /* of the softmax; above 0 */
    char (*labels)[CLASSIFIER_LABEL_BYTES_MAX + 1];
    uint64_t *hashes; /* of each feature's gram, ascending */
    float *idf;       /* of each feature; above 0 */
    float *bias;      /* of each label */
    float *weights;   /* of each feature, those of all labels */
    uint32_t *slots;  /* a hash table: number of a feature + 1; 0: free */
    size_t slot_mask;
};

struct likely {
    const char *label; /* borrowed from the classifier */
    float probability;
};

/* One without contents, to be filled; classifier_index makes it usable. Sizes from 1 to their maximum (asserted). */
struct classifier *classifier_make(uint32_t label_count, size_t feature_count);
void classifier_index(struct classifier *classifier);
void classifier_close(struct classifier **open);

/* Bytes of a model's file of these sizes. */
size_t classifier_file_bytes(const struct classifier *classifier);

/* Reads a model's file, or its bytes. Refuses (field "model") what is no such file, cut short, damaged, made by another version,
 * above CLASSIFIER_FILE_BYTES_MAX, or holds a number that is none. Nothing in a file is believed before it is checked. */
MUST_CHECK int classifier_read(struct classifier **out, const char *path, struct reason *why);
MUST_CHECK int classifier_parse(struct classifier **out, const uint8_t *bytes, size_t size, struct reason *why);

/* The file's bytes; the caller frees them. */
uint8_t *classifier_print(const struct classifier *classifier, size_t *size);
/* Written whole beside the path and then renamed: whoever reads it gets the old file or the new one. Refuses with the path. */
MUST_CHECK int classifier_write(const struct classifier *classifier, const char *path, struct reason *why);

/* A score for each label, higher is likelier. False when no gram of the text is known: then the scores say nothing. */
bool classifier_score(const struct classifier *classifier, const struct grams *grams, float *scores);
/* Turns scores into probabilities that add up to 1. */
void classifier_weigh(float scale, float *scores, size_t count);

/* The likeliest labels of a text, the likeliest first; how many there are: 0 when no gram of it is known, or `room` at most. */
size_t classifier_ask(const struct classifier *classifier, const char *text, struct likely *likely, size_t room);

#endif
