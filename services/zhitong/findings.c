#include "services/zhitong/findings.h"

#include <stdarg.h>
#include <stdio.h>

void findings_add(struct findings *findings, const char *format, ...) {
    if (findings->count < FINDINGS_KEPT_MAX) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(findings->kept[findings->count], FINDING_TEXT_MAX, format, arguments);
        va_end(arguments);
    }
    findings->count++;
}

void findings_print(const struct findings *findings, const struct finding_title *title) {
    int64_t kept = findings->count < FINDINGS_KEPT_MAX ? findings->count : FINDINGS_KEPT_MAX;

    printf("%-7s %-18s %s", findings->count == 0 ? "ok" : "broken", title->name, title->meaning);
    if (title->took_ms >= 0)
        printf(" (%lld ms)", (long long)title->took_ms);
    printf("\n");
    for (int64_t i = 0; i < kept; i++)
        printf("          %s\n", findings->kept[i]);
    if (kept < findings->count)
        printf("          … and %lld more\n", (long long)(findings->count - kept));
}
