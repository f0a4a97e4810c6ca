/* Lists of cases, and one case with all that is known of it. */
#ifndef ZHITONG_DESK_HTTP_CASES_H
#define ZHITONG_DESK_HTTP_CASES_H

#include "common/http.h"

http_handler desk_get_cases, desk_get_work;                   /* http_lists.c */
http_handler desk_get_case, desk_get_history, desk_get_files; /* http_case.c */
http_handler desk_get_reporter;                               /* http_reporter.c */

#endif
