#include "services/zhitong/classify.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/classify_reports.h"
#include "services/zhitong/classify_score.h"
#include "services/zhitong/classify_train.h"
#include "services/zhitong/options.h"

#define TRY_LABELS 5
#define COST_MAX 1000

struct train_options {
    const char *texts, *until, *out, *folds, *learner, *cost, *grams, *seed, *url;
    bool from_database, balanced, confusion, quiet;
};

struct training { /* what the options say */
    struct learning learning;
    unsigned lengths, folds;
};

/* ---- what is asked -------------------------------------------------------------------------------------------------------- */

static int read_learner(const char *text, enum learner *learner) {
    for (unsigned i = 0; i < LEARNER_COUNT; i++) {
        if (strcmp(text, learner_name(i)) != 0)
            continue;
        *learner = i;
        return 0;
    }
    return -1;
}

/* "12": one token and two. */
static int read_lengths(const char *text, unsigned *lengths) {
    *lengths = 0;
    for (; *text >= '1' && *text <= '0' + GRAM_TOKENS_MAX; text++)
        *lengths |= 1u << (*text - '1');
    return *text == '\0' && *lengths != 0 ? 0 : -1;
}

static int read_cost(const char *text, double *cost) {
    char *end;

    *cost = strtod(text, &end);
    return end != text && *end == '\0' && *cost > 0 && *cost <= COST_MAX ? 0 : -1;
}

static int understand(const struct train_options *options, struct training *training) {
    const struct number_range folds = {"--folds", 2, FOLDS_MAX}, seed = {"--seed", 0, 1000000};
    long long number;

    if ((options->texts != NULL) == options->from_database)
        return wrong_use("classify train", "say what to learn from: --texts FILE.csv or --from-database");
    if (options->from_database && options->url == NULL)
        return wrong_use("classify train", "--from-database needs --database URL or ZHITONG_DATABASE_URL");
    if (options->out == NULL && options->folds == NULL)
        return wrong_use("classify train", "say --out MODEL to keep it, --folds N to test it, or both");
    if (options->learner != NULL && read_learner(options->learner, &training->learning.learner) != 0)
        return wrong_use("classify train", "--learner is svm, logistic or crammer");
    if (options->grams != NULL && read_lengths(options->grams, &training->lengths) != 0)
        return wrong_use("classify train", "--grams are lengths from 1 to %d: 1, 2, 12, 123", GRAM_TOKENS_MAX);
    if (options->cost != NULL && read_cost(options->cost, &training->learning.cost) != 0)
        return wrong_use("classify train", "--cost is a number above 0, up to %d", COST_MAX);
    training->learning.balanced = options->balanced;
    if (options->folds != NULL) {
        if (number_read(options->folds, &folds, &number) != 0)
            return EXIT_WRONG_USE;
        training->folds = (unsigned)number;
    }
    if (options->seed != NULL) {
        if (number_read(options->seed, &seed, &number) != 0)
            return EXIT_WRONG_USE;
        training->learning.seed = (unsigned)number;
    }
    return 0;
}

static int complain(const struct reason *why) {
    if (why->field[0] == '\0')
        fprintf(stderr, "%s\n", why->text);
    else
        fprintf(stderr, "%s: %s\n", why->field, why->text);
    return EXIT_REFUSED;
}

/* ---- learning ------------------------------------------------------------------------------------------------------------- */

static void say_what_is_read(const struct examples *examples) {
    printf("%zu texts, %u labels", examples->count, examples->label_count);
    if (examples->left_out.doubles > 0)
        printf("; %zu texts that occur twice left out", examples->left_out.doubles);
    if (examples->left_out.empty > 0)
        printf("; %zu without a word left out", examples->left_out.empty);
    if (examples->left_out.labels > 0)
        printf("; %zu labels with fewer than %d texts left out, %zu texts", examples->left_out.labels, LABEL_TEXTS_MIN,
               examples->left_out.rare);
    if (examples->left_out.beyond > 0)
        printf("; %zu past the first %d left out", examples->left_out.beyond, EXAMPLES_MAX);
    putchar('\n');
}

