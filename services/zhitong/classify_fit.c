#include "services/zhitong/classify_train.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "services/zhitong/classify_score.h"

#define SCALE_STEPS 40

static const double costs[] = {0.25, 0.5, 1, 2, 4, 8, 16, 32};
#define COST_COUNT (sizeof costs / sizeof *costs)

static void *room_for(size_t count, size_t size) {
    void *room = calloc(count + 1, size);

    assert(room != NULL);
    return room;
}

static uint64_t next_random(uint64_t *state) { /* xorshift64 */
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

uint8_t *classify_deal(const struct selection *selection, unsigned folds, unsigned seed) {
    uint8_t *fold = room_for(selection->count, sizeof *fold);
    size_t *order = room_for(selection->count, sizeof *order);
    unsigned *next = room_for(selection->examples->label_count, sizeof *next);
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

    for (size_t i = 0; i < selection->count; i++) {
        size_t other = next_random(&state) % (i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    for (uint32_t label = 0; label < selection->examples->label_count; label++)
        next[label] = label % folds; /* so that the first fold does not get all that is left over */
    for (size_t i = 0; i < selection->count; i++) {
        uint32_t label = selection->examples->at[selection->numbers[order[i]]].label;
        fold[order[i]] = (uint8_t)(next[label]++ % folds);
    }
    free(order);
    free(next);
    return fold;
}

/* Scores of each text of the selection by a model that learned from the other folds. */
static void cross(const struct selection *selection, const struct learning *learning, const uint8_t *fold,
                  float *scores) {
    size_t labels = selection->examples->label_count, *numbers = room_for(selection->count, sizeof *numbers);

    for (unsigned out = 0; out < INNER_FOLDS; out++) {
        struct selection others = {selection->examples, numbers, 0};
        for (size_t i = 0; i < selection->count; i++)
            if (fold[i] != out)
                numbers[others.count++] = selection->numbers[i];
        struct classifier *classifier = classify_learn(&others, learning);
        for (size_t i = 0; i < selection->count; i++)
            if (fold[i] == out)
                (void)classifier_score(classifier, &selection->examples->at[selection->numbers[i]].grams,
                                       scores + i * labels);
        classifier_close(&classifier);
    }
    free(numbers);
}

static double macro_f1(const struct selection *selection, const float *scores, float scale) {
    struct score score;

    score_open(&score, selection->examples);
    for (size_t i = 0; i < selection->count; i++)
        score_add(&score, selection->examples->at[selection->numbers[i]].label,
                  scores + i * selection->examples->label_count, scale);
    double macro = score_macro_f1(&score);
    score_close(&score);
    return macro;
}

static double loss(const struct selection *selection, const float *scores, double log_scale) {
    struct score score;

    score_open(&score, selection->examples);
    for (size_t i = 0; i < selection->count; i++)
        score_add(&score, selection->examples->at[selection->numbers[i]].label,
                  scores + i * selection->examples->label_count, (float)exp(log_scale));
    double sum = score.log_loss;
    score_close(&score);
    return sum;
}

/* The scale with the least log loss, by golden section: the loss is convex in the scale. */
static float fit_scale(const struct selection *selection, const float *scores) {
    const double golden = (sqrt(5) - 1) / 2;
    double low = log(0.1), high = log(100), left = high - golden * (high - low), right = low + golden * (high - low);
    double loss_left = loss(selection, scores, left), loss_right = loss(selection, scores, right);

    for (int step = 0; step < SCALE_STEPS && high - low > 0.01; step++) {
        if (loss_left < loss_right) {
            high = right;
            right = left;
            loss_right = loss_left;
            left = high - golden * (high - low);
            loss_left = loss(selection, scores, left);
        } else {
            low = left;
            left = right;
            loss_left = loss_right;
            right = low + golden * (high - low);
            loss_right = loss(selection, scores, right);
        }
    }
    return (float)exp((low + high) / 2);
}

struct classifier *classify_fit(const struct selection *selection, const struct learning *learning, double *chosen) {
    float *scores = room_for(selection->count * selection->examples->label_count, sizeof *scores);
    uint8_t *fold = classify_deal(selection, INNER_FOLDS, learning->seed + 1);
    struct learning trial = *learning;
    double best = -1;
    float scale = 1;

    for (size_t i = 0; i < (learning->cost > 0 ? 1 : COST_COUNT); i++) {
        trial.cost = learning->cost > 0 ? learning->cost : costs[i];
        cross(selection, &trial, fold, scores);
        double macro = macro_f1(selection, scores, 1);
        if (macro <= best)
            continue;
        best = macro;
        *chosen = trial.cost;
        scale = fit_scale(selection, scores);
    }
    trial.cost = *chosen;
    struct classifier *classifier = classify_learn(selection, &trial);
    classifier->scale = scale;
    free(fold);
    free(scores);
    return classifier;
}
