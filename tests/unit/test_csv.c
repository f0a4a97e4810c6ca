#include "common/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* Everything a text gives: fields joined with |, records with newlines, refusals as !line:column. */
static void read_all(const char *text, size_t size, char *out, size_t room) {
    FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
    struct reason why;
    struct csv *csv;
    int got;

    *out = '\0';
    assert_non_null(file);
    if (csv_open(&csv, file, "t", &why) != 0) {
        snprintf(out, room, "!%.*s", (int)strcspn(why.text + 2, " ") - 1, why.text + 2);
        fclose(file);
        return;
    }
    while ((got = csv_next(csv, &why)) != 0) {
        size_t used = strlen(out);
        if (got < 0) {
            snprintf(out + used, room - used, "!%.*s\n", (int)strcspn(why.text + 2, " ") - 1, why.text + 2);
            continue;
        }
        for (int i = 0; i < (int)csv_column_count(csv); i++) {
            used = strlen(out);
            snprintf(out + used, room - used, "%s%s", csv_field(csv, i),
                     i + 1 == (int)csv_column_count(csv) ? "\n" : "|");
        }
    }
    csv_close(&csv);
    fclose(file);
}

static void texts_are_read_as_rfc_4180_says(void **state) {
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"a,b\n1,2\n", "1|2\n"},
        {"a,b\r\n1,2\r\n3,4", "1|2\n3|4\n"},
        {"\xEF\xBB\xBF"
         "a,b\n1,2\n",
         "1|2\n"},
        {"a,b\n,\n", "|\n"},
        {"a,b\n\n\r\n1,2\n\n", "1|2\n"},
        {"a,b\n\"1,\"\"x\"\"\",\"\"\n", "1,\"x\"|\n"},
        {"a,b\n\"two\nlines\",\"or\r\nso\"\n5,6\n", "two\nlines|or\nso\n5|6\n"},
        {"a,\xE5\x90\x8D\n\xE6\xBC\xAF,2\n", "\xE6\xBC\xAF|2\n"},
        {"a,b\n 1 ,2\n", " 1 |2\n"},
        /* refused, and on with the next record */
        {"a,b\n1\n2,3\n", "!2:1\n2|3\n"},
        {"a,b\n1,2,3\n4,5\n", "!2:3\n4|5\n"},
        {"a,b\n1,x\"y\n4,5\n", "!2:2\n4|5\n"},
        {"a,b\n\"1\"x,2\n4,5\n", "!2:1\n4|5\n"},
        {"a,b\n1,\xC0\x80\n4,5\n", "!2:2\n4|5\n"},
        {"a,b\n1,\xED\xA0\x80\n4,5\n", "!2:2\n4|5\n"},
        {"a,b\n1,\"never closed\n4,5\n6,7\n", "!2:2\n4|5\n6|7\n"},
        {"a,b\n1,\"two\nlines\"x\n4,5\n", "!2:2\n!3:1\n4|5\n"},
        {"a,b\n1,2\r3,4\n5,6\n", "!2:2\n5|6\n"},
        {"a,b\n1,2\r", "!2:2\n"},
        {"a,a\n1,2\n", "!1:2"},
        {"", "!1:1"},
        {"\n\n", "!1:1"},
    };
    char got[1024];

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        if (*cases[i].text == '\0') /* fmemopen refuses an empty buffer */
            read_all("\n", 1, got, sizeof got);
        else
            read_all(cases[i].text, strlen(cases[i].text), got, sizeof got);
        assert_string_equal(got, cases[i].expected);
    }
}

static void a_nul_byte_is_refused(void **state) {
    static const char text[] = "a,b\n1,\0\n3,4\n";
    char got[256];

    (void)state;
    read_all(text, sizeof text - 1, got, sizeof got);
    assert_string_equal(got, "!2:2\n3|4\n");
}

/* A record of `size` bytes behind a header, then a good one. */
static void read_long_record(size_t size, const char *line_end, const char *expected) {
    size_t total = 2 + size + strlen(line_end) + 2;
    char *text = malloc(total + 1), *got = malloc(CSV_RECORD_MAX * 2);

    assert_non_null(text);
    assert_non_null(got);
    memcpy(text, "a\n", 2);
    memset(text + 2, 'x', size);
    sprintf(text + 2 + size, "%s1\n", line_end);
    read_all(text, total, got, CSV_RECORD_MAX * 2);
    if (expected != NULL)
        assert_string_equal(got, expected);
    else
        assert_int_equal(strlen(got), size + 3);
    free(text);
    free(got);
}

