/* GET /live, and the sessions of those who listen: looked at every SESSIONS_CHECK_MS, since nothing else comes from them. */
#ifndef ZHITONG_DESK_HTTP_LIVE_H
#define ZHITONG_DESK_HTTP_LIVE_H

#include "services/desk/desk.h"
#include "services/desk/live_hub.h"

http_handler desk_get_live;

#define SETTINGS_OF_LIVE \
    {"ZHITONG_LIVE_CLIENTS", \
     SETTING_NUMBER, \
     "pages", \
     "2000", \
     1, \
     LIVE_CLIENTS_MAX, \
     "pages that may listen live; more are answered 503. Each has an HTTP connection"}, \
        {"ZHITONG_LIVE_PER_SESSION", \
         SETTING_NUMBER, \
         "pages", \
         "32", \
         1, \
         LIVE_CLIENTS_MAX, \
         "of them of one session, so that nobody takes the places of all; more are answered 503"}, \
    { \
        "ZHITONG_LIVE_BYTES", SETTING_NUMBER, "bytes", "67108864", 1048576, 4294967296, \
            "memory for the newest events of the units that somebody listens to; what is older comes from notification again" \
    }

struct live_watch;
struct live_watch *live_watch_open(struct desk *desk);
void live_watch_close(struct live_watch **watch);
void live_watch_turn(struct live_watch *watch);

#endif
