/* First byte: which of the tables that `zhitong` reads from a file. Then the CSV file: it is read or refused in words; a record that is
 * taken passes message_check. */
#include <math.h>

#include "services/zhitong/courses.h"
#include "services/zhitong/examples.h"
#include "services/zhitong/import_record.h"
#include "services/zhitong/records.h"
#include "tests/fuzz/fuzz_input.h"

static void records(const char *path) {
    struct records records = {.rows = NULL};
    struct reason why = {.text = ""};
    if (records_open(&records, path, &why) != 0)
        fuzz_check_reason(&why);
    for (size_t i = 1; i < records.count; i++)
        assert(records.rows[i - 1]->at <= records.rows[i]->at);
    records_close(&records);
}

static const char *same_word(void *context, const char *word) {
    (void)context;
    return word;
}

static void courses(const char *path) {
    struct courses courses = {.rows = NULL};
    struct reason why = {.text = ""};
    if (courses_open(&courses, path, &why) != 0)
        fuzz_check_reason(&why);
    for (size_t i = 0; i < courses.count; i++)
        for (size_t step = 0; step < courses.rows[i].count; step++) {
            static struct command command;
            memset(&command, 0, sizeof command);
            if (course_fill(&courses.rows[i].steps[step], &command, same_word, NULL, &why) != 0)
                fuzz_check_reason(&why);
        }
    courses_close(&courses);
}

static void examples(const char *path) {
    struct examples examples = {.lengths = GRAMS_OF_2};
    struct reason why = {.text = ""};
    if (examples_read(&examples, path, &why) != 0)
        fuzz_check_reason(&why);
    else if (examples_finish(&examples, &why) == 0)
        assert(examples.label_count >= 2);
    examples_close(&examples);
}

static void import(const char *path) {
    static struct submit submit;
    struct import_columns columns;
    const struct import_origin origin = {.hash = "0123456789abcdef", .channel = "hotline"};
    struct reason why = {.text = ""};
    struct csv *csv;
    FILE *file = fopen(path, "re");
    int got;
    assert(file != NULL);
    if (csv_open_any(&csv, file, "fuzz.csv", &why) != 0) {
        fuzz_check_reason(&why);
        fclose(file);
        return;
    }
    if (import_columns_find(&columns, csv, origin.channel, &why) != 0)
        fuzz_check_reason(&why);
    else
        while ((got = csv_next(csv, &why)) != 0)
            if (got < 0 || import_record_read(&submit, csv, &columns, &origin, &why) != 0)
                fuzz_check_reason(&why);
            else if (message_check(MESSAGE_submit, &submit, &why) != 0)
                abort();
    csv_close(&csv);
    fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[FUZZ_PATH_SIZE];
    if (size == 0)
        return 0;
    int file = fuzz_file(data + 1, size - 1, path);
    switch (data[0]) {
    case 'r':
        records(path);
        break;
    case 'c':
        courses(path);
        break;
    case 'e':
        examples(path);
        break;
    default:
        import(path);
    }
    close(file);
    return 0;
}
