/* Council meetings, and the cases that they spawn. */
#ifndef ZHITONG_DESK_HTTP_COUNCILS_H
#define ZHITONG_DESK_HTTP_COUNCILS_H

#include "common/http.h"

http_handler desk_get_councils, desk_post_council, desk_get_council, desk_post_council_case;

#endif
