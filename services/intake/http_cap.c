/* POST /sources/CODE/cap: an alert becomes reports, an update says of which case it is the same matter, a cancellation is noted on
 * the cases that the alert became. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_json.h"
#include "proto/text.h"
#include "services/intake/cap_map.h"
#include "services/intake/handing.h"
#include "services/intake/http_sources.h"
#include "services/intake/report.h"

#define DIGESTS_TEXT_MAX (CAP_REFERENCES_MAX * CAP_AREAS_MAX * (2 * REPORT_DIGEST_BYTES + 1) + 3)

struct alerting { /* an alert on its way */
    struct intake *intake;
    struct http_request *request;
    char source[CODE_MAX + 1], key[65], note[2 * CAP_WORD_MAX + 16];
    size_t count; /* of reports */
    struct submit *reports;
    size_t waiting; /* notes under way */
    json_t *noted;  /* of a cancellation: what became of each note */
    int status;
};

static void close_alerting(struct alerting *alerting) {
    free(alerting->reports);
    json_decref(alerting->noted);
    free(alerting);
}

static void refuse_alert(struct alerting *alerting, int status, const struct reason *why) {
    http_refuse(alerting->request, status, why);
    close_alerting(alerting);
}

static void hand_in(struct alerting *alerting) {
    const struct handing_options options = {.intake = alerting->intake,
                                            .request = alerting->request,
                                            .source = alerting->source,
                                            .at = "",
                                            .count = alerting->count,
                                            .several = alerting->count > 1};
    struct handing *handing = handing_open(&options);
    for (size_t i = 0; i < alerting->count; i++)
        handing_submit(handing, i, &alerting->reports[i]);
    handing_end(handing);
    close_alerting(alerting);
}

/* ---- what an earlier alert became ---------------------------------------------------------------------------------------- */

/* The digests of all reports that the earlier alerts can have become, as the text of an array. */
static void digests_of(const struct cap_alert *alert, const char *source, char text[DIGESTS_TEXT_MAX]) {
    static char references[CAP_REFERENCES_MAX][CAP_REFERENCE_MAX + 1]; /* large; one thread */
    size_t count = cap_references(alert, references), size = 0;
    text[size++] = '{';
    for (size_t i = 0; i < count * CAP_AREAS_MAX; i++) {
        uint8_t digest[REPORT_DIGEST_BYTES];
        char key[65];
        cap_key(key, references[i / CAP_AREAS_MAX], i % CAP_AREAS_MAX);
        report_digest(source, key, digest);
        if (i > 0)
            text[size++] = ',';
        sodium_bin2hex(text + size, DIGESTS_TEXT_MAX - size, digest, sizeof digest);
        size += 2 * sizeof digest;
    }
    text[size++] = '}';
    text[size] = '\0';
}

static bool ask_earlier(struct alerting *alerting, const struct cap_alert *alert, ask_done *done) {
    char *text = malloc(DIGESTS_TEXT_MAX);
    assert(text != NULL);
    digests_of(alert, alerting->source, text);
    struct ask *ask = ask_make(done, alerting);
    ask_step(ask, "intake_cases_of", (const char *[]){text}, 1);
    free(text);
    return asks_put(alerting->intake->asks, ASK_QUICK, ask);
}

static const PGresult *earlier(struct alerting *alerting, const struct ask *ask) {
    const PGresult *result = ask_result(ask, 0);
    struct reason why;
    if (result != NULL)
        return result;
    (void)refuse(&why, "", "the database does not answer; try again");
    refuse_alert(alerting, 503, &why);
    return NULL;
}

/* The case of the same area; of another one where there is but one. */
static void link_report(struct submit *report, const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        static struct report_received received; /* large; one thread */
        size_t size;
        const uint8_t *body = db_bytea(result, row, 1, &size);
        if (message_decode(MESSAGE_report_received, body, size, &received, NULL) != 0)
            continue;
        if (strcmp(received.area, report->area) == 0 || (report->same_as == 0 && PQntuples(result) == 1))
            report->same_as = (uint64_t)db_int8(result, row, 0);
    }
}

static void update_found(void *context, const struct ask *ask) {
    struct alerting *alerting = context;
    const PGresult *result = earlier(alerting, ask);
    if (result == NULL)
        return;
    for (size_t i = 0; i < alerting->count; i++)
        link_report(&alerting->reports[i], result);
    hand_in(alerting);
}

/* ---- cancellations ----------------------------------------------------------------------------------------------------------- */

static void finish_notes(struct alerting *alerting) {
    http_answer_json(alerting->request, alerting->status, json_pack("{s:O}", "noted", alerting->noted));
    close_alerting(alerting);
}

