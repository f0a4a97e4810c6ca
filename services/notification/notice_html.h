/* A message as HTML: its paragraphs, links where a URL stands, a table of the case's facts. Pure. */
#ifndef ZHITONG_NOTIFICATION_NOTICE_HTML_H
#define ZHITONG_NOTIFICATION_NOTICE_HTML_H

#include "services/notification/notice_words.h"

struct notice_html {
    const char *subject, *text, *ending; /* "": there is none */
    const struct case_moved *moved;      /* whose facts are listed; NULL: none are */
};
/* Appends the page, without a final NUL. Everything is escaped: the texts hold no markup. */
void notice_html(const struct notice_about *about, const struct notice_html *page, struct bytes *out);

#endif
