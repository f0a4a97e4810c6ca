/* The page behind the link with which somebody ends messages: GET asks, POST does it, at once where a mail program sends it (RFC 8058).
 * Looking at it changes nothing: programs that look at links in mails do that. */
#ifndef ZHITONG_INTAKE_HTTP_UNSUBSCRIBE_H
#define ZHITONG_INTAKE_HTTP_UNSUBSCRIBE_H

#include "common/http.h"

http_handler intake_get_unsubscribe, intake_post_unsubscribe;

#endif
