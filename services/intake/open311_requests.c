/* GET requests, requests/ID and tokens/TOKEN. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/ids.h"
#include "proto/case_life.h"
#include "services/intake/open311_query.h"

enum {
    AT_CASE,
    AT_CAME,
    AT_MOVED,
    AT_DUE,
    AT_STATE,
    AT_OPEN,
    AT_ITEM,
    AT_UNIT,
    AT_BODY,
    AT_PICTURE
}; /* of open311_list and open311_cases */

struct shown { /* what the rows of one answer share */
    const struct open311_call *call;
    const struct zone *zone;
    struct report_received report;
    struct open311_query query;
};

/* ---- one request -------------------------------------------------------------------------------------------------------------- */

static void emit_time(struct emit *emit, const char *name, const struct zone *zone, int64_t at) {
    char text[OPEN311_TIME_SIZE];
    open311_time_write(zone, at, text);
    emit_text(emit, name, text);
}

/* The state of the case in words of case_life.def. */
static const char *state_words(const char *state, enum open311_language language) {
    enum case_state number = case_state_named(*state != '\0' ? state : "reported");
    if (number == CASE_STATE_COUNT)
        return "";
    const struct state_spec *spec = case_state_spec(number);
    return language == OPEN311_CHINESE ? spec->zh : spec->meaning;
}

/* The answers that came with the report; the reporter's own words stay in description. */
static void emit_attributes(struct emit *emit, const char *attributes) {
    json_t *object = json_loads(attributes, 0, NULL), *value, *one;
    const char *code;
    size_t i;
    emit_list(emit, "attributes", "attribute");
    json_object_foreach(object, code, value) {
        emit_record(emit, NULL);
        emit_text(emit, "code", code);
        emit_list(emit, "values", "value");
        if (json_is_string(value))
            emit_text(emit, NULL, json_string_value(value));
        json_array_foreach(value, i, one) emit_text(emit, NULL, json_string_value(one));
        emit_end(emit);
        emit_end(emit);
    }
    emit_end(emit);
    json_decref(object);
}

static void emit_extensions(struct emit *emit, const struct shown *shown, const PGresult *rows, int row) {
    const struct report_received *report = &shown->report;
    emit_record(emit, "extended_attributes");
    emit_text(emit, "title", report->title);
    emit_text(emit, "channel", report->channel);
    emit_text(emit, "state", *db_text(rows, row, AT_STATE) != '\0' ? db_text(rows, row, AT_STATE) : "reported");
    emit_time(emit, "occurred_datetime", shown->zone, report->occurred_at);
    emit_attributes(emit, report->attributes);
    emit_end(emit);
    emit_list(emit, "notes", "note");
    emit_record(emit, NULL);
    emit_time(emit, "datetime", shown->zone, db_time(rows, row, AT_CAME));
    emit_text(emit, "description", state_words("reported", shown->call->language));
    emit_end(emit);
    if (db_time(rows, row, AT_MOVED) > db_time(rows, row, AT_CAME)) {
        emit_record(emit, NULL);
        emit_time(emit, "datetime", shown->zone, db_time(rows, row, AT_MOVED));
        emit_text(emit, "description", state_words(db_text(rows, row, AT_STATE), shown->call->language));
        emit_end(emit);
    }
    emit_end(emit);
}

/* A picture is shown once staff have published it; until then media_url is empty. */
static void emit_picture(struct emit *emit, const struct shown *shown, const char *file) {
    char url[OPEN311_URL_SIZE + 100];
    if (*file == '\0') {
        emit_text(emit, "media_url", NULL);
        return;
    }
    open311_url(shown->call, url);
    char *tail = strstr(url, "/open311/");
    snprintf(tail != NULL ? tail : url + strlen(url), 100, "/files/%.64s", file);
    emit_text(emit, "media_url", url);
}

