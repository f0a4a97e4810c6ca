#include "services/intake/http_door.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_json.h"
#include "common/message_json.h"
#include "common/reporter.h"
#include "services/intake/door.h"
#include "services/intake/intake.h"
#include "services/intake/items_json.h"
#include "services/intake/report.h"
#include "services/intake/report_files.h"

/* NULL, and the request is answered, while no city is loaded. */
static const struct city *city_of(struct http_request *request, void *context, char language[LANGUAGE_MAX + 1]) {
    const struct city *city = intake_city(intake_of(context));
    if (city == NULL) {
        http_refuse_field(request, 503, "city", "none is loaded yet; try again");
        return NULL;
    }
    language_of(city, http_query(request, "lang"), http_header(request, "Accept-Language"), language);
    http_add_header(request, "Vary", "Accept-Language");
    return city;
}

void intake_get_items(struct http_request *request, void *context) {
    char language[LANGUAGE_MAX + 1];
    const struct city *city = city_of(request, context, language);
    if (city != NULL)
        http_answer_json(request, 200, items_json(city, language));
}

void intake_get_item(struct http_request *request, void *context) {
    char language[LANGUAGE_MAX + 1];
    const struct city *city = city_of(request, context, language);
    if (city == NULL)
        return;
    const struct item *item = city_item(city, http_path_rest(request));
    if (item != NULL) {
        http_answer_json(request, 200, item_json(city, item, language));
        return;
    }
    http_refuse_field(request, 404, "item", "there is no such item; GET /items has them all");
}

/* ---- POST /reports/check ---------------------------------------------------------------------------------------------- */

/* As POST /reports reads it; what that takes from a header or adds itself need not be there. */
static int read_report(const struct http_request *request, struct submit *submit, struct reason *why) {
    json_t *json = http_body_object(request, why);
    if (json == NULL)
        return -1;
    int status = -1;
    if (json_object_get(json, "key") != NULL) {
        (void)refuse(why, "key", "goes into the Idempotency-Key header");
    } else {
        json_object_set_new(json, "key", json_string("check"));
        report_pack_attributes(json);
        status = message_from_json(MESSAGE_submit, json, submit, why);
    }
    json_decref(json);
    return status;
}

static json_t *missing_json(const struct city *city, const char *item, const char *missing, const char *language) {
    json_t *list = json_array();
    char names[DOOR_MISSING_MAX + 1], *rest = NULL;
    strcpy(names, missing);
    for (char *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest))
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "field", name, "text", door_says(city, item, name, language)));
    return list;
}

static json_t *found_json(const struct city *city, const struct submit *submit, const struct door_found *found,
                          const char *language) {
    const struct item_text *text = item_text_in(city_item_words(city, city_item(city, submit->item)), language);
    json_t *json = json_pack("{s:b, s:I, s:s, s:o}", "ready", !found->lacks, "score", (json_int_t)found->score, "area",
                             submit->area, "missing", missing_json(city, submit->item, found->missing, language));
    if (!isnan(submit->lat)) {
        json_object_set_new(json, "lat", json_real(submit->lat));
        json_object_set_new(json, "long", json_real(submit->lon));
    }
    if (text != NULL && *text->answer != '\0')
        json_object_set_new(json, "answer", json_string(text->answer));
    if (text != NULL && *text->filing != '\0')
        json_object_set_new(json, "filing", json_string(text->filing));
    return json;
}

void intake_post_check(struct http_request *request, void *context) {
    char language[LANGUAGE_MAX + 1];
    const struct city *city = city_of(request, context, language);
    struct submit submit;
    struct door_found found;
    struct reason why;
    if (city == NULL)
        return;
    const struct door_ask ask = {.city = city, .now = clock_now(), .asks = true, .lists = true};
    if (read_report(request, &submit, &why) != 0 || report_check(city, &submit, &why) != 0 ||
        door_look(&ask, &submit, &found, &why) != 0 || report_files_read(submit.files, &why) != 0 ||
        reporter_check(&submit, intake_of(context)->keys != NULL, &why) != 0)
        http_refuse(request, 400, &why);
    else
        http_answer_json(request, 200, found_json(city, &submit, &found, language));
}
