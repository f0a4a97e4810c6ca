#include "services/zhitong/classify_train.h"

#include <assert.h>
#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT_LABEL_BIAS (-10) /* of a label that has no text to learn from */

static const struct {
    const char *name;
    int solver;
} learners[LEARNER_COUNT] = {
    [LEARNER_SVM] = {"svm", L2R_L2LOSS_SVC_DUAL},
    [LEARNER_LOGISTIC] = {"logistic", L2R_LR_DUAL},
    [LEARNER_CRAMMER] = {"crammer", MCSVM_CS},
};

const char *learner_name(enum learner learner) {
    return learners[learner].name;
}

static void *room_for(size_t count, size_t size) {
    void *room = calloc(count + 1, size);

    assert(room != NULL);
    return room;
}

/* ---- which grams are features ------------------------------------------------------------------------------------------ */

static int compare_hashes(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static int compare_grams(const void *a, const void *b) {
    return compare_hashes(&((const struct gram *)a)->hash, &((const struct gram *)b)->hash);
}

static int compare_common(const void *a, const void *b) {
    const struct gram *left = a, *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return compare_hashes(&left->hash, &right->hash);
}

/* As many features as a model's file has room for. */
static size_t features_max(uint32_t labels) {
    size_t fit = (CLASSIFIER_FILE_BYTES_MAX - (size_t)labels * (CLASSIFIER_LABEL_BYTES_MAX + 5) - 64) /
                 (12 + (size_t)labels * sizeof(float));

    return fit < CLASSIFIER_FEATURES_MAX ? fit : CLASSIFIER_FEATURES_MAX;
}

/* Grams with how many texts of the selection have them, by hash; at least one. The caller frees them. */
static struct gram *count_texts(const struct selection *selection, size_t *out) {
    size_t all = 0, count = 0, limit = features_max(selection->examples->label_count);

    for (size_t i = 0; i < selection->count; i++)
        all += selection->examples->at[selection->numbers[i]].grams.count;
    uint64_t *hashes = room_for(all, sizeof *hashes);
    all = 0;
    for (size_t i = 0; i < selection->count; i++) {
        const struct grams *grams = &selection->examples->at[selection->numbers[i]].grams;
        for (size_t g = 0; g < grams->count; g++)
            hashes[all++] = grams->slots[g].hash;
    }
    qsort(hashes, all, sizeof *hashes, compare_hashes);
    struct gram *found = room_for(all, sizeof *found);
    for (size_t from = 0, to; from < all; from = to) {
        for (to = from + 1; to < all && hashes[to] == hashes[from];)
            to++;
        if (to - from >= GRAM_TEXTS_MIN)
            found[count++] = (struct gram){hashes[from], (uint32_t)(to - from)};
    }
    if (count == 0) /* a feature that no text has: the model knows nothing, and says so */
        found[count++] = (struct gram){1, 1};
    free(hashes);
    if (count > limit) {
        qsort(found, count, sizeof *found, compare_common);
        count = limit;
        qsort(found, count, sizeof *found, compare_grams);
    }
    *out = count;
    return found;
}

static struct classifier *make(const struct selection *selection) {
    size_t count;
    struct gram *features = count_texts(selection, &count);
    const struct examples *examples = selection->examples;
    struct classifier *classifier = classifier_make(examples->label_count, count);

    classifier->lengths = examples->lengths;
    classifier->texts = (uint32_t)selection->count;
    classifier->scale = 1;
    memcpy(classifier->labels, examples->labels, examples->label_count * sizeof *examples->labels);
    for (size_t i = 0; i < count; i++) {
        classifier->hashes[i] = features[i].hash;
        classifier->idf[i] = (float)(log((1.0 + (double)selection->count) / (1.0 + features[i].count)) + 1);
    }
    free(features);
    return classifier;
}

static struct classifier *copy_blank(const struct classifier *blank) {
    struct classifier *copy = classifier_make(blank->label_count, blank->feature_count);

    copy->lengths = blank->lengths;
    copy->texts = blank->texts;
    copy->scale = blank->scale;
    memcpy(copy->labels, blank->labels, blank->label_count * sizeof *blank->labels);
    memcpy(copy->hashes, blank->hashes, blank->feature_count * sizeof *blank->hashes);
    memcpy(copy->idf, blank->idf, blank->feature_count * sizeof *blank->idf);
    return copy;
}

/* ---- liblinear --------------------------------------------------------------------------------------------------------- */

static int compare_nodes(const void *a, const void *b) {
    return ((const struct feature_node *)a)->index - ((const struct feature_node *)b)->index;
}

/* One text as liblinear wants it: L2-normalised values by number of feature from 1, the bias, an end. Returns what follows it. */
static struct feature_node *put_text(const struct classifier *classifier, const struct grams *grams,
                                     struct feature_node *to) {
    struct feature_node *first = to;
    double squares = 0;

    for (size_t g = 0; g < grams->count; g++) {
        const uint64_t *found = bsearch(&grams->slots[g].hash, classifier->hashes, classifier->feature_count,
                                        sizeof *classifier->hashes, compare_hashes);
        if (found == NULL)
            continue;
        size_t feature = (size_t)(found - classifier->hashes);
        *to = (struct feature_node){(int)feature + 1, (1 + log(grams->slots[g].count)) * classifier->idf[feature]};
        squares += to->value * to->value;
        to++;
    }
    for (struct feature_node *node = first; node < to; node++)
        node->value /= sqrt(squares);
    qsort(first, (size_t)(to - first), sizeof *first, compare_nodes);
    *to++ = (struct feature_node){(int)classifier->feature_count + 1, 1};
    *to++ = (struct feature_node){-1, 0};
    return to;
}

static struct problem state_problem(const struct selection *selection, const struct classifier *classifier) {
    size_t nodes = 0;

    for (size_t i = 0; i < selection->count; i++)
        nodes += selection->examples->at[selection->numbers[i]].grams.count + 2;
    struct problem problem = {.l = (int)selection->count,
                              .n = (int)classifier->feature_count + 1,
                              .y = room_for(selection->count, sizeof *problem.y),
                              .x = room_for(selection->count, sizeof *problem.x),
                              .bias = 1};
    struct feature_node *to = room_for(nodes, sizeof *to);
    for (size_t i = 0; i < selection->count; i++) {
        const struct example *example = &selection->examples->at[selection->numbers[i]];
        problem.y[i] = example->label;
        problem.x[i] = to;
        to = put_text(classifier, &example->grams, to);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the first row of problem.x begins there */
    return problem;
}

static void free_problem(struct problem *problem) {
    free(problem->x[0]);
    free(problem->x);
    free(problem->y);
}

/* Weights of liblinear's model: those of one feature after the other; with two labels only those of the first. */
static void take_weights(struct classifier *classifier, const struct model *model) {
    size_t labels = classifier->label_count, columns = (size_t)model->nr_class;
    bool one = model->nr_class == 2 && model->param.solver_type != MCSVM_CS;

    for (size_t label = 0; label < labels; label++)
        classifier->bias[label] = ABSENT_LABEL_BIAS;
    for (size_t column = 0; column < columns; column++) {
        size_t label = (size_t)model->label[column];
        double sign = one ? (column == 0 ? 0.5 : -0.5) : 1;
        const double *from = model->w + (one ? 0 : column);
        size_t step = one ? 1 : columns;
        for (size_t feature = 0; feature < classifier->feature_count; feature++)
            classifier->weights[feature * labels + label] = (float)(sign * from[feature * step]);
        classifier->bias[label] = (float)(sign * from[classifier->feature_count * step]);
    }
}

static void say_nothing(const char *text) {
    (void)text;
}

/* Of each label, so that all texts of one weigh as much as all of another. */
static void balance(struct parameter *parameter, const struct selection *selection) {
    size_t labels = selection->examples->label_count;
    double *texts = room_for(labels, sizeof *texts);

    parameter->weight_label = room_for(labels, sizeof *parameter->weight_label);
    parameter->weight = room_for(labels, sizeof *parameter->weight);
    for (size_t i = 0; i < selection->count; i++)
        texts[selection->examples->at[selection->numbers[i]].label]++;
    for (size_t label = 0; label < labels; label++) {
        if (texts[label] == 0)
            continue;
        parameter->weight_label[parameter->nr_weight] = (int)label;
        parameter->weight[parameter->nr_weight++] = (double)selection->count / ((double)labels * texts[label]);
    }
    free(texts);
}

struct lesson {
    struct selection selection;
    struct classifier *blank; /* features and labels, without weights */
    struct problem problem;
};

struct lesson *lesson_open(const struct selection *selection) {
    struct lesson *lesson = room_for(1, sizeof *lesson);

    lesson->selection = *selection;
    lesson->blank = make(selection);
    lesson->problem = state_problem(selection, lesson->blank);
    return lesson;
}

void lesson_close(struct lesson **open) {
    struct lesson *lesson = *open;

    *open = NULL;
    if (lesson == NULL)
        return;
    free_problem(&lesson->problem);
    classifier_close(&lesson->blank);
    free(lesson);
}

struct classifier *lesson_learn(const struct lesson *lesson, const struct learning *learning, double cost) {
    struct classifier *classifier = copy_blank(lesson->blank);
    struct parameter parameter = {.solver_type = learners[learning->learner].solver, .C = cost, .eps = 0.01, .p = 0.1};

    assert(cost > 0);
    if (learning->balanced)
        balance(&parameter, &lesson->selection);
    set_print_string_function(say_nothing);
    srand(1); /* liblinear shuffles with rand(): the same texts give the same model */
    struct model *model = train(&lesson->problem, &parameter);
    take_weights(classifier, model);
    free_and_destroy_model(&model);
    free(parameter.weight_label);
    free(parameter.weight);
    classifier_index(classifier);
    return classifier;
}
