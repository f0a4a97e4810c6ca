/* GET /report. */
#ifndef ZHITONG_DESK_HTTP_REPORT_H
#define ZHITONG_DESK_HTTP_REPORT_H

#include "common/http.h"

http_handler desk_get_report;

#endif
