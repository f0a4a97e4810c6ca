/* What one replica of desk has beside the skeleton: connections for queries, commands under way, sessions it has seen. One thread
 * (the loop); queries and passwords have threads of their own, whose answers come back to it. */
#ifndef ZHITONG_DESK_DESK_H
#define ZHITONG_DESK_DESK_H

#include "common/asks.h"
#include "common/command_calls.h"
#include "common/file_answer.h"
#include "common/secret_keys.h"
#include "common/service.h"
#include "common/try_limit.h"
#include "services/desk/audit.h"
#include "services/desk/hasher.h"
#include "services/desk/reports.h"
#include "services/desk/session.h"
#include "services/desk/spawn.h"

struct live_hub;
struct live_watch;

struct desk {
    struct service_loop *loop;
    struct asks *asks;
    struct command_calls *calls;
    struct hasher *hasher;
    struct reports *reports;
    struct audit *audit;
    struct spawn *spawn; /* NULL: no key for intake is set */
    struct session_cache *sessions;
    struct try_limit *logins, *addresses;
    char idle_seconds[24], life_seconds[24]; /* of sessions, as queries take them */
    size_t commands_max;
    bool behind_proxy;
    struct file_store *files; /* NULL: no folder is set */
    struct errands *reading;
    struct secret_keys *keys; /* NULL: none are set; nobody's personal data is shown */
    size_t visits;            /* requests under way */
    struct live_hub *live;
    struct live_watch *live_watch;
};

extern const struct service_extra desk_extra;

struct desk *desk_of(void *context);                   /* of an HTTP handler's context */
const struct city *desk_city(const struct desk *desk); /* NULL while none is loaded */
/* Whether it takes requests now; refuses where it stops, or has no database or city. */
MUST_CHECK int desk_is_ready(const struct desk *desk, struct reason *why);

#endif
