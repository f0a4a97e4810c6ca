/* What a service answers on its command line instead of running. */
#ifndef ZHITONG_COMMAND_LINE_H
#define ZHITONG_COMMAND_LINE_H

#include "common/service.h"

/* --help, and the tables that deploy/make-operations puts into OPERATIONS.md: prints what argv[1] asks for and returns
 * true; false when it asks for nothing of that kind. */
bool command_line_prints(const struct service *service, int argc, char **argv);

/* --check: connects and prepares every query. Returns the exit code: 0 good, 1 refused. */
int command_line_check(const struct service *service, const struct settings *settings);

#endif
