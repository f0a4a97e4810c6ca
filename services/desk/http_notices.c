#include "services/desk/http_notices.h"

#include <stdio.h>
#include <string.h>

#include "common/city_notices.h"
#include "common/ids.h"
#include "common/json_parts.h"
#include "services/desk/visit.h"

#define EVENTS_BYTES_MAX 400
#define LANGUAGE_BYTES_MAX 16
#define PER_HOUR_MAX 9999

/* ---- GET /notices ---------------------------------------------------------------------------------------------------------- */

static void listed(void *context, const struct ask *ask) {
    static const char *const names[] = {"name", "unit", "carrier", "address", "language"};
    static const char *const times[] = {"quiet_from", "quiet_to", "digest_at"};
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    json_t *endpoints = json_array();
    for (int row = 0; row < PQntuples(result); row++) {
        json_t *json = json_pack("{s:o}", "endpoint", id_json((uint64_t)db_int8(result, row, 0)));
        for (int i = 0; i < 5; i++)
            json_object_set_new(json, names[i], json_string(db_text(result, row, 1 + i)));
        json_object_set_new(json, "events", codes_json(db_text(result, row, 6)));
        for (int i = 0; i < 3; i++)
            if (!db_null(result, row, 7 + i))
                json_object_set_new(json, times[i], json_string(db_text(result, row, 7 + i)));
        if (!db_null(result, row, 10))
            json_object_set_new(json, "per_hour", json_integer(db_int4(result, row, 10)));
        json_object_set_new(json, "off", json_boolean(db_bool(result, row, 11)));
        json_add_text(json, "why", db_text(result, row, 12));
        json_array_append_new(endpoints, json);
    }
    visit_json(visit, 200, json_pack("{s:o}", "endpoints", endpoints));
}

static void list(struct visit *visit) {
    struct ask *ask = visit_ask(visit, listed);
    ask_step(ask, "desk_notices", NULL, 0);
    visit_put(visit, ASK_QUICK, ask);
}

void desk_get_notices(struct http_request *request, void *context) {
    visit_begin(context, request, list);
}

/* ---- PUT /notices/ENDPOINT -------------------------------------------------------------------------------------------------- */

struct wishes { /* "": as it is */
    char language[LANGUAGE_BYTES_MAX + 1], events[EVENTS_BYTES_MAX + 1], from[6], to[6], digest[6], per_hour[6], off[6];
    bool all_events; /* the list is empty: all of them */
};

static int read_time(const json_t *json, const char *field, char time[6], struct reason *why) {
    const json_t *value = json_object_get(json, field);
    const char *text = json_string_value(value);
    if (value == NULL)
        return 0;
    if (json_is_null(value)) {
        strcpy(time, "none");
        return 0;
    }
    unsigned hour, minute;
    int end = 0;
    if (text == NULL || strlen(text) != 5 || sscanf(text, "%2u:%2u%n", &hour, &minute, &end) != 2 || end != 5 ||
        hour > 23 || minute > 59)
        return refuse(why, field, "must be a time of the day, as 22:00, or null for none");
    strcpy(time, text);
    return 0;
}

static int read_events(const json_t *json, struct wishes *wishes, struct reason *why) {
    const json_t *events = json_object_get(json, "events");
    size_t used = 0;
    if (events == NULL)
        return 0;
    wishes->all_events = json_array_size(events) == 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *code = json_string_value(json_array_get(events, i));
        enum notice_event event = code != NULL ? notice_named(code) : NOTICE_NONE;
        if (event == NOTICE_NONE || !(notice_spec(event)->audience & AUDIENCE_unit))
            return refuse(why, "events", "\"%.48s\" is no event of docs/messages.md", code != NULL ? code : "");
        if (used + strlen(code) + 2 > sizeof wishes->events)
            return refuse(why, "events", "are too many: an empty list is all of them");
        used += (size_t)snprintf(wishes->events + used, sizeof wishes->events - used, "%s%s", used > 0 ? " " : "",
                                 code);
    }
    return json_is_array(events) ? 0 : refuse(why, "events", "must be a list of codes; an empty one is all of them");
}

