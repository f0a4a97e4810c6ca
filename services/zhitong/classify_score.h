/* How good labels and probabilities are, against the truth. */
#ifndef ZHITONG_ZHITONG_CLASSIFY_SCORE_H
#define ZHITONG_ZHITONG_CLASSIFY_SCORE_H

#include <stdio.h>

#include "services/zhitong/examples.h"

#define SCORE_BINS 10 /* of probability, for the calibration error */
#define SCORE_TOP 3

struct score {
    const struct examples *examples; /* borrowed: the names of labels */
    size_t *confusion;               /* [truth × labels + said] */
    size_t texts, right, among_top;
    double log_loss; /* sum of -ln of the truth's probability */
    struct {
        size_t texts, right;
        double probability;
    } bins[SCORE_BINS]; /* by the probability of what was said */
};

void score_open(struct score *score, const struct examples *examples);
void score_close(struct score *score);
/* One text: its label, and the scores that the classifier gave to each. */
void score_add(struct score *score, uint32_t truth, const float *scores, float scale);
double score_macro_f1(const struct score *score); /* the mean of the F1 of every label */

/* Precision, recall and F1 of each label and the figures of the whole; a second table says what was taken for what. */
void score_print(const struct score *score, FILE *out);
void score_print_confusion(const struct score *score, FILE *out);

#endif
