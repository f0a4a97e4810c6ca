/* Texts with their labels, from which a classifier learns: only their grams are kept in memory. */
#ifndef ZHITONG_ZHITONG_EXAMPLES_H
#define ZHITONG_ZHITONG_EXAMPLES_H

#include "common/classifier.h"

#define EXAMPLES_MAX 200000 /* at about 2 kB each; the first ones count */
#define LABEL_TEXTS_MIN \
    5 /* a label with fewer texts is left out: there is nothing to learn, and nothing to test it on */

struct example {
    struct grams grams; /* packed: no free slot */
    uint64_t print;     /* the same for texts with the same grams */
    uint32_t label;
};

struct examples { /* zero-initialise with the lengths of grams */
    unsigned lengths;
    struct example *at;
    size_t count, room;
    char (*labels)[CLASSIFIER_LABEL_BYTES_MAX + 1];
    uint32_t label_count;
    struct { /* what is not among them, and why */
        size_t empty, doubles, rare, labels, beyond;
    } left_out;
};

/* Refuses a label that is empty or too long (field label) and more than CLASSIFIER_LABELS_MAX of them. */
MUST_CHECK int examples_add(struct examples *examples, const char *label, const char *text, struct reason *why);
/* The rows of a CSV file with the columns text and label. Refuses with file, line and column. */
MUST_CHECK int examples_read(struct examples *examples, const char *path, struct reason *why);
/* Leaves out texts that occur twice (the first stays: the same text must not both teach and test) and labels with too few.
 * Refuses when fewer than two labels remain. */
MUST_CHECK int examples_finish(struct examples *examples, struct reason *why);
void examples_close(struct examples *examples);

#endif
