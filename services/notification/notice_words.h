/* The words of a notice: the city's template with the facts of the case, as subject, text, short message and HTML. Pure. */
#ifndef ZHITONG_NOTIFICATION_NOTICE_WORDS_H
#define ZHITONG_NOTIFICATION_NOTICE_WORDS_H

#include "services/notification/notice.h"

#define NOTICE_URL_MAX 400
#define NOTICE_COUNT_MAX 50 /* entries in one message */

struct notice_about { /* what is said, to whom; everything is borrowed */
    const struct city *city;
    const char *stream;                    /* whose; STREAM_OF_REPORTERS: to somebody who reported */
    const char *language;                  /* "": the city's first */
    const struct case_moved *const *moved; /* one entry, or several that are told together */
    int count;
    const char *receipt, *receipt_url, *end_url; /* or ""; the first two of a single case */
    const char *endpoint, *trouble;              /* of an endpoint that is disabled; else "" */
};

struct notice_words { /* UTF-8, each with a final NUL; zeroed before, the caller closes it */
    struct bytes subject, text, sms, html;
};

/* Refuses (field "notices") what the city has no words for. Several entries become one message: the words of event bundle, and a
 * line for each. */
MUST_CHECK int notice_words(const struct notice_about *about, struct notice_words *words, struct reason *why);
/* The words of an event that is of no case: test or disabled. */
MUST_CHECK int notice_words_of(const struct notice_about *about, enum notice_event event, struct notice_words *words,
                               struct reason *why);
void notice_words_close(struct notice_words *words);

/* Whether the city tells this at all, in any language. */
bool notice_has_words(const struct city *city, const char *stream, enum notice_event event);

/* Appends a fact of an entry as it is said; nothing where it has none, or where this audience may not read it. */
void notice_add_fact(const struct notice_about *about, const struct case_moved *moved, enum notice_fact fact,
                     struct bytes *out);

#endif
