/* Signing in and out. */
#ifndef ZHITONG_DESK_HTTP_SESSIONS_H
#define ZHITONG_DESK_HTTP_SESSIONS_H

#include "common/http.h"

http_handler desk_post_session, desk_get_session, desk_delete_session;

#endif
