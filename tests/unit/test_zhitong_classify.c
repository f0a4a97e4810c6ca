#include "services/zhitong/classify_train.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/zhitong/classify_score.h"

#define EACH 20 /* texts of each label */

static void add(struct examples *examples, const char *label, const char *text) {
    struct reason why;

    if (examples_add(examples, label, text, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
}

/* So many labels that differ in one word each. */
static struct examples made(size_t labels) {
    static const char *const words[] = {"路灯", "积水", "噪音", "垃圾"};
    struct examples examples = {.lengths = GRAMS_OF_1 | GRAMS_OF_2};
    struct reason why;

    for (size_t label = 0; label < labels; label++) {
        for (size_t i = 0; i < EACH; i++) {
            char text[200], name[32];
            snprintf(text, sizeof text, "%c%c街有%s，请%c处理", (int)('a' + i), (int)('a' + label), words[label],
                     (int)('k' + i % 3));
            snprintf(name, sizeof name, "label_%zu", label);
            add(&examples, name, text);
        }
    }
    assert_int_equal(examples_finish(&examples, &why), 0);
    return examples;
}

static struct selection all_of(const struct examples *examples) {
    size_t *numbers = calloc(examples->count, sizeof *numbers);

    assert_non_null(numbers);
    for (size_t i = 0; i < examples->count; i++)
        numbers[i] = i;
    return (struct selection){examples, numbers, examples->count};
}

static void what_differs_is_learned(void **state) {
    static const char *const texts[] = {"门口路灯坏了", "桥下积水很深", "半夜噪音大", "楼下垃圾没人收"};

    (void)state;
    for (size_t labels = 2; labels <= 4; labels++) { /* with two of them liblinear keeps its weights another way */
        for (unsigned learner = 0; learner < LEARNER_COUNT; learner++) {
            struct examples examples = made(labels);
            struct selection all = all_of(&examples);
            struct learning learning = {.learner = learner, .balanced = learner == LEARNER_SVM};
            double cost = 0;
            struct classifier *classifier = classify_fit(&all, &learning, &cost);
            assert_true(cost > 0);
            for (size_t label = 0; label < labels; label++) {
                struct likely likely[4];
                char name[20];
                snprintf(name, sizeof name, "label_%zu", label);
                assert_int_equal(classifier_ask(classifier, texts[label], likely, 4), labels);
                assert_string_equal(likely[0].label, name);
                assert_true(likely[0].probability > 0.5f);
            }
            classifier_close(&classifier);
            free((void *)(uintptr_t)all.numbers);
            examples_close(&examples);
        }
    }
}

static void the_same_texts_give_the_same_model(void **state) {
    struct examples examples = made(3);
    struct selection all = all_of(&examples);
    struct learning learning = {.learner = LEARNER_SVM};
    size_t size_a, size_b;
    double cost;
    struct classifier *a = classify_fit(&all, &learning, &cost), *b = classify_fit(&all, &learning, &cost);
    uint8_t *bytes_a = classifier_print(a, &size_a), *bytes_b = classifier_print(b, &size_b);

    (void)state;
    assert_int_equal(size_a, size_b);
    assert_memory_equal(bytes_a, bytes_b, size_a);
    free(bytes_a);
    free(bytes_b);
    classifier_close(&a);
    classifier_close(&b);
    free((void *)(uintptr_t)all.numbers);
    examples_close(&examples);
}

static void a_gram_of_one_text_alone_is_not_in_the_model(void **state) {
    struct examples examples = {.lengths = GRAMS_OF_1};
    struct reason why;

    (void)state;
    for (int i = 0; i < 10; i++) {
        char text[60];
        snprintf(text, sizeof text, "common%s own%c", i % 2 == 0 ? "" : "x", 'a' + i);
        add(&examples, i % 2 == 0 ? "even" : "odd", text);
    }
    assert_int_equal(examples_finish(&examples, &why), 0);
    struct selection all = all_of(&examples);
    struct learning learning = {.learner = LEARNER_SVM};
    struct lesson *lesson = lesson_open(&all);
    struct classifier *classifier = lesson_learn(lesson, &learning, 1);
    assert_int_equal(classifier->feature_count, 2);
    classifier_close(&classifier);
    lesson_close(&lesson);
    free((void *)(uintptr_t)all.numbers);
    examples_close(&examples);
}

static void texts_that_share_nothing_teach_nothing(void **state) {
    struct examples examples = {.lengths = GRAMS_OF_1};
    struct reason why;
    struct likely likely[2];
    double cost;

    (void)state;
    for (int i = 0; i < 10; i++) {
        char text[20];
        snprintf(text, sizeof text, "own%c", 'a' + i);
        add(&examples, i % 2 == 0 ? "even" : "odd", text);
    }
    assert_int_equal(examples_finish(&examples, &why), 0);
    struct selection all = all_of(&examples);
    struct learning learning = {.learner = LEARNER_SVM};
    struct classifier *classifier = classify_fit(&all, &learning, &cost);
    assert_int_equal(classifier_ask(classifier, "owna", likely, 2), 0);
    classifier_close(&classifier);
    free((void *)(uintptr_t)all.numbers);
    examples_close(&examples);
}

static void doubles_empty_texts_and_rare_labels_are_left_out(void **state) {
    struct examples examples = {.lengths = GRAMS_OF_1 | GRAMS_OF_2};
    struct reason why;

    (void)state;
    add(&examples, "rare", "one");
    for (int i = 0; i < 12; i++) {
        char text[20];
        snprintf(text, sizeof text, "w%c", 'a' + i);
        add(&examples, i % 2 == 0 ? "even" : "odd", text);
    }
    add(&examples, "odd", "WA!"); /* the same grams as the first of label even */
    add(&examples, "odd", "…");
    assert_int_equal(examples_finish(&examples, &why), 0);
    assert_int_equal(examples.count, 12);
    assert_int_equal(examples.label_count, 2);
    assert_string_equal(examples.labels[0], "even");
    assert_string_equal(examples.labels[1], "odd");
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(examples.at[i].label, i % 2);
    assert_int_equal(examples.left_out.doubles, 1);
    assert_int_equal(examples.left_out.empty, 1);
    assert_int_equal(examples.left_out.rare, 1);
    examples_close(&examples);
}

static void one_label_alone_and_labels_that_are_none_are_refused(void **state) {
    struct examples examples = {.lengths = GRAMS_OF_1};
    struct reason why;
    char label[CLASSIFIER_LABEL_BYTES_MAX + 2] = "";

    (void)state;
    assert_int_equal(examples_add(&examples, "", "text", &why), -1);
    assert_string_equal(why.field, "label");
    memset(label, 'l', sizeof label - 1);
    assert_int_equal(examples_add(&examples, label, "text", &why), -1);
    assert_int_equal(examples_add(&examples, "\xff", "text", &why), -1);
    for (int i = 0; i < 10; i++) {
        char text[20];
        snprintf(text, sizeof text, "w%c", 'a' + i);
        add(&examples, "one", text);
    }
    assert_int_equal(examples_finish(&examples, &why), -1);
    assert_string_equal(why.field, "texts");
    examples_close(&examples);
}

static void folds_get_each_label_evenly_and_depend_on_the_seed_alone(void **state) {
    struct examples examples = made(4);
    struct selection all = all_of(&examples);
    uint8_t *fold = classify_deal(&all, 5, 1), *again = classify_deal(&all, 5, 1), *other = classify_deal(&all, 5, 2);
    size_t texts[5][4] = {{0}};

    (void)state;
    for (size_t i = 0; i < all.count; i++)
        texts[fold[i]][examples.at[i].label]++;
    for (size_t i = 0; i < 5; i++)
        for (size_t label = 0; label < 4; label++)
            assert_int_equal(texts[i][label], EACH / 5);
    assert_memory_equal(fold, again, all.count);
    assert_memory_not_equal(fold, other, all.count);
    free(fold);
    free(again);
    free(other);
    free((void *)(uintptr_t)all.numbers);
    examples_close(&examples);
}

static void the_macro_f1_is_the_mean_of_the_labels(void **state) {
    static const struct { uint32_t truth, said; } texts[] = {{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}, {2, 2}};
    struct examples examples = made(3);
    struct score score;

    (void)state;
    score_open(&score, &examples);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        float scores[3] = {0};
        scores[texts[i].said] = 1;
        score_add(&score, texts[i].truth, scores, 1);
    }
    /* F1 2·2/(3+3), 2·1/(2+2) and 1 */
    assert_float_equal(score_macro_f1(&score), (2.0 / 3 + 0.5 + 1) / 3, 1e-6);
    assert_int_equal(score.right, 4);
    assert_int_equal(score.among_top, 6);
    score_close(&score);
    examples_close(&examples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_learned),
        cmocka_unit_test(the_same_texts_give_the_same_model),
        cmocka_unit_test(a_gram_of_one_text_alone_is_not_in_the_model),
        cmocka_unit_test(texts_that_share_nothing_teach_nothing),
        cmocka_unit_test(doubles_empty_texts_and_rare_labels_are_left_out),
        cmocka_unit_test(one_label_alone_and_labels_that_are_none_are_refused),
        cmocka_unit_test(folds_get_each_label_evenly_and_depend_on_the_seed_alone),
        cmocka_unit_test(the_macro_f1_is_the_mean_of_the_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
