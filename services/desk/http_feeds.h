/* Feeds of a post (POST, GET and DELETE /feeds), and what their tokens open: the events of the unit's cases as Atom, and its
 * deadlines as iCalendar. */
#ifndef ZHITONG_DESK_HTTP_FEEDS_H
#define ZHITONG_DESK_HTTP_FEEDS_H

#include "services/desk/visit.h"

http_handler desk_post_feed, desk_get_feeds, desk_delete_feed; /* http_feeds.c */
http_handler desk_get_atom, desk_get_deadlines;                /* feed_atom.c, feed_deadlines.c */

#define SETTING_OF_DESK_URL \
    { \
        "ZHITONG_DESK_URL", SETTING_TEXT, "", "", 0, 200, \
            "address at which the staff reach desk, without a slash at its end, for the links in feeds; empty: that of the request, by http" \
    }

#define FEED_URL_SIZE 320
struct feed_reader { /* who asks with a token */
    char unit[CODE_MAX + 1];
    char name[241]; /* of the unit */
    int privacy;
    bool chinese;
    char url[FEED_URL_SIZE]; /* of desk */
};

/* Finds out whose token it is, and puts an ask whose first step says so; `done` gets the visit. Its own steps count from 1. */
struct ask *feed_ask(struct visit *visit, ask_done *done);
/* Who it is; false: nobody, or the ask failed; answered. */
bool feed_read(struct visit *visit, const struct ask *ask, struct feed_reader *reader);
void feed_answer(struct visit *visit, const char *type, const struct bytes *body); /* and ends the visit */

#endif
