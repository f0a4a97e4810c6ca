/* Offenders against one invariant: how many, and the first of them in words. */
#ifndef ZHITONG_FINDINGS_H
#define ZHITONG_FINDINGS_H

#include <stdint.h>

#define FINDINGS_KEPT_MAX 20
#define FINDING_TEXT_MAX 200 /* bytes */

struct findings {
    int64_t count;
    char kept[FINDINGS_KEPT_MAX][FINDING_TEXT_MAX];
};

void findings_add(struct findings *findings, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints `ok` or `broken`, the name, its meaning and how long it took (negative: not known), then the offenders. */
struct finding_title {
    const char *name, *meaning;
    int64_t took_ms;
};
void findings_print(const struct findings *findings, const struct finding_title *title);

#endif
