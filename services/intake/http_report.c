/* GET /reports/CASE: a report as it came. Numbers can be guessed, so a report of a channel that is not public is shown to its source
 * and to its reporter only; to others it does not exist. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_json.h"
#include "common/ids.h"
#include "common/json_parts.h"
#include "common/message_json.h"
#include "services/intake/credential.h"
#include "services/intake/http_api.h"
#include "services/intake/receipt_visit.h"

#define PUBLIC "public"
#define RECEIPT "Receipt "

static json_t *report_json(const struct report_received *report) {
    json_t *json = message_to_json(MESSAGE_report_received, report);
    json_object_set_new(json, "case", id_json(report->case_id));
    json_object_del(json, "reporter"); /* which reports come from one person is nobody's business */
    return json;
}

/* 0; 404 and why: there is no row; 500: its bytes are no report. */
static int read_row(const PGresult *result, struct report_received *report, struct reason *why) {
    size_t size;
    if (PQntuples(result) == 0) {
        (void)refuse(why, "case", "there is no such report");
        return 404;
    }
    const uint8_t *body = db_bytea(result, 0, 0, &size);
    return message_decode(MESSAGE_report_received, body, size, report, why) == 0 ? 0 : 500;
}

/* ---- for whoever asks --------------------------------------------------------------------------------------------------- */

struct look {
    struct http_request *request;
    struct intake *intake;
    char source[CODE_MAX + 1]; /* whose API key came with it; "": none did */
};

static bool may_see(const struct look *look, const struct report_received *report) {
    const struct city *city = intake_city(look->intake);
    const struct channel *channel = city != NULL ? city_channel(city, report->channel) : NULL;
    if (look->source[0] != '\0' && strcmp(look->source, report->source) == 0)
        return true;
    return channel != NULL && strcmp(channel->privacy, PUBLIC) == 0;
}

static void got(void *context, const PGresult *result) {
    struct look *look = context;
    struct report_received report;
    struct reason why;
    int status = 503;
    if (result == NULL || intake_city(look->intake) == NULL)
        (void)refuse(&why, "", "the database does not answer; try again");
    else
        status = read_row(result, &report, &why);
    if (status == 0 && !may_see(look, &report)) {
        (void)refuse(&why, "case", "there is no such report");
        status = 404;
    }
    if (status == 0)
        http_answer_json(look->request, 200, report_json(&report));
    else
        http_refuse(look->request, status, &why);
    free(look);
}

/* ---- for its reporter --------------------------------------------------------------------------------------------------- */

static void got_own(void *context, const struct ask *ask) {
    struct receipt_visit *visit = context;
    struct report_received report;
    struct reason why;
    const PGresult *result = receipt_result(visit, ask, 0);
    if (result == NULL)
        return;
    int status = read_row(result, &report, &why);
    if (status == 0)
        receipt_json(visit, 200, report_json(&report));
    else
        receipt_refuse_why(visit, status, &why);
}

static void show_own(struct receipt_visit *visit) {
    struct ask *ask = receipt_ask(visit, got_own);
    receipt_step(ask, visit, "intake_report", NULL);
    receipt_put(visit, ASK_QUICK, ask);
}

/* ---- the request -------------------------------------------------------------------------------------------------------- */

static void look_for(struct http_request *request, void *context, const char *id) {
    struct look *look = calloc(1, sizeof *look);
    assert(look != NULL);
    look->request = request;
    look->intake = intake_of(context);
    const char *source = source_of_key(look->intake, api_key_of(request));
    snprintf(look->source, sizeof look->source, "%s", source != NULL ? source : "");
    service_query(context, "intake_report", id, got, look);
}

void intake_get_report(struct http_request *request, void *context) {
    const char *id = http_path_rest(request), *authorization = http_header(request, "Authorization");
    if (!is_id(id)) {
        http_refuse_field(request, 404, "case", "must be a number of at most %d digits", ID_DIGITS_MAX);
        return;
    }
    if (authorization != NULL && strncmp(authorization, RECEIPT, strlen(RECEIPT)) == 0)
        receipt_begin(context, request, show_own);
    else
        look_for(request, context, id);
}
