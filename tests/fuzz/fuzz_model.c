/* Any bytes as a classifier's model. The first byte even: the digest at the end is set right first, as a hostile maker of models
 * would; the rest is the file. What is taken must print to the same bytes, and must answer with numbers. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/classifier.h"

#define DIGEST_BYTES 16

static void ask(const struct classifier *classifier, const char *text) {
    struct likely likely[8];
    float sum = 0;
    size_t count = classifier_ask(classifier, text, likely, 8);

    for (size_t i = 0; i < count; i++) {
        assert(likely[i].probability >= 0 && likely[i].label[0] != '\0');
        assert(i == 0 || likely[i].probability <= likely[i - 1].probability);
        sum += likely[i].probability;
    }
    assert(sum <= 1.01f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct classifier *classifier;
    struct reason why;

    if (size == 0)
        return 0;
    uint8_t *bytes = malloc(size);
    assert(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    size--;
    if (data[0] % 2 == 0 && size > DIGEST_BYTES)
        crypto_generichash(bytes + size - DIGEST_BYTES, DIGEST_BYTES, bytes, size - DIGEST_BYTES, NULL, 0);
    if (classifier_parse(&classifier, bytes, size, &why) == 0) {
        size_t printed_size;
        uint8_t *printed = classifier_print(classifier, &printed_size);
        assert(printed_size == size && memcmp(printed, bytes, size) == 0);
        free(printed);
        ask(classifier, "路灯 street lamp");
        ask(classifier, (const char *)classifier->labels[0]);
        classifier_close(&classifier);
    } else {
        assert(why.text[0] != '\0');
    }
    free(bytes);
    return 0;
}