static void emit_request(struct emit *emit, const struct shown *shown, const PGresult *rows, int row) {
    const struct report_received *report = &shown->report;
    const struct open311_book *book = shown->call->intake->book;
    enum open311_language language = shown->call->language;
    const char *item = db_null(rows, row, AT_ITEM) ? report->item : db_text(rows, row, AT_ITEM);
    emit_record(emit, "request");
    emit_id(emit, "service_request_id", (uint64_t)db_int8(rows, row, AT_CASE));
    emit_text(emit, "status", db_bool(rows, row, AT_OPEN) ? "open" : "closed");
    emit_text(emit, "status_notes", state_words(db_text(rows, row, AT_STATE), language));
    emit_text(emit, "service_name", open311_service_name(book, language, item));
    emit_text(emit, "service_code", item);
    emit_text(emit, "description", report->description[0] != '\0' ? report->description : report->title);
    emit_text(emit, "agency_responsible", open311_unit_name(book, language, db_text(rows, row, AT_UNIT)));
    emit_text(emit, "service_notice", open311_service_text(book, language, item));
    emit_time(emit, "requested_datetime", shown->zone, db_time(rows, row, AT_CAME));
    emit_time(emit, "updated_datetime", shown->zone, db_time(rows, row, AT_MOVED));
    emit_time(emit, "expected_datetime", shown->zone, db_bool(rows, row, AT_OPEN) ? db_time(rows, row, AT_DUE) : 0);
    emit_text(emit, "address", report->address);
    emit_text(emit, "address_id", report->area);
    emit_text(emit, "zipcode", NULL);
    emit_degrees(emit, "lat", report->lat);
    emit_degrees(emit, "long", report->lon);
    emit_picture(emit, shown, db_text(rows, row, AT_PICTURE));
    if (shown->query.extensions)
        emit_extensions(emit, shown, rows, row);
    emit_end(emit);
}

/* Reads the report in a column; false: it cannot be read, or nobody outside may see its channel. */
static bool is_shown(const struct open311_call *call, const PGresult *rows, int row, int column,
                     struct report_received *report) {
    const struct city *city = intake_city(call->intake);
    struct reason why;
    size_t size;
    const uint8_t *body = db_bytea(rows, row, column, &size);
    if (city == NULL || message_decode(MESSAGE_report_received, body, size, report, &why) != 0)
        return false;
    const struct channel *channel = city_channel(city, report->channel);
    return channel != NULL && strcmp(channel->privacy, "public") == 0;
}

static bool read_row(struct shown *shown, const PGresult *rows, int row) {
    return is_shown(shown->call, rows, row, AT_BODY, &shown->report);
}

static void emit_rows(struct emit *emit, struct shown *shown, const PGresult *rows) {
    const struct open311_query *query = &shown->query;
    int64_t skip = query->is_near ? query->skip : 0; /* where the place decides, pages are made here */
    int left = query->most;
    emit_list(emit, "service_requests", "request");
    for (int row = 0; row < PQntuples(rows) && (left > 0 || query->by_id); row++) {
        if (!read_row(shown, rows, row))
            continue;
        if (query->is_near && !open311_is_near(query, shown->report.lat, shown->report.lon))
            continue;
        if (skip-- > 0)
            continue;
        emit_request(emit, shown, rows, row);
        left--;
    }
    emit_end(emit);
}

/* ---- lists --------------------------------------------------------------------------------------------------------------------- */

static void listed(void *context, const struct ask *ask) {
    struct open311_call *call = context;
    struct shown *shown = call->own;
    const PGresult *rows = open311_result(call, ask);
    if (rows == NULL)
        return;
    if (intake_city(call->intake) == NULL) {
        open311_refuse_why(call, 503, "", "no city is loaded; ask again in a second");
        return;
    }
    shown->zone = city_zone(intake_city(call->intake));
    struct emit emit = {.format = call->format};
    if (call->id[0] == '\0') {
        emit_rows(&emit, shown, rows);
    } else {
        emit_list(&emit, "service_requests", "request");
        if (PQntuples(rows) != 1 || !read_row(shown, rows, 0)) {
            bytes_close(&emit.out);
            open311_refuse_why(call, 404, "service_request_id", "there is no such request");
            return;
        }
        emit_request(&emit, shown, rows, 0);
        emit_end(&emit);
    }
    open311_answer(call, &emit);
}

