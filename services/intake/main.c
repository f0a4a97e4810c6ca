/* Intake: what came in. It keeps reports as they came, mints case ids in its shards, and never decides who handles. */
#include "common/file_store.h"
#include "common/secret_keys.h"
#include "services/intake/admission.h"
#include "services/intake/erasure.h"
#include "services/intake/handlers.h"
#include "services/intake/intake.h"
#include "services/intake/open311_settings.h"
#include "services/intake/receipts.h"
#include "services/intake/routes.h"
#include "services/intake/uploads.h"
#include "services/intake/warnings.h"

extern const struct db_query intake_queries[], files_queries[], intake_people_queries[], duplicates_queries[],
    open311_queries[], intake_blocks_queries[], warnings_queries[];

static const struct setting settings[] = {
    SETTINGS_OF_REQUESTS,
    SETTINGS_OF_PUBLIC_ENDPOINT,
    SETTINGS_OF_HTTP,
    SETTINGS_OF_ADMISSION,
    {"ZHITONG_HTTP_PORT", SETTING_NUMBER, "port", "0", 0, 65535,
     "TCP port of the public HTTP API; 0 takes any free one"},
    {"ZHITONG_CONNECTIONS", SETTING_NUMBER, "connections", "3", 3, ASK_CONNECTIONS_MAX,
     "database connections for what HTTP callers ask: one for quick questions, one for writing, the rest for lists"},
    {"ZHITONG_COMMAND_MS", SETTING_NUMBER, "ms", "5000", 100, 60000,
     "how long what a reporter does with a report waits for routing's answer; then 504, and the same key asked again tells"},
    {"ZHITONG_COMMANDS_WAITING", SETTING_NUMBER, "moves", "1000", 1, 100000,
     "such moves that may be under way; more are answered 503"},
    {"ZHITONG_CLASSIFIER", SETTING_TEXT, "", "", 0, 4000,
     "path of the model that suggests items for texts, from `zhitong classify train`; read again when it changes; empty: none"},
    SETTINGS_OF_OPEN311,
    SETTINGS_OF_FILES,
    {"ZHITONG_FILE_BYTES", SETTING_NUMBER, "bytes", "10485760", 1000, FILE_KEPT_BYTES_MAX - 4096,
     "a file that comes in may be so long"},
    SETTING_OF_SECRET_KEYS,
    {"ZHITONG_TRACE_EVERY", SETTING_NUMBER, "requests", "0", 0, 1000000,
     "of HTTP requests with a report or a move and without a traceparent, each n-th gets one, to be followed in the journals; 0: none"},
    SETTINGS_OF_RECEIPTS,
    SETTING_OF_ERASURE,
    SETTINGS_OF_WARNINGS,
};

static const struct handler handlers[] = {
    {MESSAGE_submit, INPUT_REQUEST, intake_on_submit},
};

static const struct request_form submit_form = {MESSAGE_submit, sizeof(struct submit), intake_submit_shard};
static const struct db_query *const queries[] = {
    intake_queries,  files_queries,         intake_people_queries, duplicates_queries,
    open311_queries, intake_blocks_queries, warnings_queries,      NULL};

static const struct service intake = {
    .name = "intake",
    .purpose = "takes reports, durably, and gives each a case id",
    .settings = settings,
    .setting_count = sizeof settings / sizeof settings[0],
    .queries = queries,
    .handlers = handlers,
    .handler_count = sizeof handlers / sizeof handlers[0],
    .request = &submit_form,
    .load = intake_load,
    .save = intake_save,
    .tick = intake_tick,
    .lane_open = intake_lane_open,
    .lane_close = intake_lane_close,
    .append_query = "log_append",
    .read_query = "log_read",
    .tend_query = "log_tend",
    .public_requests = true,
    .routes = intake_routes,
    .route_count = INTAKE_ROUTE_COUNT,
    .upload = &intake_upload,
    .extra = &intake_extra,
};

int main(int argc, char **argv) {
    return service_main(&intake, argc, argv);
}
