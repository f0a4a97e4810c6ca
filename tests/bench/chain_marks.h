/* Stretches of a run that are looked at on their own: what happened to the reports that were due in each. */
#ifndef ZHITONG_CHAIN_MARKS_H
#define ZHITONG_CHAIN_MARKS_H

#include "chain_load.h"
#include "common/histogram.h"

#define MARKS_MAX 64

struct mark {
    char name[60];
    int64_t from_us, to_us; /* monotonic */
    struct histogram accept, arrive;
    uint64_t busy, resent;
};

struct marks {
    struct mark at[MARKS_MAX];
    size_t count;
};

/* The file has a line for each stretch, NAME FROM TO, in unix ms; whoever made things happen meanwhile has written it. */
static int marks_read(struct marks *marks, const char *path, struct reason *why) {
    struct timespec wall;
    long long from, to;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t offset_us = monotonic_us() - ((int64_t)wall.tv_sec * 1000000 + wall.tv_nsec / 1000);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return refuse(why, path, "cannot be read");
    while (marks->count < MARKS_MAX && fscanf(file, "%59s %lld %lld", marks->at[marks->count].name, &from, &to) == 3) {
        struct mark *mark = &marks->at[marks->count++];
        mark->from_us = from * 1000 + offset_us;
        mark->to_us = to * 1000 + offset_us;
    }
    fclose(file);
    return 0;
}

static struct mark *mark_of(struct marks *marks, int64_t due_us) {
    for (size_t i = 0; i < marks->count; i++)
        if (due_us >= marks->at[i].from_us && due_us < marks->at[i].to_us)
            return &marks->at[i];
    return NULL;
}

/* What the client was told meanwhile; samples are in the order of their time. */
static void marks_count(struct marks *marks, const struct load *load) {
    for (size_t i = 1; i < load->sample_count; i++) {
        const struct sample *before = &load->samples[i - 1], *now = &load->samples[i];
        struct mark *mark = mark_of(marks, before->at_us);
        if (mark == NULL)
            continue;
        mark->busy += now->busy - before->busy;
        mark->resent += now->resent - before->resent;
    }
}

static void marks_print(const struct marks *marks) {
    for (size_t i = 0; i < marks->count; i++) {
        const struct mark *mark = &marks->at[i];
        printf("mark %s %" PRIu64 " %.1f %.1f %.1f %.1f %" PRIu64 " %" PRIu64 "\n", mark->name, mark->accept.count,
               (double)histogram_at(&mark->accept, 0.99) / 1000, (double)histogram_at(&mark->arrive, 0.5) / 1000,
               (double)histogram_at(&mark->arrive, 0.99) / 1000, (double)mark->arrive.greatest / 1000, mark->busy,
               mark->resent);
    }
}

#endif
