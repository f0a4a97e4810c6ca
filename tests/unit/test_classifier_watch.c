#include "common/classifier_watch.h"

#include <pthread.h> /* the watch has a thread of its own: for ThreadSanitizer */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS_MAX (CLASSIFIER_LOOK_MS + 9000)

static char path[] = "/tmp/zhitong-watch-XXXXXX";

static void write_model(const char *label) {
    struct classifier *classifier = classifier_make(1, 1);
    struct reason why;

    strcpy(classifier->labels[0], label);
    classifier->lengths = GRAMS_OF_1;
    classifier->scale = 1;
    classifier->hashes[0] = 1;
    classifier->idf[0] = 1;
    assert_int_equal(classifier_write(classifier, path, &why), 0);
    classifier_close(&classifier);
}

static void write_text(const char *text) {
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Asks until the model has this label, or, where it is NULL, the reason is there. */
static bool comes(struct classifier_watch *watch, const char *label, const char *reason) {
    const struct timespec pause = {0, 20000000};
    struct reason why = {.text = ""};

    for (int waited = 0; waited < WAIT_MS_MAX; waited += 20) {
        const struct classifier *now = classifier_watch_now(watch, &why);
        if (now == NULL ? label == NULL && strstr(why.text, reason) != NULL
                        : label != NULL && strcmp(now->labels[0], label) == 0)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static void a_file_is_taken_up_when_it_comes_and_when_it_changes(void **state) {
    struct reason why;

    (void)state;
    unlink(path);
    struct classifier_watch *watch = classifier_watch_open(path);
    assert_true(classifier_watch_is_set(watch));
    assert_true(comes(watch, NULL, "cannot be read"));
    write_model("first");
    assert_true(comes(watch, "first", NULL));
    write_model("second");
    assert_true(comes(watch, "second", NULL));
    write_text("no model");
    usleep((CLASSIFIER_LOOK_MS + 500) * 1000);
    assert_non_null(classifier_watch_now(watch, &why));
    assert_string_equal(classifier_watch_now(watch, &why)->labels[0], "second");
    write_model("third");
    assert_true(comes(watch, "third", NULL));
    classifier_watch_close(&watch);
    assert_null(watch);
    classifier_watch_close(&watch);
}

static void without_a_path_there_is_no_model(void **state) {
    struct classifier_watch *watch = classifier_watch_open("");
    struct reason why;

    (void)state;
    assert_false(classifier_watch_is_set(watch));
    assert_null(classifier_watch_now(watch, &why));
    assert_string_equal(why.field, "model");
    classifier_watch_close(&watch);
}

static void it_ends_while_it_reads(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct classifier_watch *watch = classifier_watch_open(path);
        classifier_watch_close(&watch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_taken_up_when_it_comes_and_when_it_changes),
        cmocka_unit_test(without_a_path_there_is_no_model),
        cmocka_unit_test(it_ends_while_it_reads),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
