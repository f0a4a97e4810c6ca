#include "services/intake/open311.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_form.h"

/* ---- errors and answers ------------------------------------------------------------------------------------------------- */

void open311_error(struct open311_errors *errors, int status, const struct reason *why) {
    if (errors->count == OPEN311_ERRORS_MAX)
        return;
    errors->at[errors->count].status = status;
    errors->at[errors->count++].why = *why;
}

static void answer(struct open311_call *call, int status, struct emit *emit) {
    if (status == 503)
        http_add_header(call->request, "Retry-After", "1");
    /* What is public may be asked for by the pages of others. */
    http_add_header(call->request, "Access-Control-Allow-Origin", "*");
    http_answer(call->request, status, emit_content_type(emit->format), (const char *)emit->out.data, emit->out.size);
    bytes_close(&emit->out);
    free(call->own);
    free(call);
}

void open311_answer(struct open311_call *call, struct emit *emit) {
    answer(call, 200, emit);
}

void open311_refuse(struct open311_call *call) {
    struct emit emit = {.format = call->format};
    assert(call->errors.count > 0);
    emit_list(&emit, "errors", "error");
    for (int i = 0; i < call->errors.count; i++) {
        const struct reason *why = &call->errors.at[i].why;
        char text[REASON_FIELD_MAX + REASON_TEXT_MAX + 3] = "";
        if (why->field[0] != '\0')
            strcat(strcat(text, why->field), " ");
        strcat(text, why->text);
        emit_record(&emit, NULL);
        emit_int(&emit, "code", call->errors.at[i].status);
        emit_text(&emit, "description", text);
        emit_end(&emit);
    }
    emit_end(&emit);
    answer(call, call->errors.at[0].status, &emit);
}

void open311_refuse_why(struct open311_call *call, int status, const char *field, const char *text) {
    struct reason why;
    (void)refuse(&why, field, "%s", text);
    call->errors.count = 0;
    open311_error(&call->errors, status, &why);
    open311_refuse(call);
}

/* ---- the database ------------------------------------------------------------------------------------------------------- */

void open311_put(struct open311_call *call, enum ask_lane lane, struct ask *ask) {
    if (!asks_put(call->intake->asks, lane, ask))
        open311_refuse_why(call, 503, "", "too many questions are under way; ask again in a second");
}

const PGresult *open311_result(struct open311_call *call, const struct ask *ask) {
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL)
        open311_refuse_why(call, 503, "", "the database does not answer; ask again in a second");
    return result;
}

struct reading { /* of the book, for a call */
    struct open311_call *call;
    open311_handler *then;
    uint64_t version;
};

static void go_on(struct open311_call *call, open311_handler *then) {
    call->language = open311_book_language(call->intake->book, call->language);
    then(call);
}

static void book_read(void *context, const struct ask *ask) {
    struct reading *reading = context;
    struct open311_call *call = reading->call;
    struct open311_book *book = open311_book_open(ask, reading->version);
    if (book == NULL) {
        open311_refuse_why(call, 503, "", "the database does not answer; ask again in a second");
    } else {
        open311_book_close(&call->intake->book);
        call->intake->book = book;
        go_on(call, reading->then);
    }
    free(reading);
}

void open311_with_book(struct open311_call *call, open311_handler *then) {
    uint64_t version = city_version(intake_city(call->intake));
    if (call->intake->book != NULL && open311_book_version(call->intake->book) == version) {
        go_on(call, then);
        return;
    }
    struct reading *reading = malloc(sizeof *reading);
    assert(reading != NULL);
    *reading = (struct reading){call, then, version};
    if (!asks_put(call->intake->asks, ASK_QUICK, open311_book_ask(book_read, reading))) {
        free(reading);
        open311_refuse_why(call, 503, "", "too many questions are under way; ask again in a second");
    }
}

/* ---- from a path to its resource ------------------------------------------------------------------------------------------ */

