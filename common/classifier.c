#include "common/classifier.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64
#define AHEAD 4 /* rows */
#define AHEAD_BYTES 1024

static void *room_for(size_t count, size_t size) {
    void *room = calloc(count, size);

    assert(room != NULL);
    return room;
}

struct classifier *classifier_make(uint32_t label_count, size_t feature_count) {
    struct classifier *classifier = room_for(1, sizeof *classifier);

    assert(label_count >= 1 && label_count <= CLASSIFIER_LABELS_MAX);
    assert(feature_count >= 1 && feature_count <= CLASSIFIER_FEATURES_MAX);
    classifier->label_count = label_count;
    classifier->feature_count = (uint32_t)feature_count;
    classifier->labels = room_for(label_count, sizeof *classifier->labels);
    classifier->hashes = room_for(feature_count, sizeof *classifier->hashes);
    classifier->idf = room_for(feature_count, sizeof *classifier->idf);
    classifier->bias = room_for(label_count, sizeof *classifier->bias);
    classifier->weights = room_for(feature_count * label_count, sizeof *classifier->weights);
    return classifier;
}

void classifier_index(struct classifier *classifier) {
    size_t slots = 8;

    while (slots < (size_t)classifier->feature_count * 2)
        slots *= 2;
    free(classifier->slots);
    classifier->slots = room_for(slots, sizeof *classifier->slots);
    classifier->slot_mask = slots - 1;
    for (uint32_t feature = 0; feature < classifier->feature_count; feature++) {
        size_t slot = classifier->hashes[feature] & classifier->slot_mask;
        while (classifier->slots[slot] != 0)
            slot = (slot + 1) & classifier->slot_mask;
        classifier->slots[slot] = feature + 1;
    }
}

void classifier_close(struct classifier **open) {
    struct classifier *classifier = *open;

    *open = NULL;
    if (classifier == NULL)
        return;
    free(classifier->labels);
    free(classifier->hashes);
    free(classifier->idf);
    free(classifier->bias);
    free(classifier->weights);
    free(classifier->slots);
    free(classifier);
}

/* The number of a gram's feature; feature_count when it has none. */
static uint32_t find(const struct classifier *classifier, uint64_t hash) {
    size_t slot = hash & classifier->slot_mask;

    for (; classifier->slots[slot] != 0; slot = (slot + 1) & classifier->slot_mask) {
        uint32_t feature = classifier->slots[slot] - 1;
        if (classifier->hashes[feature] == hash)
            return feature;
    }
    return classifier->feature_count;
}

/* Which features a text has, and how much of each. */
struct found {
    uint32_t feature;
    float value;
};

static size_t find_all(const struct classifier *classifier, const struct grams *grams, struct found *found) {
    size_t count = 0;

    for (size_t slot = 0; slot <= grams->mask; slot++) {
        const struct gram *gram = &grams->slots[slot];
        uint32_t feature = gram->hash != 0 ? find(classifier, gram->hash) : classifier->feature_count;
        if (feature == classifier->feature_count)
            continue;
        float repeats = gram->count == 1 ? 1 : 1 + logf((float)gram->count);
        found[count++] = (struct found){feature, repeats * classifier->idf[feature]};
    }
    return count;
}

static void add_row(float *restrict scores, const float *restrict weights, float value, size_t labels) {
    for (size_t label = 0; label < labels; label++)
        scores[label] += value * weights[label];
}

bool classifier_score(const struct classifier *classifier, const struct grams *grams, float *scores) {
    size_t labels = classifier->label_count;
    struct found *found = malloc((grams->count + 1) * sizeof *found);
    float squares = 0;

    assert(found != NULL);
    memset(scores, 0, labels * sizeof *scores);
    size_t count = find_all(classifier, grams, found);
    for (size_t i = 0; i < count; i++) {
        /* Rows lie anywhere in tens of megabytes: asked for ahead, they are there when it is their turn. */
        const char *ahead = (const char *)(classifier->weights +
                                           found[i + AHEAD < count ? i + AHEAD : i].feature * labels);
        for (size_t byte = 0; byte < labels * sizeof *scores && byte < AHEAD_BYTES; byte += CACHE_LINE)
            __builtin_prefetch(ahead + byte);
        squares += found[i].value * found[i].value;
        add_row(scores, classifier->weights + found[i].feature * labels, found[i].value, labels);
    }
    free(found);
    float length = squares > 0 ? sqrtf(squares) : 1;
    for (size_t label = 0; label < labels; label++)
        scores[label] = scores[label] / length + classifier->bias[label];
    return squares > 0;
}

void classifier_weigh(float scale, float *scores, size_t count) {
    float most = scores[0], sum = 0;

    for (size_t i = 1; i < count; i++)
        most = fmaxf(most, scores[i]);
    for (size_t i = 0; i < count; i++) {
        scores[i] = expf(scale * (scores[i] - most));
        sum += scores[i];
    }
    for (size_t i = 0; i < count; i++)
        scores[i] /= sum;
}

/* Puts a label where it belongs among the likeliest so far; returns how many there are now. */
static size_t rank(struct likely *likely, size_t count, size_t room, struct likely one) {
    size_t at = count;

    while (at > 0 && likely[at - 1].probability < one.probability)
        at--;
    if (at == room)
        return count;
    size_t kept = count < room ? count : room - 1;
    memmove(likely + at + 1, likely + at, (kept - at) * sizeof *likely);
    likely[at] = one;
    return kept + 1;
}

size_t classifier_ask(const struct classifier *classifier, const char *text, struct likely *likely, size_t room) {
    float scores[CLASSIFIER_LABELS_MAX];
    struct grams grams = {0};
    size_t count = 0;

    grams_read(&grams, classifier->lengths, text, strlen(text));
    if (classifier_score(classifier, &grams, scores)) {
        classifier_weigh(classifier->scale, scores, classifier->label_count);
        for (size_t label = 0; label < classifier->label_count; label++)
            count = rank(likely, count, room, (struct likely){classifier->labels[label], scores[label]});
    }
    grams_close(&grams);
    return count;
}
