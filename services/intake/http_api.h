/* Reports as JSON: POST /reports and GET /reports/CASE (http_report.c). */
#ifndef ZHITONG_INTAKE_HTTP_API_H
#define ZHITONG_INTAKE_HTTP_API_H

#include "common/http.h"

http_handler intake_post_report, intake_get_report;

#endif
