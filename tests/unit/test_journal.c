#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "common/journal.h"
#include "common/json_text.h"

#define OUTPUT_MAX (4 << 20)
static char output[OUTPUT_MAX];

/* What `act` writes to stdout, as one string. */
static const char *captured(void (*act)(void)) {
    char path[] = "/tmp/test_journal_XXXXXX";
    int file = mkstemp(path);
    int kept = dup(STDOUT_FILENO);

    assert_true(file >= 0 && kept >= 0);
    unlink(path);
    fflush(stdout);
    assert_true(fcntl(file, F_SETFL, O_APPEND) == 0 && dup2(file, STDOUT_FILENO) >= 0);
    act();
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    ssize_t size = pread(file, output, OUTPUT_MAX - 1, 0);
    assert_true(size >= 0);
    output[size] = '\0';
    close(file);
    return output;
}

static void write_one(void) {
    struct journal_line line = journal_open(JOURNAL_ERROR, "db_lost");
    journal_field(&line, "host", "%s:%d", "here", 5432);
    journal_number(&line, "tries", -3);
    journal_write(&line);
    journal_write(&line); /* nothing left */
}

static void a_line_is_one_object_with_its_fields(void **state) {
    (void)state;
    const char *line = captured(write_one);
    assert_memory_equal(line, "{\"at\":\"20", 9);
    assert_string_equal(line + strlen("{\"at\":\"2026-11-23T08:00:00.123Z\""),
                        ",\"level\":\"error\",\"service\":\"tested\",\"event\":\"db_lost\",\"host\":\"here:5432\","
                        "\"tries\":-3}\n");
}

static void write_below(void) {
    journal_say(JOURNAL_DEBUG, "detail", "x");
}

static void lines_below_the_level_are_dropped(void **state) {
    (void)state;
    assert_string_equal(captured(write_below), "");
}

static void write_nasty(void) {
    journal_say(JOURNAL_INFO, "nasty", "%s",
                "\"\\\b\f\n\r\t\x01\x7f/漯\xff\xc0\x80\xed\xa0\x80\xf0\x9f\x98\x80\xe6\xbc");
}

static void every_byte_is_escaped_or_replaced(void **state) {
#define R "\xef\xbf\xbd"
    (void)state;
    assert_non_null(strstr(captured(write_nasty), "\"text\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f/漯" R R R R R R
                                                  "\xf0\x9f\x98\x80" R R "\"}\n"));
}

static void write_long(void) {
    static char value[20000];
    struct journal_line line = journal_open(JOURNAL_WARNING, "long");
    for (size_t i = 0; i + 3 < sizeof value; i += 3)
        memcpy(value + i, "漯", 3);
    journal_field(&line, "value", "%s", value);
    journal_number(&line, "number", 1);
    journal_field(&line, "more", "%s", "x");
    journal_write(&line);
}

static void long_values_are_cut_at_a_character(void **state) {
    (void)state;
    const char *line = captured(write_long);
    size_t size = strlen(line);
    assert_true(size <= JOURNAL_LINE_MAX && size > JOURNAL_LINE_MAX - 64);
    assert_string_equal(line + size - strlen("漯\",\"dropped\":4}\n"), "漯\",\"dropped\":4}\n");
    assert_null(strstr(line, R));
}

static void write_many_fields(void) {
    struct journal_line line = journal_open(JOURNAL_INFO, "many");
    for (int i = 0; i < 3000; i++)
        journal_number(&line, "name", i);
    for (int i = 0; i < 3000; i++)
        journal_field(&line, "\n\n\n\n\n\n", "%s", "\n");
    journal_write(&line);
}

static void fields_that_do_not_fit_are_dropped_whole(void **state) {
    (void)state;
    const char *line = captured(write_many_fields);
    assert_true(strlen(line) <= JOURNAL_LINE_MAX);
    assert_string_equal(line + strlen(line) - 2, "}\n");
    assert_non_null(strstr(line, ",\"dropped\":"));
}

#define THREADS 4
#define LINES 2000

static void *write_lines(void *letter) {
    char text[300];
    memset(text, *(const char *)letter, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < LINES; i++)
        journal_say(JOURNAL_INFO, "threads", "%s", text);
    return NULL;
}

static void write_from_threads(void) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_lines, (void *)(uintptr_t) & "abcd"[i]);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void threads_never_mix_their_lines(void **state) {
    char *rest;
    int lines = 0;
    (void)state;
    captured(write_from_threads);
    for (char *line = strtok_r(output, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        const char *text = strstr(line, "\"text\":\"");
        assert_non_null(text);
        text += strlen("\"text\":\"");
        assert_int_equal(strspn(text, (char[]){text[0], '\0'}), 299);
        assert_string_equal(text + 299, "\"}");
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES);
}

static void json_text_stops_at_the_room(void **state) {
    char out[8];
    size_t taken;
    (void)state;
    assert_int_equal(json_text(out, 5, "漯河", 6, &taken), 3);
    assert_int_equal(taken, 3);
    assert_int_equal(json_text(out, 5, "\x01", 1, &taken), 0);
    assert_int_equal(taken, 0);
    assert_int_equal(json_text(out, 0, "", 0, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_one_object_with_its_fields),
        cmocka_unit_test(lines_below_the_level_are_dropped),
        cmocka_unit_test(every_byte_is_escaped_or_replaced),
        cmocka_unit_test(long_values_are_cut_at_a_character),
        cmocka_unit_test(fields_that_do_not_fit_are_dropped_whole),
        cmocka_unit_test(threads_never_mix_their_lines),
        cmocka_unit_test(json_text_stops_at_the_room),
    };
    journal_start("tested", JOURNAL_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
