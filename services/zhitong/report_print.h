/* A report as a table for people and as CSV for spreadsheets. */
#ifndef ZHITONG_REPORT_PRINT_H
#define ZHITONG_REPORT_PRINT_H

#include "common/measure_report.h"

struct report_look {
    bool zh;    /* names in Chinese */
    bool slots; /* the eight rule slots instead of the rates */
};

void report_print_table(const struct report *report, const struct report_look *look);
/* A line for each row and measure, with numerator and denominator. */
void report_print_csv(const struct report *report, const struct report_look *look);

#endif