static void a_record_may_have_its_maximum_and_no_byte_more(void **state) {
    (void)state;
    read_long_record(CSV_RECORD_MAX, "\n", NULL);
    read_long_record(CSV_RECORD_MAX, "\r\n", NULL);
    read_long_record(CSV_RECORD_MAX + 1, "\n", "!2:1\n1\n");
    read_long_record(CSV_RECORD_MAX + 2, "\n", "!2:1\n1\n");
    read_long_record(CSV_RECORD_MAX * 3 + 7, "\n", "!2:1\n1\n");
}

static void a_missing_quote_in_a_long_file_costs_one_line(void **state) {
    const size_t rows = 20000;
    size_t records = 0, refused = 0;
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    struct reason why;
    struct csv *csv;
    int got;

    (void)state;
    fputs("a,b\n", memory);
    for (size_t i = 0; i < rows; i++)
        fprintf(memory, i == 10 ? "%zu,\"open\n" : "%zu,closed\n", i);
    fclose(memory);
    FILE *file = fmemopen(text, size, "r");
    assert_int_equal(csv_open(&csv, file, "t", &why), 0);
    while ((got = csv_next(csv, &why)) != 0) {
        records += got > 0;
        refused += got < 0;
    }
    assert_int_equal(records, rows - 1);
    assert_int_equal(refused, 1);
    assert_int_equal(csv_line(csv), rows + 2);
    csv_close(&csv);
    fclose(file);
    free(text);
}

static void a_reason_names_file_line_and_column(void **state) {
    static char text[] = "code,tier\na,1\n\"two\nlines\",1\n\nb,\"2\n";
    FILE *file = fmemopen(text, strlen(text), "r");
    struct reason why;
    struct csv *csv;

    (void)state;
    assert_int_equal(csv_open(&csv, file, "items.csv", &why), 0);
    assert_int_equal(csv_next(csv, &why), 1);
    assert_int_equal(csv_line(csv), 2);
    assert_string_equal(csv_raw(csv), "a,1");
    assert_int_equal(csv_next(csv, &why), 1);
    assert_int_equal(csv_line(csv), 3);
    assert_int_equal(csv_next(csv, &why), -1);
    assert_string_equal(why.field, "tier");
    assert_string_equal(why.text, "items.csv:6:2: the closing quote is missing");
    assert_string_equal(csv_raw(csv), "b,\"2");
    assert_string_equal(csv_field(csv, 0), "");
    assert_int_equal(csv_next(csv, &why), 0);
    assert_int_equal(csv_column(csv, "tier"), 1);
    assert_int_equal(csv_column(csv, "absent"), -1);
    assert_string_equal(csv_field(csv, -1), "");
    csv_close(&csv);
    fclose(file);
}

static void what_is_written_reads_back(void **state) {
    static const char *const fields[] = {"plain", "", "a,b", "say \"hi\"", "two\nlines", "\xE6\xBC\xAF\xE6\xB2\xB3",
                                         " x "};
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    struct reason why;
    struct csv *csv;

    (void)state;
    fputs("field,end\n", memory);
    for (size_t i = 0; i < LENGTH(fields); i++) {
        csv_write_field(memory, fields[i]);
        fputs(",\n", memory);
    }
    fclose(memory);
    FILE *file = fmemopen(text, size, "r");
    assert_int_equal(csv_open(&csv, file, "t", &why), 0);
    for (size_t i = 0; i < LENGTH(fields); i++) {
        assert_int_equal(csv_next(csv, &why), 1);
        assert_string_equal(csv_field(csv, 0), fields[i]);
    }
    assert_int_equal(csv_next(csv, &why), 0);
    csv_close(&csv);
    fclose(file);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_as_rfc_4180_says),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(a_record_may_have_its_maximum_and_no_byte_more),
        cmocka_unit_test(a_missing_quote_in_a_long_file_costs_one_line),
        cmocka_unit_test(a_reason_names_file_line_and_column),
        cmocka_unit_test(what_is_written_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
