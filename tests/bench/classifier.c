/* zt-bench-classifier: how much CPU time a text takes, with models as large as they may be. Weights are made up: time does not depend on
 * what they are. Each text is another one, so that nothing of it is in a cache. */
#include "common/classifier.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEXT_BYTES 4000
#define CALLS 500
#define HAN_FIRST 0x4E00
#define HAN_COUNT 2500 /* that a language uses often */

static uint64_t state = 1;

static uint32_t below(uint32_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % limit;
}

static void make_text(char text[TEXT_BYTES + 1]) {
    size_t size = 0;

    for (; size + 3 <= TEXT_BYTES; size += 3) {
        /* The product makes some characters more frequent than others. */
        uint32_t character = HAN_FIRST + below(HAN_COUNT) * below(HAN_COUNT) / HAN_COUNT;
        text[size] = (char)(0xE0 | character >> 12);
        text[size + 1] = (char)(0x80 | (character >> 6 & 0x3F));
        text[size + 2] = (char)(0x80 | (character & 0x3F));
    }
    text[size] = '\0';
}

static int compare_hashes(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

/* Knows the grams of such texts. */
static struct classifier *make_model(uint32_t labels, size_t features) {
    struct classifier *classifier = classifier_make(labels, features);
    uint64_t *hashes = malloc((features + (size_t)2 * TEXT_BYTES) * sizeof *hashes);
    struct grams grams = {0};
    char text[TEXT_BYTES + 1];
    size_t count = 0;

    assert(hashes != NULL);
    classifier->lengths = GRAMS_OF_1 | GRAMS_OF_2;
    classifier->scale = 4;
    while (count < features) {
        make_text(text);
        grams_read(&grams, classifier->lengths, text, TEXT_BYTES);
        for (size_t slot = 0; slot <= grams.mask; slot++)
            if (grams.slots[slot].hash != 0)
                hashes[count++] = grams.slots[slot].hash;
        qsort(hashes, count, sizeof *hashes, compare_hashes);
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (i == 0 || hashes[i] != hashes[i - 1])
                hashes[kept++] = hashes[i];
        count = kept;
    }
    for (size_t i = 0; i < features; i++) {
        classifier->hashes[i] = hashes[i];
        classifier->idf[i] = 1 + (float)below(1000) / 200;
    }
    for (size_t i = 0; i < features * labels; i++)
        classifier->weights[i] = (float)below(2000) / 1000 - 1;
    for (uint32_t label = 0; label < labels; label++)
        snprintf(classifier->labels[label], sizeof *classifier->labels, "label_%u", label);
    classifier_index(classifier);
    grams_close(&grams);
    free(hashes);
    return classifier;
}

static double cpu_ms(void) {
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(void) {
    static const struct {
        uint32_t labels;
        size_t features;
    } sizes[] = {{7, 24000}, {87, 60000}, {140, 100000}, {500, 30000}, {1000, 16000}};
    static char texts[CALLS][TEXT_BYTES + 1];
    struct likely likely[32];

    for (size_t i = 0; i < CALLS; i++)
        make_text(texts[i]);
    printf("| labels | features | model | ms of CPU for a text of %d bytes |\n|---:|---:|---:|---:|\n", TEXT_BYTES);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct classifier *classifier = make_model(sizes[i].labels, sizes[i].features);
        double began = cpu_ms();
        size_t answers = 0;
        for (size_t call = 0; call < CALLS; call++)
            answers += classifier_ask(classifier, texts[call], likely, sizeof likely / sizeof *likely);
        double each = (cpu_ms() - began) / CALLS;
        assert(answers > 0);
        printf("| %u | %zu | %.1f MB | %.3f |\n", sizes[i].labels, sizes[i].features,
               (double)classifier_file_bytes(classifier) / 1e6, each);
        classifier_close(&classifier);
    }
    return 0;
}