/* Learns from all other folds and scores the texts of this one. */
static void test_fold(const struct selection *all, const struct learning *learning, const uint8_t *fold, unsigned out,
                      struct score *score) {
    float scores[CLASSIFIER_LABELS_MAX];
    size_t *numbers = calloc(all->count + 1, sizeof *numbers);
    struct selection others = {all->examples, numbers, 0};

    assert(numbers != NULL);
    for (size_t i = 0; i < all->count; i++)
        if (fold[i] != out)
            numbers[others.count++] = all->numbers[i];
    double cost;
    struct classifier *classifier = classify_fit(&others, learning, &cost);
    for (size_t i = 0; i < all->count; i++) {
        const struct example *example = &all->examples->at[all->numbers[i]];
        if (fold[i] != out)
            continue;
        (void)classifier_score(classifier, &example->grams, scores);
        score_add(score, example->label, scores, classifier->scale);
    }
    fprintf(stderr, "fold %u: learned from %zu texts with %u features, cost %g, scale %.2f\n", out + 1, others.count,
            classifier->feature_count, cost, (double)classifier->scale);
    classifier_close(&classifier);
    free(numbers);
}

static void test(const struct selection *all, const struct training *training, bool confusion) {
    uint8_t *fold = classify_deal(all, training->folds, training->learning.seed);
    struct score score;

    score_open(&score, all->examples);
    for (unsigned out = 0; out < training->folds; out++)
        test_fold(all, &training->learning, fold, out, &score);
    score_print(&score, stdout);
    if (confusion)
        score_print_confusion(&score, stdout);
    score_close(&score);
    free(fold);
}

static int keep(const struct selection *all, const struct learning *learning, const char *path) {
    struct reason why;
    double cost;
    struct classifier *classifier = classify_fit(all, learning, &cost);
    int status = classifier_write(classifier, path, &why);

    if (status == 0)
        printf("%s: %u labels, %u features, %zu bytes, cost %g\n", path, classifier->label_count,
               classifier->feature_count, classifier_file_bytes(classifier), cost);
    classifier_close(&classifier);
    return status == 0 ? EXIT_GOOD : complain(&why);
}

static int learn(const struct examples *examples, const struct training *training,
                 const struct train_options *options) {
    size_t *numbers = calloc(examples->count + 1, sizeof *numbers);
    struct selection all = {examples, numbers, examples->count};
    int status = EXIT_GOOD;

    assert(numbers != NULL);
    for (size_t i = 0; i < all.count; i++)
        numbers[i] = i;
    if (training->folds > 0)
        test(&all, training, options->confusion);
    if (options->out != NULL)
        status = keep(&all, &training->learning, options->out);
    free(numbers);
    return status;
}

int classify_train_command(int argc, char **argv) {
    struct train_options options = {0};
    const struct option_row rows[] = {{"--texts", &options.texts, NULL},
                                      {"--from-database", NULL, &options.from_database},
                                      {"--until", &options.until, NULL},
                                      {"--out", &options.out, NULL},
                                      {"--folds", &options.folds, NULL},
                                      {"--learner", &options.learner, NULL},
                                      {"--balanced", NULL, &options.balanced},
                                      {"--cost", &options.cost, NULL},
                                      {"--grams", &options.grams, NULL},
                                      {"--seed", &options.seed, NULL},
                                      {"--confusion", NULL, &options.confusion},
                                      {"--quiet", NULL, &options.quiet},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    struct training training = {.learning = {.learner = LEARNER_SVM}, .lengths = GRAMS_OF_1 | GRAMS_OF_2};
    struct reason why;

    if (options_read(argc, argv, rows, &words, &options.url) != 0)
        return EXIT_WRONG_USE;
    int status = understand(&options, &training);
    if (status != 0)
        return status;
    struct examples examples = {.lengths = training.lengths};
    struct report_source source = {options.url, options.until, options.quiet};
    status = options.from_database ? classify_reports(&examples, &source, &why)
                                   : examples_read(&examples, options.texts, &why);
    if (status == 0)
        status = examples_finish(&examples, &why);
    if (status == 0) {
        say_what_is_read(&examples);
        status = learn(&examples, &training, &options);
    } else {
        status = complain(&why);
    }
    examples_close(&examples);
    return status;
}

/* ---- trying --------------------------------------------------------------------------------------------------------------- */

int classify_try_command(int argc, char **argv) {
    const struct option_row rows[] = {{NULL, NULL, NULL}};
    struct words words = {.max = 2};
    struct classifier *classifier;
    struct likely likely[TRY_LABELS];
    struct reason why;
    const char *url = NULL;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != 2)
        return wrong_use("classify try", "say which model and which text: classify try MODEL TEXT");
    if (classifier_read(&classifier, words.at[0], &why) != 0)
        return complain(&why);
    size_t count = classifier_ask(classifier, words.at[1], likely, TRY_LABELS);
    for (size_t i = 0; i < count; i++)
        printf("%.3f %s\n", (double)likely[i].probability, likely[i].label);
    if (count == 0)
        fprintf(stderr, "nothing in this text is known to the model\n");
    classifier_close(&classifier);
    return count > 0 ? EXIT_GOOD : EXIT_REFUSED;
}
