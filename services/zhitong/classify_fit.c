#include "services/zhitong/classify_train.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "services/zhitong/classify_score.h"

/* The scales that are tried: 0.5 to 59. */
#define SCALE_LEAST 0.5
#define SCALE_RATIO 1.1
#define SCALE_COUNT 51

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

/* How good a cost is on texts that the model had not seen, and how much log loss each scale gives there. */
struct trial {
    double cost;
    struct score score;
    double losses[SCALE_COUNT];
};

static double scale_of(size_t step) {
    return SCALE_LEAST * pow(SCALE_RATIO, (double)step);
}

static double loss_of(const float *scores, size_t labels, uint32_t truth, double scale) {
    double most = scores[0], sum = 0;

    for (size_t label = 1; label < labels; label++)
        most = fmax(most, scores[label]);
    for (size_t label = 0; label < labels; label++)
        sum += exp(scale * (scores[label] - most));
    return log(sum) - scale * (scores[truth] - most);
}

static void add_text(struct trial *trial, const struct classifier *classifier, const struct example *example) {
    float scores[CLASSIFIER_LABELS_MAX];

    (void)classifier_score(classifier, &example->grams, scores);
    score_add(&trial->score, example->label, scores, 1);
    for (size_t step = 0; step < SCALE_COUNT; step++)
        trial->losses[step] += loss_of(scores, classifier->label_count, example->label, scale_of(step));
}

/* Learns from all folds but one, with the cost of each trial, and tries what was learned on that one. */
static void try_fold(const struct selection *selection, const struct learning *learning, const uint8_t *is_out,
                     struct trial *trials, size_t trial_count) {
    size_t *numbers = room_for(selection->count, sizeof *numbers);
    struct selection others = {selection->examples, numbers, 0};

    for (size_t i = 0; i < selection->count; i++)
        if (!is_out[i])
            numbers[others.count++] = selection->numbers[i];
    struct lesson *lesson = lesson_open(&others);
    for (size_t trial = 0; trial < trial_count; trial++) {
        struct classifier *classifier = lesson_learn(lesson, learning, trials[trial].cost);
        for (size_t i = 0; i < selection->count; i++)
            if (is_out[i])
                add_text(&trials[trial], classifier, &selection->examples->at[selection->numbers[i]]);
        classifier_close(&classifier);
    }
    lesson_close(&lesson);
    free(numbers);
}

static void try_all(const struct selection *selection, const struct learning *learning, struct trial *trials,
                    size_t trial_count) {
    uint8_t *fold = classify_deal(selection, INNER_FOLDS, learning->seed + 1);
    uint8_t *is_out = room_for(selection->count, sizeof *is_out);

    for (unsigned out = 0; out < INNER_FOLDS; out++) {
        for (size_t i = 0; i < selection->count; i++)
            is_out[i] = fold[i] == out;
        try_fold(selection, learning, is_out, trials, trial_count);
    }
    free(fold);
    free(is_out);
}

static float best_scale(const struct trial *trial) {
    size_t best = 0;

    for (size_t step = 1; step < SCALE_COUNT; step++)
        if (trial->losses[step] < trial->losses[best])
            best = step;
    return (float)scale_of(best);
}

struct classifier *classify_fit(const struct selection *selection, const struct learning *learning, double *chosen) {
    size_t count = learning->cost > 0 ? 1 : COST_COUNT, best = 0;
    struct trial *trials = room_for(count, sizeof *trials);

    for (size_t i = 0; i < count; i++) {
        trials[i].cost = learning->cost > 0 ? learning->cost : costs[i];
        score_open(&trials[i].score, selection->examples);
    }
    try_all(selection, learning, trials, count);
    for (size_t i = 1; i < count; i++)
        if (score_macro_f1(&trials[i].score) > score_macro_f1(&trials[best].score))
            best = i;
    *chosen = trials[best].cost;
    struct lesson *lesson = lesson_open(selection);
    struct classifier *classifier = lesson_learn(lesson, learning, *chosen);
    classifier->scale = best_scale(&trials[best]);
    lesson_close(&lesson);
    for (size_t i = 0; i < count; i++)
        score_close(&trials[i].score);
    free(trials);
    return classifier;
}
