/* Walks reports in the order in which they came and asks of each, with the code that intake uses, which older ones may be the same
 * matter. tests/bench/duplicates.py feeds it, fits the weights and counts what was found.
 *
 *     zt-bench-duplicates METRES HOURS < reports.tsv > candidates.tsv
 *
 * in:  number, item, came in (unix s), ended (unix s, 0: never), lat, long, address, text; by when they came in
 * out: younger, older, percent, the terms of likeness.h */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/likeness.h"

#define SLOTS (1 << 20)
#define CANDIDATES_MAX 20 /* the newest ones, as in intake */
#define FIELDS 8
#define LINE_BYTES 20000

struct report {
    struct likeness_report like;
    int64_t ended_at;
    long number;
    int64_t cell;
    struct report *older; /* in the same slot */
};

static struct report *slots[SLOTS];
static double metres_max, hours_max;

static struct report **slot_of(int64_t cell) {
    return &slots[(uint64_t)cell * UINT64_C(0x9E3779B97F4A7C15) >> 44];
}

static struct report *read_report(char *line) {
    struct report *report = calloc(1, sizeof *report);
    char *fields[FIELDS];
    assert(report != NULL);
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = strsep(&line, "\t");
        assert(fields[i] != NULL);
    }
    report->number = atol(fields[0]);
    report->like.item = strdup(fields[1]);
    report->like.at = (int64_t)(atof(fields[2]) * 1000);
    report->ended_at = (int64_t)(atof(fields[3]) * 1000);
    report->like.lat = fields[4][0] != '\0' ? atof(fields[4]) : NAN;
    report->like.lon = fields[5][0] != '\0' ? atof(fields[5]) : NAN;
    report->like.address = likeness_address(fields[6]);
    likeness_sketch(fields[7], NULL, &report->like.text);
    return report;
}

static void print(const struct report *report, const struct report *older, const struct likeness *like) {
    double terms[TERM_COUNT];
    likeness_terms(like, terms);
    printf("%ld\t%ld\t%u", report->number, older->number, like->percent);
    for (int i = 0; i < TERM_COUNT; i++)
        printf("\t%.4f", terms[i]);
    printf("\n");
}

/* The cells' lists are newest first each; a report has few neighbours, so the newest of all are found by taking and comparing. */
static void compare(const struct report *report, const struct likeness_cell *cells, size_t count) {
    struct report *next[LIKENESS_CELLS];
    for (size_t i = 0; i < count; i++)
        next[i] = *slot_of(cells[i].number);
    for (int taken = 0; taken < CANDIDATES_MAX;) {
        size_t best = count;
        for (size_t i = 0; i < count; i++) {
            while (next[i] != NULL && next[i]->cell != cells[i].number)
                next[i] = next[i]->older;
            if (next[i] != NULL && (best == count || next[i]->like.at > next[best]->like.at))
                best = i;
        }
        if (best == count || (double)(report->like.at - next[best]->like.at) > hours_max * 3600000)
            return;
        const struct report *older = next[best];
        next[best] = next[best]->older;
        struct likeness like;
        if (older->ended_at != 0 && older->ended_at <= report->like.at)
            continue;
        likeness_of(&report->like, &older->like, &like);
        if (like.metres > metres_max)
            continue;
        print(report, older, &like);
        taken++;
    }
}

int main(int argc, char **argv) {
    static char line[LINE_BYTES];
    assert(argc == 3);
    metres_max = atof(argv[1]);
    hours_max = atof(argv[2]);
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct report *report = read_report(line);
        const struct likeness_spot spot = {.group = report->like.item,
                                           .area = "",
                                           .lat = report->like.lat,
                                           .lon = report->like.lon,
                                           .address = report->like.address,
                                           .metres = (uint32_t)metres_max};
        struct likeness_cell cells[LIKENESS_CELLS];
        size_t count = likeness_cells(&spot, cells);
        if (count == 0)
            continue;
        compare(report, cells, count);
        struct report **slot = slot_of(cells[0].number);
        report->cell = cells[0].number;
        report->older = *slot;
        *slot = report;
    }
    return 0;
}
