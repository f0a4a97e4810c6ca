#include "services/zhitong/examples.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "proto/text.h"

/* ---- taking in -------------------------------------------------------------------------------------------------------- */

static int number_of_label(struct examples *examples, const char *label, uint32_t *out, struct reason *why) {
    size_t length = strlen(label);

    for (uint32_t i = 0; i < examples->label_count; i++) {
        if (strcmp(examples->labels[i], label) == 0) {
            *out = i;
            return 0;
        }
    }
    if (length == 0 || length > CLASSIFIER_LABEL_BYTES_MAX || text_clean(label, length) != length)
        return refuse(why, "label", "must be 1 to %d bytes of text", CLASSIFIER_LABEL_BYTES_MAX);
    if (examples->label_count == CLASSIFIER_LABELS_MAX)
        return refuse(why, "label", "there are more than %d of them", CLASSIFIER_LABELS_MAX);
    examples->labels = realloc(examples->labels, (examples->label_count + 1) * sizeof *examples->labels);
    assert(examples->labels != NULL);
    memcpy(examples->labels[examples->label_count], label, length + 1);
    *out = examples->label_count++;
    return 0;
}

/* Without the free slots. At least one gram. */
static struct grams pack(const struct grams *grams, uint64_t *print) {
    struct grams packed = {.slots = malloc(grams->count * sizeof *packed.slots), .mask = grams->count - 1};

    assert(packed.slots != NULL);
    *print = 0;
    for (size_t slot = 0; slot <= grams->mask; slot++) {
        struct gram gram = grams->slots[slot];
        if (gram.hash == 0)
            continue;
        packed.slots[packed.count++] = gram;
        *print += (gram.hash ^ gram.count) * UINT64_C(0x9E3779B97F4A7C15); /* a sum: their order says nothing */
    }
    return packed;
}

int examples_add(struct examples *examples, const char *label, const char *text, struct reason *why) {
    struct grams grams = {0};
    struct example example;

    if (examples->count == EXAMPLES_MAX) {
        examples->left_out.beyond++;
        return 0;
    }
    if (number_of_label(examples, label, &example.label, why) != 0)
        return -1;
    grams_read(&grams, examples->lengths, text, strlen(text));
    if (grams.count == 0) {
        examples->left_out.empty++;
        grams_close(&grams);
        return 0;
    }
    example.grams = pack(&grams, &example.print);
    grams_close(&grams);
    if (examples->count == examples->room) {
        examples->room = examples->room * 2 + 1024;
        examples->at = realloc(examples->at, examples->room * sizeof *examples->at);
        assert(examples->at != NULL);
    }
    examples->at[examples->count++] = example;
    return 0;
}

static int read_rows(struct examples *examples, struct csv *csv, struct reason *why) {
    int text = csv_column(csv, "text"), label = csv_column(csv, "label"), got;

    if (text < 0 || label < 0)
        return refuse(why, text < 0 ? "text" : "label", "the header has no such column; text and label are needed");
    while ((got = csv_next(csv, why)) > 0) {
        struct reason row;
        if (examples_add(examples, csv_field(csv, label), csv_field(csv, text), &row) != 0)
            return refuse(why, row.field, "line %zu: %s", csv_line(csv), row.text);
    }
    return got;
}

int examples_read(struct examples *examples, const char *path, struct reason *why) {
    struct csv *csv;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return refuse(why, "--texts", "%s cannot be read: %s", path, strerror(errno));
    int status = csv_open(&csv, file, path, why);
    if (status == 0) {
        status = read_rows(examples, csv, why);
        csv_close(&csv);
    }
    fclose(file);
    return status;
}

/* ---- leaving out ------------------------------------------------------------------------------------------------------ */

struct seat { /* where an example with this print stands */
    uint64_t print;
    size_t number;
};

static int compare_seats(const void *a, const void *b) {
    const struct seat *left = a, *right = b;

    if (left->print != right->print)
        return left->print < right->print ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void drop(struct example *example) {
    grams_close(&example->grams);
}

/* Closes the gaps that dropped examples left. */
static void close_up(struct examples *examples) {
    size_t kept = 0;

    for (size_t i = 0; i < examples->count; i++)
        if (examples->at[i].grams.slots != NULL)
            examples->at[kept++] = examples->at[i];
    examples->count = kept;
}

static void drop_doubles(struct examples *examples) {
    struct seat *seats = calloc(examples->count + 1, sizeof *seats);

    assert(seats != NULL);
    for (size_t i = 0; i < examples->count; i++)
        seats[i] = (struct seat){examples->at[i].print, i};
    qsort(seats, examples->count, sizeof *seats, compare_seats);
    for (size_t i = 1; i < examples->count; i++) {
        if (seats[i].print != seats[i - 1].print)
            continue;
        drop(&examples->at[seats[i].number]);
        examples->left_out.doubles++;
    }
    free(seats);
    close_up(examples);
}

static void drop_rare_labels(struct examples *examples) {
    size_t *texts = calloc(examples->label_count + 1, sizeof *texts);
    uint32_t *numbers = calloc(examples->label_count + 1, sizeof *numbers), kept = 0;

    assert(texts != NULL && numbers != NULL);
    for (size_t i = 0; i < examples->count; i++)
        texts[examples->at[i].label]++;
    for (uint32_t label = 0; label < examples->label_count; label++) {
        numbers[label] = kept;
        if (texts[label] >= LABEL_TEXTS_MIN)
            memmove(examples->labels[kept++], examples->labels[label], sizeof *examples->labels);
    }
    for (size_t i = 0; i < examples->count; i++) {
        struct example *example = &examples->at[i];
        if (texts[example->label] < LABEL_TEXTS_MIN) {
            drop(example);
            examples->left_out.rare++;
        }
        example->label = numbers[example->label];
    }
    examples->left_out.labels = examples->label_count - kept;
    examples->label_count = kept;
    free(texts);
    free(numbers);
    close_up(examples);
}

int examples_finish(struct examples *examples, struct reason *why) {
    drop_doubles(examples);
    drop_rare_labels(examples);
    if (examples->label_count >= 2)
        return 0;
    return refuse(why, "texts", "%u labels have %d different texts or more; at least two must", examples->label_count,
                  LABEL_TEXTS_MIN);
}

void examples_close(struct examples *examples) {
    for (size_t i = 0; i < examples->count; i++)
        drop(&examples->at[i]);
    free(examples->at);
    free(examples->labels);
    *examples = (struct examples){0};
}