static const struct resource {
    const char *method, *name;
    bool has_id;
    open311_handler *handle;
} resources[] = {
    {"GET", "discovery", false, open311_get_discovery},
    {"GET", "services", false, open311_get_services},
    {"GET", "services", true, open311_get_service},
    {"GET", "requests", false, open311_get_requests},
    {"POST", "requests", false, open311_post_request},
    {"GET", "requests", true, open311_get_request},
    {"GET", "tokens", true, open311_get_token},
    {"GET", "servicerequestupdates", false, open311_get_updates},
    {"POST", "servicerequestupdates", false, open311_post_update},
};
#define RESOURCE_COUNT (sizeof resources / sizeof resources[0])

/* Cuts .xml or .json off; false: neither. */
static bool take_format(char *name, enum emit_format *format) {
    char *dot = strrchr(name, '.');
    if (dot == NULL || (strcmp(dot, ".xml") != 0 && strcmp(dot, ".json") != 0))
        return false;
    *format = strcmp(dot, ".json") == 0 ? EMIT_JSON : EMIT_XML;
    *dot = '\0';
    return true;
}

/* Of the first language that is asked for. */
static enum open311_language language_of(const struct http_request *request) {
    const char *accepted = http_header(request, "Accept-Language");
    if (accepted == NULL || strlen(accepted) < 2)
        return OPEN311_THEIRS;
    return strncmp(accepted, "zh", 2) == 0   ? OPEN311_CHINESE
           : strncmp(accepted, "en", 2) == 0 ? OPEN311_ENGLISH
                                             : OPEN311_THEIRS;
}

static const char *jurisdiction_of(const struct http_request *request, const char *method) {
    const char *asked = http_query(request, "jurisdiction_id");
    if (asked == NULL && strcmp(method, "POST") == 0)
        asked = http_form_value(request, "jurisdiction_id");
    return asked;
}

static void dispatch(struct open311_call *call, const char *method, const char *name) {
    const struct city *city = intake_city(call->intake);
    const struct resource *found = NULL;
    bool other_method = false;
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct resource *resource = &resources[i];
        if (strcmp(resource->name, name) != 0 || resource->has_id != (call->id[0] != '\0'))
            continue;
        if (strcmp(resource->method, method) == 0)
            found = resource;
        else if (*method != '\0')
            other_method = true;
    }
    const char *jurisdiction = jurisdiction_of(call->request, method);
    if (other_method && found == NULL)
        http_add_header(call->request, "Allow", "GET, HEAD");
    if (found == NULL)
        open311_refuse_why(call, other_method ? 405 : 404, "",
                           other_method ? "this resource is only read" : "there is no such resource");
    else if (city == NULL)
        open311_refuse_why(call, 503, "", "no city is loaded yet; ask again in a second");
    else if (jurisdiction != NULL && *jurisdiction != '\0' && strcmp(jurisdiction, city_code(city)) != 0)
        open311_refuse_why(call, 404, "jurisdiction_id", "is not the one that this endpoint is for; leave it out");
    else
        found->handle(call);
}

static void begin(struct http_request *request, void *context, const char *method) {
    struct open311_call *call = calloc(1, sizeof *call);
    const char *first = http_path_part(request, 0), *second = http_path_part(request, 1);
    char name[OPEN311_ID_MAX + 1];
    const struct reason *why;
    int fault = http_form_fault(request, &why);
    assert(call != NULL && strlen(first) < sizeof name && (second == NULL || strlen(second) < sizeof call->id));
    call->request = request;
    call->intake = intake_of(context);
    call->language = language_of(request);
    strcpy(name, first);
    strcpy(call->id, second != NULL ? second : "");
    if (!take_format(second != NULL ? call->id : name, &call->format))
        open311_refuse_why(call, 404, "", "there is no such resource: the path ends with .xml or .json");
    else if (fault != 0)
        open311_refuse_why(call, fault, why->field, why->text);
    else if (second != NULL && call->id[0] == '\0')
        open311_refuse_why(call, 404, "", "there is no such resource");
    else
        dispatch(call, method, name);
}

void open311_on_get(struct http_request *request, void *context) {
    begin(request, context, "GET");
}

void open311_on_post(struct http_request *request, void *context) {
    begin(request, context, "POST");
}

/* /open311/discovery.FORMAT, for who knows the host alone. */
void open311_on_discovery(struct http_request *request, void *context) {
    bool elsewhere = strncmp(http_path_part(request, 0), "discovery.", strlen("discovery.")) != 0;
    begin(request, context, elsewhere ? "" : "GET");
}
