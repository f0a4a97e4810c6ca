/* Before somebody reports: GET /items and /items/CODE say what can be reported and what is asked, POST /reports/check says of a
 * report, without keeping it, whether it can be taken and what would make it better. */
#ifndef ZHITONG_INTAKE_HTTP_DOOR_H
#define ZHITONG_INTAKE_HTTP_DOOR_H

#include "common/http.h"

http_handler intake_get_items, intake_get_item, intake_post_check;

#endif
