/* Learning a classifier from examples, and finding out how good it is on texts that it has not seen.
 *
 * The learner is liblinear (Fan et al. 2008): one L2-regularised linear model of each label against the others. Its cost is
 * chosen from a fixed row of costs by cross-validation within the examples that it may learn from, never on those it is
 * tested on; so is the scale that makes probabilities of scores. Idf and dictionary come from the learning side alone. */
#ifndef ZHITONG_ZHITONG_CLASSIFY_TRAIN_H
#define ZHITONG_ZHITONG_CLASSIFY_TRAIN_H

#include "services/zhitong/examples.h"

#define INNER_FOLDS 4
#define FOLDS_MAX 20
#define GRAM_TEXTS_MIN 2 /* a gram that fewer texts have is no feature; so no model keeps what only one text says */

enum learner { LEARNER_SVM, LEARNER_LOGISTIC, LEARNER_CRAMMER, LEARNER_COUNT };
const char *learner_name(enum learner learner);

struct learning {
    enum learner learner;
    bool balanced; /* labels with few texts weigh as much as those with many */
    double cost;   /* 0: chosen by cross-validation */
    unsigned seed; /* of the dealing into folds */
};

struct selection { /* some of the examples, by their numbers */
    const struct examples *examples;
    const size_t *numbers;
    size_t count;
};

/* A selection made ready to learn from, as often as wanted. */
struct lesson;
struct lesson *lesson_open(const struct selection *selection); /* borrowed until close */
void lesson_close(struct lesson **open);
/* Learns with this cost (above 0, whatever learning.cost says); the scale is 1. */
struct classifier *lesson_learn(const struct lesson *lesson, const struct learning *learning, double cost);

/* Deals the selection into folds, each label's examples evenly: the fold of each of its examples; the caller frees it. */
uint8_t *classify_deal(const struct selection *selection, unsigned folds, unsigned seed);

/* Chooses the cost unless it is given, fits the scale and learns from the whole selection. `chosen` gets the cost. */
struct classifier *classify_fit(const struct selection *selection, const struct learning *learning, double *chosen);

#endif
