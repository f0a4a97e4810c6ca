/* Any bytes as a CSV file: every record keeps its bounds, reading ends, and what was read can be written and read again. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "proto/text.h"

static void write_record(FILE *out, const struct csv *csv, bool header) {
    for (size_t i = 0; i < csv_column_count(csv); i++) {
        const char *field = header ? csv_column_name(csv, i) : csv_field(csv, (int)i);
        assert(text_clean(field, strlen(field)) == strlen(field));
        if (i > 0)
            putc(',', out);
        csv_write_field(out, field);
    }
    putc('\n', out);
}

struct counts {
    size_t columns, records, refused;
};

/* Reads all of it and writes what was read to `out`. */
static struct counts copy(FILE *in, FILE *out, size_t size) {
    struct counts counts = {0};
    struct reason why;
    struct csv *csv;
    int got;

    if (csv_open(&csv, in, "fuzz.csv", &why) != 0) {
        assert(why.text[0] != '\0');
        return counts;
    }
    counts.columns = csv_column_count(csv);
    write_record(out, csv, true);
    for (size_t line = 0; (got = csv_next(csv, &why)) != 0; line = csv_line(csv)) {
        assert(csv_line(csv) > line);
        assert(strlen(csv_raw(csv)) <= CSV_RECORD_MAX + 2);
        counts.records += got > 0;
        counts.refused += got < 0;
        assert(counts.records + counts.refused <= size);
        if (got > 0)
            write_record(out, csv, false);
    }
    csv_close(&csv);
    return counts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *once = NULL, *twice = NULL;
    size_t once_size = 0, twice_size = 0;

    if (size == 0)
        return 0;
    FILE *in = fmemopen((void *)(uintptr_t)data, size, "rb"), *out = open_memstream(&once, &once_size);
    assert(in != NULL && out != NULL);
    struct counts first = copy(in, out, size);
    fclose(in);
    fclose(out);
    if (first.columns > 1 &&
        once_size < CSV_RECORD_MAX) { /* one empty column alone is an empty line, which is passed over */
        in = fmemopen(once, once_size, "rb");
        out = open_memstream(&twice, &twice_size);
        assert(in != NULL && out != NULL);
        struct counts second = copy(in, out, once_size);
        fclose(in);
        fclose(out);
        assert(second.records == first.records && second.refused == 0);
        assert(twice_size == once_size && memcmp(once, twice, once_size) == 0);
    }
    free(once);
    free(twice);
    return 0;
}