static int read_rest(const json_t *json, struct wishes *wishes, struct reason *why) {
    const json_t *language = json_object_get(json, "language"), *limit = json_object_get(json, "per_hour");
    const json_t *off = json_object_get(json, "off");
    const char *tag = json_string_value(language);
    json_int_t most = json_integer_value(limit);
    if (language != NULL &&
        (tag == NULL || tag[0] == '\0' || strlen(tag) > LANGUAGE_BYTES_MAX ||
         strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != strlen(tag)))
        return refuse(why, "language", "must be a tag of BCP 47, such as zh");
    if (limit != NULL && !json_is_null(limit) && (!json_is_integer(limit) || most < 1 || most > PER_HOUR_MAX))
        return refuse(why, "per_hour", "must be 1 to %d, or null for no limit", PER_HOUR_MAX);
    if (off != NULL && !json_is_boolean(off))
        return refuse(why, "off", "must be true or false");
    snprintf(wishes->language, sizeof wishes->language, "%s", tag != NULL ? tag : "");
    if (limit != NULL && most == 0)
        strcpy(wishes->per_hour, "none");
    else if (limit != NULL)
        snprintf(wishes->per_hour, sizeof wishes->per_hour, "%d", (int)most);
    if (off != NULL)
        strcpy(wishes->off, json_is_true(off) ? "true" : "false");
    return 0;
}

static int read_wishes(const json_t *json, struct wishes *wishes, struct reason *why) {
    static const char *const known = " language events quiet_from quiet_to digest_at per_hour off ";
    const char *name;
    json_t *value, *object = json_copy((json_t *)(uintptr_t)json);
    int status = 0;
    json_object_foreach(object, name, value) {
        char word[40];
        snprintf(word, sizeof word, " %.36s ", name);
        if (status == 0 && strstr(known, word) == NULL)
            status = refuse(why, name, "is not known here");
    }
    json_decref(object);
    if (status != 0 || read_time(json, "quiet_from", wishes->from, why) != 0 ||
        read_time(json, "quiet_to", wishes->to, why) != 0 || read_time(json, "digest_at", wishes->digest, why) != 0)
        return -1;
    bool none_from = strcmp(wishes->from, "none") == 0, none_to = strcmp(wishes->to, "none") == 0;
    if ((wishes->from[0] == '\0') != (wishes->to[0] == '\0') || none_from != none_to)
        return refuse(why, "quiet_to", "quiet_from and quiet_to stand together, or both are null");
    return read_events(json, wishes, why) != 0 ? -1 : read_rest(json, wishes, why);
}

static void was_set(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0)
        visit_refuse(visit, 404, "endpoint", "there is none of that number for this login");
    else
        visit_json(visit, 200, json_pack("{s:o}", "endpoint", id_json((uint64_t)db_int8(result, 0, 0))));
}

static const char *or_null(const char *text) {
    return text[0] != '\0' ? text : NULL;
}

static void set(struct visit *visit) {
    struct wishes wishes = {.all_events = false};
    struct reason why;
    const char *number = http_path_part(visit->request, 0);
    if (!is_id(number)) {
        visit_refuse(visit, 404, "endpoint", "must be a number of at most %d digits", ID_DIGITS_MAX);
        return;
    }
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    int status = read_wishes(json, &wishes, &why);
    json_decref(json);
    if (status != 0) {
        visit_refuse_why(visit, 422, &why);
        return;
    }
    struct ask *ask = visit_ask(visit, was_set);
    ask_step(ask, "desk_notice_set",
             (const char *[]){number, or_null(wishes.language), wishes.all_events ? "" : or_null(wishes.events),
                              or_null(wishes.from), or_null(wishes.to), or_null(wishes.digest),
                              or_null(wishes.per_hour), or_null(wishes.off)},
             8);
    visit_put(visit, ASK_WRITE, ask);
}

void desk_put_notice(struct http_request *request, void *context) {
    visit_begin(context, request, set);
}
