#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/endpoints.h"
#include "common/instant.h"
#include "services/zhitong/import_rows.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static void the_same_record_gets_the_same_key(void **state) {
    (void)state;
    char first[65], second[65];
    import_key(first, "0123456789abcdef", "A-1", 2);
    import_key(second, "0123456789abcdef", "A-1", 99);
    assert_string_equal(first, "0123456789abcdef:A-1");
    assert_string_equal(first, second);
}

static void records_without_a_number_are_told_apart_by_line(void **state) {
    (void)state;
    char first[65], second[65];
    import_key(first, "0123456789abcdef", "", 2);
    import_key(second, "0123456789abcdef", "", 3);
    assert_string_not_equal(first, second);
}

static void the_longest_numbers_fit_and_differ(void **state) {
    (void)state;
    char first[65], second[65], number[65];
    memset(number, 'x', 64);
    number[64] = '\0';
    import_key(first, "0123456789abcdef", number, 2);
    number[63] = 'y';
    import_key(second, "0123456789abcdef", number, 2);
    assert_string_not_equal(first, second);
    number[47] = '\0'; /* the longest that is kept as it is */
    import_key(first, "0123456789abcdef", number, 2);
    assert_int_equal(strlen(first), 64);
}

static void files_of_two_names_have_two_hashes(void **state) {
    (void)state;
    char first[IMPORT_HASH_MAX], second[IMPORT_HASH_MAX];
    import_hash(first, "records.csv");
    import_hash(second, "records2.csv");
    assert_int_equal(strlen(first), 16);
    assert_string_not_equal(first, second);
}

/* ---- instants --------------------------------------------------------------------------------------------------- */

static void instants_are_read_with_their_offset(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t unix_ms;
    } examples[] = {{"1970-01-01T00:00:00Z", 0},
                    {"2026-09-01T08:30:00+08:00", 1788222600000},
                    {"2011-07-01T01:32:33-04:00", 1309498353000},
                    {"2011-07-01 05:32:33.250Z", 1309498353250}};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        int64_t got = -1;
        assert_int_equal(instant_read(examples[i].text, &got), 0);
        assert_int_equal(got, examples[i].unix_ms);
    }
}

static void what_is_no_instant_is_refused(void **state) {
    (void)state;
    static const char *const examples[] = {"",
                                           "yesterday",
                                           "2026-09-01",
                                           "2026-09-01T08:30:00",
                                           "2026-02-30T08:30:00Z",
                                           "2026-09-01T24:30:00Z",
                                           "2026-09-01T08:30:00+8",
                                           "2026-09-01T08:30:00+08:00x",
                                           "2026-09-01T08:30:00+99:99",
                                           "2026-09-01T-8:30:00Z",
                                           "9999-12-31T23:59:59-10:00",
                                           "2026-09-01T08:30:nanZ",
                                           "2026-9-1T08:30:00Z"};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        int64_t got = 7;
        assert_int_equal(instant_read(examples[i], &got), -1);
        assert_int_equal(got, 7);
    }
}

/* ---- records ------------------------------------------------------------------------------------------------------ */

static int read_first(const char *text, const char *channel, struct submit *out, struct reason *why) {
    struct import_origin origin = {.hash = "0123456789abcdef", .channel = channel};
    struct import_columns columns;
    struct csv *csv;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_int_equal(csv_open(&csv, file, "t.csv", why), 0);
    int status = import_columns_find(&columns, csv, channel, why);
    if (status == 0) {
        assert_int_equal(csv_next(csv, why), 1);
        status = import_record_read(out, csv, &columns, &origin, why);
    }
    csv_close(&csv);
    fclose(file);
    return status;
}

static void columns_become_fields(void **state) {
    (void)state;
    struct submit report;
    struct reason why;
    assert_int_equal(
        read_first("long,area,item,channel,lat,source_id,extra\n114.02,a1,i1,c1,,N-7,x\n", NULL, &report, &why), 0);
    assert_string_equal(report.key, "0123456789abcdef:N-7");
    assert_string_equal(report.channel, "c1");
    assert_string_equal(report.item, "i1");
    assert_string_equal(report.area, "a1");
    assert_true(report.lon == 114.02);
    assert_true(report.lat != report.lat); /* absent */
}

static void a_channel_can_be_given_for_records_without_one(void **state) {
    (void)state;
    struct submit report;
    struct reason why;
    assert_int_equal(read_first("area,item\na1,i1\n", "hotline", &report, &why), 0);
    assert_string_equal(report.channel, "hotline");
    assert_int_equal(read_first("area,item,channel\na1,i1,app\n", "hotline", &report, &why), 0);
    assert_string_equal(report.channel, "app");
}

static void bad_records_are_refused_with_their_field(void **state) {
    (void)state;
    static const struct {
        const char *text, *field;
    } examples[] = {{"area,item\na1,i1\n", "channel"},
                    {"area,channel\na1,c1\n", "item"},
                    {"area,item,channel\n,i1,c1\n", "area"},
                    {"area,item,channel,lat\na1,i1,c1,north\n", "lat"},
                    {"area,item,channel,lat\na1,i1,c1,nan\n", "lat"},
                    {"area,item,channel\na1234567890123456789012345678901234567890123456789,i1,c1\n", "area"}};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct submit report;
        struct reason why;
        assert_int_equal(read_first(examples[i].text, NULL, &report, &why), -1);
        assert_string_equal(why.field, examples[i].field);
    }
}