static void note_answered(void *context, const struct command_answer *answer) {
    struct alerting *alerting = context;
    json_t *json = json_pack("{s:i}", "status", answer->outcome == COMMAND_DONE ? 200 : 409);
    if (answer->outcome != COMMAND_DONE) {
        json_object_set_new(json, "error",
                            json_pack("{s:s, s:s}", "field", answer->why.field, "reason", answer->why.text));
        alerting->status = answer->outcome == COMMAND_REFUSED ? 409 : 503;
    }
    json_array_append_new(alerting->noted, json);
    if (--alerting->waiting == 0)
        finish_notes(alerting);
}

static void send_note(struct alerting *alerting, uint64_t case_id) {
    struct command command = {.case_id = case_id};
    snprintf(command.key, sizeof command.key, "%s", alerting->key);
    snprintf(command.move, sizeof command.move, "note");
    snprintf(command.actor, sizeof command.actor, "%s", alerting->source);
    snprintf(command.role, sizeof command.role, "citizen");
    size_t size = strlen(alerting->note), most = sizeof command.note - 1;
    memcpy(command.note, alerting->note, size <= most ? size : text_clean(alerting->note, most));
    if (intake_command(alerting->intake, &command, note_answered, alerting))
        return;
    struct command_answer busy = {.outcome = COMMAND_BUSY};
    (void)refuse(&busy.why, "", "too many moves are under way; send the alert again");
    note_answered(alerting, &busy);
}

static void cancelled_found(void *context, const struct ask *ask) {
    struct alerting *alerting = context;
    const PGresult *result = earlier(alerting, ask);
    struct reason why;
    if (result == NULL)
        return;
    int rows = PQntuples(result);
    if (rows == 0) {
        (void)refuse(&why, "references", "no report of these alerts is here");
        refuse_alert(alerting, 404, &why);
        return;
    }
    alerting->waiting = (size_t)rows + 1; /* one for ourselves: answers may come at once */
    alerting->noted = json_array();
    alerting->status = 200;
    for (int row = 0; row < rows; row++)
        send_note(alerting, (uint64_t)db_int8(result, row, 0));
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): our own one of the notes under way keeps it until here */
    if (--alerting->waiting == 0)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): our own one of the notes under way keeps it until here */
        finish_notes(alerting);
}

/* ---- the request ------------------------------------------------------------------------------------------------------------------ */

static struct alerting *open_alerting(struct intake *intake, struct http_request *request, const char *source,
                                      const struct cap_alert *alert) {
    char reference[CAP_REFERENCE_MAX + 1];
    struct alerting *alerting = calloc(1, sizeof *alerting);
    assert(alerting != NULL);
    alerting->intake = intake;
    alerting->request = request;
    snprintf(alerting->source, sizeof alerting->source, "%s", source);
    cap_reference(alert, reference);
    cap_key(alerting->key, reference, 0);
    snprintf(alerting->note, sizeof alerting->note, "CAP %s: %s", alert->kind, alert->identifier);
    return alerting;
}

static void take_alert(struct alerting *alerting, const struct source *source, const struct cap_alert *alert) {
    const struct cap_origin origin = {source, city_zone(intake_city(alerting->intake)), alert,
                                      cap_info_for(alert, source)};
    bool put = true, cancels = strcmp(alert->kind, "Cancel") == 0;
    struct reason why;
    alerting->reports = calloc(CAP_AREAS_MAX, sizeof *alerting->reports);
    assert(alerting->reports != NULL);
    if (!cancels && cap_reports(&origin, alerting->reports, &alerting->count, &why) != 0) {
        refuse_alert(alerting, 400, &why);
        return;
    }
    if (cancels)
        put = ask_earlier(alerting, alert, cancelled_found);
    else if (strcmp(alert->kind, "Update") == 0)
        put = ask_earlier(alerting, alert, update_found);
    else
        hand_in(alerting);
    if (put)
        return;
    (void)refuse(&why, "", "too busy now; send the alert again");
    refuse_alert(alerting, 503, &why);
}

void intake_post_cap(struct http_request *request, void *context) {
    struct intake *intake = intake_of(context);
    const struct source *source = source_of_request(intake, request, ADAPTER_CAP);
    struct cap_alert *alert = NULL;
    struct reason why;
    size_t size;
    if (source == NULL)
        return;
    const uint8_t *body = http_body(request, &size);
    if (cap_read(&alert, body, size, &why) != 0 || cap_check(alert, &why) != 0 ||
        cap_check_scope(alert, city_channel(intake_city(intake), source->channel), &why) != 0)
        http_refuse(request, 400, &why);
    else
        take_alert(open_alerting(intake, request, source->code, alert), source, alert);
    cap_close(&alert);
}
