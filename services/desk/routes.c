#include "services/desk/routes.h"

#include "services/desk/http_blocks.h"
#include "services/desk/http_cases.h"
#include "services/desk/http_councils.h"
#include "services/desk/http_entry.h"
#include "services/desk/http_feeds.h"
#include "services/desk/http_files.h"
#include "services/desk/http_live.h"
#include "services/desk/http_moves.h"
#include "services/desk/http_notices.h"
#include "services/desk/http_offers.h"
#include "services/desk/http_report.h"
#include "services/desk/http_sessions.h"

const struct http_route desk_routes[DESK_ROUTE_COUNT] = {
    {"POST", "/sessions", desk_post_session, "signs somebody in: a token, also as a cookie", ""},
    {"GET", "/sessions/current", desk_get_session, "who is signed in, as what", ""},
    {"DELETE", "/sessions/current", desk_delete_session, "signs out", ""},
    {"GET", "/cases", desk_get_cases, "the cases of an area and all below, the newest first",
     "area open state channel item severity tier unit supervised overdue opened_from opened_to limit after"},
    {"GET", "/cases/*", desk_get_case,
     "a case, its facts, and the moves that one may make now; its version is the ETag", ""},
    {"GET", "/cases/*/history", desk_get_history, "every move of a case, in order", "limit after"},
    {"GET", "/cases/*/files", desk_get_files, "what files were attached: names, types, sizes, digests", ""},
    {"GET", "/cases/*/files/*", desk_get_file, "a file that a report of the case named", ""},
    {"GET", "/cases/*/files/*/thumbnail", desk_get_thumbnail, "a small picture of it", ""},
    {"POST", "/cases/*/files/*/publish", desk_publish_file, "lets everybody see it", ""},
    {"POST", "/cases/*/files/*/withdraw", desk_withdraw_file, "takes that back", ""},
    {"GET", "/cases/*/reporter", desk_get_reporter,
     "who reported a case, and what is merged into it; each look is written down with its reason", "reason"},
    {"POST", "/cases/*/moves/*", desk_post_move, "moves a case; needs Idempotency-Key and If-Match", ""},
    {"GET", "/work", desk_get_work, "open cases of one's own unit, what is due next first", "limit after"},
    {"GET", "/live", desk_get_live,
     "what happens to the cases of one's own unit, as it happens: Server-Sent Events; Last-Event-ID resumes", "filter"},
    {"POST", "/feeds", desk_post_feed, "makes an address for a feed reader or calendar, which is shown this once", ""},
    {"GET", "/feeds", desk_get_feeds, "the feeds of one's post", ""},
    {"DELETE", "/feeds/*", desk_delete_feed, "ends a feed", ""},
    {"GET", "/feeds/*/cases.atom", desk_get_atom,
     "the newest events of the unit's cases as Atom, for who has the feed's token; lang", "lang"},
    {"GET", "/feeds/*/deadlines.ics", desk_get_deadlines,
     "what is due as iCalendar, for who has the feed's token; as todo or event; lang", "lang as"},
    {"GET", "/notices", desk_get_notices, "the messages that one gets oneself, and how one wants them", ""},
    {"PUT", "/notices/*", desk_put_notice,
     "sets language, events, quiet hours, digest, how many an hour, or turns them off", ""},
    {"GET", "/report", desk_get_report, "the measures of one's own units, as `zhitong report --kept` tells them",
     "by from to unit"},
    {"POST", "/reports", desk_post_report,
     "enters a report for somebody, by a source of the staff; needs Idempotency-Key", ""},
    {"GET", "/moves", desk_get_moves, "every legal move, in Chinese and English", ""},
    {"GET", "/roles", desk_get_roles, "the roles that a post may have", ""},
    {"GET", "/states", desk_get_states, "the states that a case may have", ""},
    {"GET", "/items", desk_get_items, "what cases may be about", ""},
    {"GET", "/channels", desk_get_channels, "how reports come in", ""},
    {"GET", "/units", desk_get_units, "the units below one's own, beside it and above", ""},
    {"GET", "/reasons", desk_get_reasons, "the city's reasons for moves", ""},
    {"GET", "/templates", desk_get_templates, "whom a template calls to joint handling", ""},
    {"GET", "/councils", desk_get_councils, "council meetings, the newest first", "limit after"},
    {"POST", "/councils", desk_post_council, "writes down a council meeting; needs Idempotency-Key", ""},
    {"GET", "/councils/*", desk_get_council, "a council meeting and the cases that it spawned", ""},
    {"POST", "/councils/*/cases", desk_post_council_case, "hands in a case of that meeting; needs Idempotency-Key", ""},
    {"POST", "/blocks", desk_post_block, "blocks a source, an address, a telephone or an e-mail address for some days",
     ""},
    {"GET", "/blocks/appeals", desk_get_appeals, "what is said against blocks and waits for an answer", ""},
    {"POST", "/blocks/*/keep", desk_keep_block, "answers the appeals against a block, which stays", ""},
    {"POST", "/blocks/*/remove", desk_remove_block, "lifts a block and answers the appeals against it", ""},
};