static void ask_cases(struct open311_call *call, const char *ids) {
    struct ask *ask = ask_make(listed, call);
    ask_step(ask, "open311_cases", &ids, 1);
    open311_put(call, ASK_QUICK, ask);
}

/* Decimal, or NULL for 0. */
static const char *number(char text[24], int64_t value) {
    snprintf(text, 24, "%" PRId64, value);
    return value != 0 ? text : NULL;
}

static void ask_list(struct open311_call *call) {
    const struct open311_query *query = &((struct shown *)call->own)->query;
    char times[4][24], skip[24], most[24];
    const char *since = number(times[0], query->since), *until = number(times[1], query->until);
    const char *moved_since = number(times[2], query->moved_since), *moved_until = number(times[3], query->moved_until);
    const char *items = query->items[0] != '\0' ? query->items : NULL;
    const char *open = query->open == query->closed ? NULL : query->open ? "true" : "false";
    (void)number(skip, query->is_near ? 0 : query->skip);
    (void)number(most, query->is_near ? OPEN311_NEAR_LOOKED : query->most);
    struct ask *ask = ask_make(listed, call);
    if (moved_since != NULL)
        ask_step(ask, "open311_moved",
                 (const char *[]){moved_since, moved_until, since, until, items, open, skip, most}, 8);
    else if (query->or_moved)
        ask_step(ask, "open311_list", (const char *[]){since, until, items, open, skip, most}, 6);
    else
        ask_step(ask, "open311_newest", (const char *[]){items, open, skip, most}, 4);
    open311_put(call, ASK_LIST, ask);
}

static const char *parameter(void *request, const char *name) {
    return http_query(request, name);
}

/* False: answered already. */
static bool read_query(struct open311_call *call) {
    struct shown *shown = calloc(1, sizeof *shown);
    assert(shown != NULL);
    call->own = shown;
    shown->call = call;
    const struct open311_asked asked = {parameter, call->request, intake_city(call->intake),
                                        city_zone(intake_city(call->intake))};
    if (open311_query_read(&shown->query, &asked, &call->errors))
        return true;
    open311_refuse(call);
    return false;
}

static void list(struct open311_call *call) {
    struct shown *shown = call->own;
    if (shown->query.by_id)
        ask_cases(call, shown->query.ids);
    else
        ask_list(call);
}

void open311_get_requests(struct open311_call *call) {
    if (read_query(call))
        open311_with_book(call, list);
}

/* ---- one, by its number or token ------------------------------------------------------------------------------------------------- */

static void one(struct open311_call *call) {
    ask_cases(call, call->id);
}

void open311_get_request(struct open311_call *call) {
    if (!is_id(call->id))
        open311_refuse_why(call, 404, "service_request_id", "there is no such request");
    else if (read_query(call))
        open311_with_book(call, one);
}

static void known(void *context, const struct ask *ask) {
    struct open311_call *call = context;
    const PGresult *rows = open311_result(call, ask);
    static struct report_received report; /* large; one thread */
    if (rows == NULL)
        return;
    if (PQntuples(rows) != 1 || !is_shown(call, rows, 0, 1, &report)) {
        open311_refuse_why(call, 404, "token", "there is no such token");
        return;
    }
    struct emit emit = {.format = call->format};
    emit_list(&emit, "service_requests", "request");
    emit_record(&emit, NULL);
    emit_id(&emit, "service_request_id", (uint64_t)db_int8(rows, 0, 0));
    emit_text(&emit, "token", call->id);
    emit_end(&emit);
    emit_end(&emit);
    open311_answer(call, &emit);
}

/* A report has its number as soon as it is taken, so POST answers with that and never with a token; the number is the token. */
void open311_get_token(struct open311_call *call) {
    if (!is_id(call->id)) {
        open311_refuse_why(call, 404, "token", "there is no such token");
        return;
    }
    struct ask *ask = ask_make(known, call);
    ask_step(ask, "open311_known", (const char *[]){call->id}, 1);
    open311_put(call, ASK_QUICK, ask);
}