/* ---- rows, rejects, progress ---------------------------------------------------------------------------------------- */

static void scratch_path(char path[64], const char *name) {
    snprintf(path, 64, "/tmp/zt-test-%d-%s", (int)getpid(), name);
    remove(path);
}

static void answers_in_any_order_go_out_in_the_files_order(void **state) {
    (void)state;
    struct import_rows rows;
    struct import_progress progress = {0};
    import_rows_open(&rows, 3);
    uint64_t a = import_rows_add(&rows, 2, "a"), b = import_rows_add(&rows, 3, "b"), c = import_rows_add(&rows, 4, "c");
    assert_true(import_rows_full(&rows));
    import_row(&rows, c)->outcome = ROW_ACCEPTED;
    import_row(&rows, b)->outcome = ROW_REFUSED;
    import_rows_retire(&rows, &progress);
    assert_int_equal(progress.line, 0); /* a is still under way */
    import_row(&rows, a)->outcome = ROW_REPEATED;
    import_rows_retire(&rows, &progress);
    char check[IMPORT_HASH_MAX];
    import_hash(check, "c");
    assert_int_equal(progress.line, 4);
    assert_string_equal(progress.check, check);
    assert_int_equal(progress.accepted, 1);
    assert_int_equal(progress.repeated, 1);
    assert_int_equal(progress.refused, 1);
    assert_false(import_rows_full(&rows));
    import_rows_close(&rows);
}

static void progress_survives_a_restart(void **state) {
    (void)state;
    struct import_progress wrote = {
        .line = 12, .check = "0123456789abcdef", .accepted = 7, .repeated = 2, .refused = 1, .rejects_bytes = 99};
    struct import_progress read = {0};
    struct reason why;
    char path[64];
    scratch_path(path, "progress");
    assert_int_equal(import_progress_read(&read, path, &why), 0);
    assert_int_equal(import_progress_write(&wrote, path, &why), 0);
    assert_int_equal(import_progress_read(&read, path, &why), 1);
    assert_int_equal(read.line, 12);
    assert_string_equal(read.check, wrote.check);
    assert_int_equal(read.accepted, 7);
    assert_int_equal(read.repeated, 2);
    assert_int_equal(read.refused, 1);
    assert_int_equal(read.rejects_bytes, 99);
    FILE *file = fopen(path, "w");
    fputs("line 12 0123456789abcdef\naccep", file);
    fclose(file);
    assert_int_equal(import_progress_read(&read, path, &why), -1);
    remove(path);
}

static void a_resumed_import_repeats_no_reject(void **state) {
    (void)state;
    struct import_rows rows;
    struct import_progress progress = {0};
    struct reason why;
    char path[64], text[200] = "";
    scratch_path(path, "rejects.csv");
    import_rows_open(&rows, 4);
    assert_int_equal(import_rejects_open(&rows, path, NULL, &why), 0);
    struct import_row *row = import_row(&rows, import_rows_add(&rows, 2, "x,\"y\""));
    row->outcome = ROW_REFUSED;
    (void)refuse(&row->why, "item", "there is no x");
    import_rows_retire(&rows, &progress);
    fputs("3,written,but not counted before it was killed,z\n", rows.rejects);
    fclose(rows.rejects);
    assert_int_equal(import_rejects_open(&rows, path, &progress, &why), 0);
    fclose(rows.rejects);
    FILE *file = fopen(path, "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, "line,field,reason,record\n2,item,there is no x,\"x,\"\"y\"\"\"\n");
    import_rows_close(&rows);
    remove(path);
}

/* ---- endpoints -------------------------------------------------------------------------------------------------------- */

static void endpoint_lists_are_read(void **state) {
    (void)state;
    struct endpoints endpoints;
    assert_int_equal(endpoints_read(&endpoints, " tcp://a:1, tcp://[::1]:65535,", NULL), 0);
    assert_int_equal(endpoints.count, 2);
    assert_string_equal(endpoints.names[1], "tcp://[::1]:65535");
}

static void bad_endpoint_lists_are_refused(void **state) {
    (void)state;
    static const char *const examples[] = {
        "", ",", "http://a:1", "tcp://a", "tcp://:1", "tcp://a:0", "tcp://a:65536", "tcp://a:1x", "tcp://a:1,b:2"};
    for (size_t i = 0; i < LENGTH(examples); i++) {
        struct endpoints endpoints = {.count = -1};
        assert_int_equal(endpoints_read(&endpoints, examples[i], NULL), -1);
        assert_int_equal(endpoints.count, -1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_record_gets_the_same_key),
        cmocka_unit_test(records_without_a_number_are_told_apart_by_line),
        cmocka_unit_test(the_longest_numbers_fit_and_differ),
        cmocka_unit_test(files_of_two_names_have_two_hashes),
        cmocka_unit_test(instants_are_read_with_their_offset),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(columns_become_fields),
        cmocka_unit_test(a_channel_can_be_given_for_records_without_one),
        cmocka_unit_test(bad_records_are_refused_with_their_field),
        cmocka_unit_test(answers_in_any_order_go_out_in_the_files_order),
        cmocka_unit_test(progress_survives_a_restart),
        cmocka_unit_test(a_resumed_import_repeats_no_reject),
        cmocka_unit_test(endpoint_lists_are_read),
        cmocka_unit_test(bad_endpoint_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
