/* Before somebody reports: GET /items and /items/CODE say what can be reported and what is asked, POST /reports/check says of a
 * report, without keeping it, whether it can be taken and what would make it better. */
#ifndef ZHITONG_INTAKE_HTTP_DOOR_H
#define ZHITONG_INTAKE_HTTP_DOOR_H

#include <jansson.h>

#include "common/http.h"

/* A report may bring its answers as an object; a message carries them as that object's text. */
void door_pack_attributes(json_t *report);

http_handler intake_get_items, intake_get_item, intake_post_check;

#endif
