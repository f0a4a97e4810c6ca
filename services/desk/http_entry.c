#include "services/desk/http_entry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_sources.h"
#include "common/loop.h"
#include "common/message_json.h"
#include "services/desk/case_json.h"
#include "services/desk/visit.h"

/* The setting's source; NULL: answered. */
static const struct source *staff_source(struct visit *visit) {
    const char *code = settings_text(visit->desk->loop->settings, "ZHITONG_STAFF_SOURCE");
    const struct source *source = city_source(desk_city(visit->desk), code);
    if (code[0] == '\0' || visit->desk->spawn == NULL)
        visit_refuse(visit, 503, code[0] == '\0' ? "ZHITONG_STAFF_SOURCE" : "ZHITONG_INTAKE_KEY",
                     "is not set: desk cannot hand in reports");
    else if (source == NULL || source->adapter != ADAPTER_STAFF)
        visit_refuse(visit, 503, "ZHITONG_STAFF_SOURCE", "the city has no source %s of the adapter staff", code);
    else
        return source;
    return NULL;
}

/* Who keeps the desk of a place, or works there, enters reports about it. False: answered. */
static bool may_enter(struct visit *visit) {
    const struct role_spec *role = case_role(visit->person.role);
    if (role != NULL && (role->hats & (HAT_desk | HAT_lead)) != 0)
        return true;
    visit_refuse(visit, 403, "role", "a post as %s enters no reports", visit->person.role);
    return false;
}

static int read_report(const struct visit *visit, const struct source *source, json_t *json, struct reason *why) {
    struct submit *report = visit->own;
    if (json_object_get(json, "key") != NULL)
        return refuse(why, "key", "goes into the Idempotency-Key header");
    if (json_object_get(json, "channel") != NULL)
        return refuse(why, "channel", "is that of the source %s; leave it out", source->code);
    json_object_set_new(json, "key", json_string(report->key));
    json_add_default(json, "channel", source->channel);
    json_add_default(json, "item", source->item);
    json_add_default(json, "area", source->area);
    if (message_from_json(MESSAGE_submit, json, report, why) != 0)
        return -1;
    if (!scope_covers(desk_city(visit->desk), &visit->person, report->area))
        return refuse(why, "area", "%s does not lie in the area of %s", report->area, visit->person.unit);
    return 0;
}

static void taken(void *context, const struct spawn_answer *answer) {
    struct visit *visit = context;
    struct audit_row row;
    if (!visit_spawned(visit, answer))
        return;
    visit->case_id = answer->case_id;
    visit_row(visit, "report", &row);
    snprintf(row.outcome, sizeof row.outcome, answer->repeated ? "done before" : "done");
    json_t *json = json_pack("{s:o}", "case", id_json(answer->case_id));
    json_add_text(json, "receipt", answer->receipt);
    visit_answer_written(visit, answer->repeated ? 200 : 201, json, &row);
}

static void enter(struct visit *visit) {
    char key[VISIT_KEY_SIZE];
    struct reason why;
    const struct source *source = may_enter(visit) ? staff_source(visit) : NULL;
    if (source == NULL || visit_key(visit, "report", key) == NULL)
        return;
    struct submit *report = calloc(1, sizeof *report);
    assert(report != NULL);
    visit->own = report;
    snprintf(report->key, sizeof report->key, "%s", key);
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    int status = read_report(visit, source, json, &why);
    json_decref(json);
    traceparent_copy(report->traceparent, http_header(visit->request, "traceparent"));
    if (status == 0 && spawn_send(visit->desk->spawn, report, taken, visit, &why) == 0)
        return;
    visit_refuse_why(visit, status == 0 && why.field[0] == '\0' ? 503 : 422, &why);
}

void desk_post_report(struct http_request *request, void *context) {
    visit_begin(context, request, enter);
}
