/* The messages that a member of the staff gets: GET /notices, and PUT /notices/ENDPOINT to have them otherwise. */
#ifndef ZHITONG_DESK_HTTP_NOTICES_H
#define ZHITONG_DESK_HTTP_NOTICES_H

#include "common/http.h"

http_handler desk_get_notices, desk_put_notice;

#endif
