#include "services/intake/assist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_place.h"
#include "common/city_questions.h"
#include "common/message_json.h"
#include "services/intake/door.h"
#include "services/intake/report.h"

/* So many of a model's labels are looked at for ASSIST_ITEMS_MAX items of the city: a model can be older than the city. */
#define LABELS_LOOKED_AT 32

/* ---- what is asked ---------------------------------------------------------------------------------------------------- */

static bool is_known(const char *key) {
    static const char *const keys[] = {"text", "lang", "lat", "long", "attributes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static int check_keys(const json_t *body, struct reason *why) {
    const char *key;
    json_t *value;
    if (!json_is_object(body))
        return refuse(why, "body", "must be a JSON object");
    json_object_foreach((json_t *)(uintptr_t)body, key, value) {
        if (!is_known(key))
            return refuse(why, key, "is not asked for: text, lang, lat, long and attributes are");
    }
    return 0;
}

static int read_text(const json_t *body, struct reason *why) {
    const json_t *text = json_object_get(body, "text");
    if (!json_is_string(text))
        return refuse(why, "text", "must be there, as a string");
    if (json_string_length(text) == 0 || json_string_length(text) > ASSIST_TEXT_BYTES_MAX)
        return refuse(why, "text", "must be 1 to %d bytes, not %zu", ASSIST_TEXT_BYTES_MAX, json_string_length(text));
    return 0;
}

static int read_language(const json_t *body, char language[LANGUAGE_MAX + 1], struct reason *why) {
    const json_t *given = json_object_get(body, "lang");
    language[0] = '\0';
    if (given == NULL)
        return 0;
    if (!json_is_string(given) || json_string_length(given) > LANGUAGE_MAX)
        return refuse(why, "lang", "must be a language tag of at most %d bytes", LANGUAGE_MAX);
    strcpy(language, json_string_value(given));
    return 0;
}

/* The body as a report, with a dash for what nobody knows yet. */
static json_t *report_of(const json_t *body) {
    static const char *const as_they_are[] = {"lat", "long", "attributes"};
    json_t *report = json_pack("{s:s, s:s, s:s, s:s, s:O}", "key", "-", "channel", "-", "item", "-", "area", "-",
                               "description", json_object_get(body, "text"));
    for (size_t i = 0; i < sizeof as_they_are / sizeof *as_they_are; i++) {
        json_t *value = json_object_get(body, as_they_are[i]);
        if (value != NULL)
            json_object_set(report, as_they_are[i], value);
    }
    report_pack_attributes(report);
    return report;
}

int assist_read(const json_t *body, struct assist_ask *ask, struct reason *why) {
    if (check_keys(body, why) != 0 || read_text(body, why) != 0 || read_language(body, ask->language, why) != 0)
        return -1;
    json_t *report = report_of(body);
    int status = message_from_json(MESSAGE_submit, report, &ask->report, why);
    json_decref(report);
    if (status != 0 && strcmp(why->field, "description") == 0)
        strcpy(why->field, "text"); /* as whoever asks calls it */
    if (status == 0 && isnan(ask->report.lat) != isnan(ask->report.lon))
        return refuse(why, isnan(ask->report.lat) ? "lat" : "long", "lat and long go together");
    return status;
}

/* ---- what is answered ------------------------------------------------------------------------------------------------- */

/* Adds the items; the likeliest goes into the report. */
static void add_items(const struct assist_with *with, struct assist_ask *ask, json_t *items) {
    struct likely likely[LABELS_LOOKED_AT];
    size_t count = classifier_ask(with->classifier, ask->report.description, likely, LABELS_LOOKED_AT);
    for (size_t i = 0; i < count && json_array_size(items) < ASSIST_ITEMS_MAX; i++) {
        const struct item *item = city_item(with->city, likely[i].label);
        if (item == NULL)
            continue;
        if (json_array_size(items) == 0)
            strcpy(ask->report.item, item->code);
        const char *name = wording_in(&city_item_words(with->city, item)->name, ask->language);
        json_array_append_new(items, json_pack("{s:s, s:s, s:f}", "code", item->code, "name", name, "probability",
                                               round((double)likely[i].probability * 1e4) / 1e4));
    }
}

static void add_missing(const struct assist_with *with, const struct assist_ask *ask, char *names, json_t *missing) {
    char *rest = NULL;
    for (char *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
        const char *text = door_says(with->city, ask->report.item, name, ask->language);
        json_array_append_new(missing, json_pack("{s:s, s:s}", "field", name, "text", text));
    }
}

static const char *standing_answer(const struct assist_with *with, const struct assist_ask *ask) {
    const struct item *item = city_item(with->city, ask->report.item);
    const struct item_text *text = item_text_in(city_item_words(with->city, item), ask->language);
    return text != NULL ? text->answer : "";
}

int assist_json(const struct assist_with *with, struct assist_ask *ask, json_t **out, struct reason *why) {
    /* The item is a guess: an answer that does not fit it is no fault. */
    const struct door_ask door = {.city = with->city, .now = with->now, .asks = false, .lists = true};
    struct door_found found = {.missing = ""};
    json_t *items = json_array(), *missing = json_array();
    const char *answer = "";
    strcpy(ask->report.area, city_top(with->city)->code);
    add_items(with, ask, items);
    if (json_array_size(items) > 0) {
        if (door_look(&door, &ask->report, &found, why) != 0) {
            json_decref(items);
            json_decref(missing);
            return -1;
        }
        add_missing(with, ask, found.missing, missing);
        answer = standing_answer(with, ask);
    }
    *out = json_pack("{s:s, s:o, s:o, s:s}", "language", ask->language, "items", items, "missing", missing, "answer",
                     answer);
    return 0;
}
