/* Files over HTTP: POST /files, and GET of what staff have published. */
#ifndef ZHITONG_INTAKE_HTTP_FILES_H
#define ZHITONG_INTAKE_HTTP_FILES_H

#include "common/http.h"

#define HTTP_FILES_BODY_BYTES_MAX 12582912 /* 12 MiB: a body with files in it */

http_handler intake_post_file, intake_get_file, intake_get_thumbnail;

#endif
