/* Desk: what the staff see and do. It reads cases through views of its own and asks routing for every move. */
#include "common/file_store.h"
#include "common/secret_keys.h"
#include "services/desk/http_feeds.h"
#include "services/desk/http_live.h"
#include "services/desk/routes.h"

extern const struct db_query desk_queries[];

static const struct setting settings[] = {
    SETTINGS_OF_HTTP,
    {"ZHITONG_HTTP_PORT", SETTING_NUMBER, "port", "0", 0, 65535,
     "TCP port of the staff's HTTP API; 0 takes any free one"},
    {"ZHITONG_CONNECTIONS", SETTING_NUMBER, "connections", "4", 3, ASK_CONNECTIONS_MAX,
     "database connections for what the staff ask: one for quick questions, one for writing, the rest for lists"},
    {"ZHITONG_COMMAND_MS", SETTING_NUMBER, "ms", "5000", 100, 60000,
     "how long a move, or a council's report, waits for its answer; then 504, and the same key asked again tells"},
    {"ZHITONG_COMMANDS_WAITING", SETTING_NUMBER, "moves", "1000", 1, 100000,
     "moves that may be under way; more are answered 503"},
    {"ZHITONG_SESSION_IDLE_SECONDS", SETTING_NUMBER, "s", "3600", 1, 604800,
     "a session ends after this time without a request"},
    {"ZHITONG_SESSION_SECONDS", SETTING_NUMBER, "s", "43200", 1, 2592000, "a session ends this long after it began"},
    {"ZHITONG_LOGINS_WAITING", SETTING_NUMBER, "logins", "32", 1, 1000,
     "passwords that may wait to be checked, some 50 ms each; more are answered 503"},
    {"ZHITONG_REPORTS_WAITING", SETTING_NUMBER, "reports", "8", 1, 1000,
     "different reports of the measures that may wait for each other; more are answered 503"},
    {"ZHITONG_LOGIN_SPAN_SECONDS", SETTING_NUMBER, "s", "300", 1, 86400, "the time in which failed logins are counted"},
    {"ZHITONG_LOGIN_FAILURES", SETTING_NUMBER, "logins", "10", 1, 10000,
     "failures of one login in that time; then 429"},
    {"ZHITONG_ADDRESS_FAILURES", SETTING_NUMBER, "logins", "50", 1, 100000,
     "failures from one address in that time; then 429"},
    SETTING_OF_SECRET_KEYS,
    {"ZHITONG_INTAKE_KEY", SETTING_TEXT, "", "", 0, 1000,
     "path of a client's key, from `zhitong keys client`, with which council meetings hand in cases; empty: they cannot"},
    {"ZHITONG_INTAKE_SERVER_KEY", SETTING_TEXT, "", "", 0, 1000,
     "path of a file with the public line of intake's service key"},
    {"ZHITONG_INTAKE_ENDPOINTS", SETTING_TEXT, "", "", 0, 1000,
     "public endpoints of intake: tcp://HOST:PORT, separated by commas"},
    SETTINGS_OF_FILES,
    SETTINGS_OF_LIVE,
    SETTING_OF_DESK_URL,
    {"ZHITONG_STAFF_SOURCE", SETTING_TEXT, "", "", 0, 48,
     "code of the source of the adapter staff, as which desk hands in reports that the staff enter; empty: they cannot"},
};

static const struct db_query *const queries[] = {desk_queries, NULL};

static const struct service desk = {
    .name = "desk",
    .purpose = "shows the staff their cases and hands on what they do with them",
    .settings = settings,
    .setting_count = sizeof settings / sizeof settings[0],
    .queries = queries,
    .routes = desk_routes,
    .route_count = DESK_ROUTE_COUNT,
    .extra = &desk_extra,
};

int main(int argc, char **argv) {
    return service_main(&desk, argc, argv);
}
