/* POST /assist/classify: which item a text is likely to be about, before it is reported. */
#ifndef ZHITONG_INTAKE_HTTP_ASSIST_H
#define ZHITONG_INTAKE_HTTP_ASSIST_H

#include "common/http.h"

/* 501 while no model is set (ZHITONG_CLASSIFIER), 503 while the one that is set cannot be used. */
http_handler intake_post_classify;

#endif
