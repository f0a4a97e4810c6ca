#include "services/intake/http_assist.h"

#include <stdlib.h>
#include <string.h>

#include "common/classifier_watch.h"
#include "common/clock.h"
#include "common/http_json.h"
#include "services/intake/assist.h"
#include "services/intake/intake.h"

/* 0: city and model are there; otherwise the status to refuse with. */
static int find(const struct intake *intake, struct assist_with *with, struct reason *why) {
    if (!classifier_watch_is_set(intake->classifier)) {
        (void)refuse(why, "model", "none is set: this city suggests no items; GET /items has them all");
        return 501;
    }
    with->classifier = classifier_watch_now(intake->classifier, why);
    if (with->classifier == NULL)
        return 503;
    with->city = intake_city(intake);
    if (with->city == NULL || !clock_known()) {
        (void)refuse(why, "city", "none is loaded yet; try again");
        return 503;
    }
    with->now = clock_now();
    return 0;
}

static int read_body(const struct http_request *request, struct assist_ask *ask, struct reason *why) {
    json_t *json = http_body_json(request, why);
    if (json == NULL)
        return -1;
    int status = assist_read(json, ask, why);
    json_decref(json);
    return status;
}

void intake_post_classify(struct http_request *request, void *context) {
    struct assist_with with;
    struct assist_ask ask;
    struct reason why;
    json_t *json;
    int status = find(intake_of(context), &with, &why);
    if (status != 0) {
        http_refuse(request, status, &why);
        return;
    }
    if (read_body(request, &ask, &why) != 0) {
        http_refuse(request, 400, &why);
        return;
    }
    char wanted[LANGUAGE_MAX + 1];
    strcpy(wanted, ask.language);
    language_of(with.city, wanted[0] != '\0' ? wanted : NULL, http_header(request, "Accept-Language"), ask.language);
    if (assist_json(&with, &ask, &json, &why) != 0)
        http_refuse(request, 400, &why);
    else
        http_answer_json(request, 200, json);
}
