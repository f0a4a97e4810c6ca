/* POST /reports: a report that the staff enter for somebody, at a hotline's seat, a window or on patrol. */
#ifndef ZHITONG_DESK_HTTP_ENTRY_H
#define ZHITONG_DESK_HTTP_ENTRY_H

#include "common/http.h"

http_handler desk_post_report;

#endif
