/* GET /reports/CASE: what came by a public channel is for everybody; what came by another one only for the source that handed it in.
 * What is not for the caller looks like what is not there. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_json.h"
#include "common/ids.h"
#include "common/json_parts.h"
#include "common/message_json.h"
#include "common/service.h"
#include "services/intake/credential.h"
#include "services/intake/handing.h"
#include "services/intake/http_api.h"

#define PUBLIC "public" /* privacy of channels whose cases anybody may hear of */

struct looking {
    struct http_request *request;
    struct intake *intake;
    char source[CODE_MAX + 1]; /* whose key the caller has; "": none */
};

static bool may_see(const struct looking *looking, const struct report_received *report) {
    const struct city *city = intake_city(looking->intake);
    const struct channel *channel = city != NULL ? city_channel(city, report->channel) : NULL;
    bool own = looking->source[0] != '\0' && strcmp(looking->source, report->source) == 0;
    return own || (channel != NULL && strcmp(channel->privacy, PUBLIC) == 0);
}

/* 0, or the status with which it is refused. */
static int read_report(const struct looking *looking, const PGresult *result, struct report_received *report,
                       struct reason *why) {
    size_t size;
    if (result == NULL) {
        (void)refuse(why, "", "the database does not answer; try again");
        return 503;
    }
    const uint8_t *body = PQntuples(result) > 0 ? db_bytea(result, 0, 0, &size) : NULL;
    if (body != NULL && message_decode(MESSAGE_report_received, body, size, report, why) != 0)
        return 500;
    if (body != NULL && may_see(looking, report))
        return 0;
    (void)refuse(why, "case", "there is no such report");
    return 404;
}

static void answer_report(struct http_request *request, const struct report_received *report) {
    json_t *json = message_to_json(MESSAGE_report_received, report);
    json_object_set_new(json, "case", id_json(report->case_id));
    json_object_del(json, "reporter"); /* which reports come from one person is nobody's business */
    http_answer_json(request, 200, json);
}

static void got(void *context, const PGresult *result) {
    struct looking *looking = context;
    struct report_received report;
    struct reason why;
    int status = read_report(looking, result, &report, &why);
    if (status != 0)
        http_refuse(looking->request, status, &why);
    else
        answer_report(looking->request, &report);
    free(looking);
}

void intake_get_report(struct http_request *request, void *context) {
    const char *id = http_path_rest(request);
    const struct source *source;
    struct reason why;
    if (source_of_caller(intake_of(context), request, &source, &why) != 0) {
        http_refuse(request, 401, &why);
        return;
    }
    if (!is_id(id)) {
        http_refuse_field(request, 404, "case", "must be a number of at most %d digits", ID_DIGITS_MAX);
        return;
    }
    struct looking *looking = calloc(1, sizeof *looking);
    assert(looking != NULL);
    looking->request = request;
    looking->intake = intake_of(context);
    if (source != NULL)
        strcpy(looking->source, source->code);
    service_query(context, "intake_report", id, got, looking);
}
