/* What Prometheus' client libraries tell of every process (process_…, "Standard and runtime collectors"), and which version it is
 * (zhitong_build_info). Read from /proc when somebody scrapes; what cannot be read is left out. */
#ifndef ZHITONG_PROCESS_METRICS_H
#define ZHITONG_PROCESS_METRICS_H

#include <stdio.h>

/* Of the whole project, as "1.2.0". */
const char *process_version(void);

/* Text format 0.0.4, each with the label `service`. */
void process_metrics_write(FILE *out, const char *service);
/* Rows for the table of deploy/OPERATIONS.md, without its head. */
void process_metrics_markdown(FILE *out);

#endif
