/* A file of a case: its bytes, a small picture of it, publishing it and taking that back. */
#ifndef ZHITONG_DESK_HTTP_FILES_H
#define ZHITONG_DESK_HTTP_FILES_H

#include "common/http.h"

http_handler desk_get_file, desk_get_thumbnail, desk_publish_file, desk_withdraw_file;

#endif
