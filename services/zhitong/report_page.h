/* docs/measures.md: what is measured, from common/measures.def. */
#ifndef ZHITONG_REPORT_PAGE_H
#define ZHITONG_REPORT_PAGE_H

void report_print_page(void);

#endif
