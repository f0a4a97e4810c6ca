#include "common/http_inner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_guard.h"
#include "proto/text.h"

#define ALLOW_BYTES_MAX 128
/* From 1.0 on libmicrohttpd refuses NUL, folded lines and bare line feeds itself, and lays its pool out otherwise. */
#define LAYOUT_TELLS (MHD_VERSION < 0x01000000)

static struct http_request *request_of(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void *http_on_target(void *http, const char *target, struct MHD_Connection *connection) {
    struct http_request *request = request_of(connection);

    (void)http;
    if (request == NULL) /* no memory when it connected */
        return NULL;
    if (request->state == HTTP_IDLE) {
        request->state = HTTP_HEAD;
        http_set_deadline(request, request->http->options.request_ms_max);
    }
    request->target = target;
    request->target_size = target == NULL ? 0 : strlen(target);
    request->target_clean = target != NULL && http_guard_target(target, request->target_size);
    return request;
}

/* Percent-decodes in place; false when an escape is broken or the text is then not clean UTF-8 (a NUL, for one). */
static bool decode(char *text) {
    size_t size = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%') {
            text[size++] = *at;
            continue;
        }
        int high = text_hex_digit(at[1]);
        int low = high < 0 ? -1 : text_hex_digit(at[2]);
        if (low < 0)
            return false;
        text[size++] = (char)(high * 16 + low);
        at += 2;
    }
    text[size] = '\0';
    return text_clean(text, size) == size;
}

/* libmicrohttpd would decode %00 and go on with half a string. The path stays raw: a slash in it separates segments
 * only where it was sent as one. */
size_t http_on_escape(void *http, struct MHD_Connection *connection, char *text) {
    struct http_request *request = request_of(connection);

    (void)http;
    if (request != NULL && text != request->target && !decode(text)) {
        request->query_broken = true;
        text[0] = '\0';
    }
    return strlen(text);
}

struct field_list {
    struct http_guard_field fields[HTTP_GUARD_FIELDS_MAX];
    size_t count; /* may pass the maximum: the guard refuses then */
};

static enum MHD_Result take_field(void *list, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                  const char *value, size_t value_size) {
    struct field_list *fields = list;

    (void)kind;
    if (fields->count < HTTP_GUARD_FIELDS_MAX)
        fields->fields[fields->count] = (struct http_guard_field){
            .name = name, .value = value, .name_size = name_size, .value_size = value_size};
    fields->count++;
    return MHD_YES;
}

static int check_head(struct http_request *request, const char *version, uint64_t *body_bytes, struct reason *why) {
    struct field_list list;
    struct http_guard_head head = {.method = request->method,
                                   .target = request->target,
                                   .target_size = request->target_size,
                                   .target_clean = request->target_clean,
                                   .version = version,
                                   .fields = list.fields};

    list.count = 0;
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, take_field, &list);
    head.field_count = list.count;
    if (LAYOUT_TELLS)
        head.end = request->method +
                   MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
    if (http_guard_check(&head, body_bytes, why) != 0)
        return -1;
    if (request->query_broken)
        return refuse(why, "query", "holds a broken percent escape, a control byte or what is not UTF-8");
    return 0;
}

static const struct http_route *route_of(const struct http_request *request);

/* The headers are complete; nothing of the body is read yet. */
static enum MHD_Result begin(struct http_request *request, const char *version) {
    struct reason why;
    uint64_t body_bytes = 0;

    if (check_head(request, version, &body_bytes, &why) != 0) {
        http_refuse_and_close(request, MHD_HTTP_BAD_REQUEST, &why);
        return http_send_reply(request);
    }
    request->state = HTTP_BODY;
    if (http_is_packed(request, &why)) {
        http_refuse_and_close(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, &why);
        return http_send_reply(request);
    }
    const struct http_route *route = route_of(request);
    request->body_bytes_max = route != NULL && route->body_bytes_max > 0 ? route->body_bytes_max
                                                                         : request->http->options.body_bytes_max;
    if (body_bytes > request->body_bytes_max)
        http_refuse_size(request);
    else if (route != NULL && route->body != HTTP_BODY_WHOLE)
        http_form_begin(request, route);
    return MHD_YES;
}

struct part { /* a segment of a path as it was sent */
    const char *at;
    size_t size;
};

/* True when the route has the request's path; the parts are what its stars matched. */
static bool route_has(const struct http_route *route, const char *path, struct part parts[HTTP_STARS_MAX]) {
    const char *wanted = route->path;
    size_t stars = 0;

    while (*wanted == '/' && *path == '/') {
        size_t wanted_size = strcspn(++wanted, "/"), size = strcspn(++path, "/");
        bool star = wanted_size == 1 && *wanted == '*';
        if (star ? size == 0 : size != wanted_size || memcmp(wanted, path, size) != 0)
            return false;
        assert(!star || stars < HTTP_STARS_MAX);
        if (star)
            parts[stars++] = (struct part){path, size};
        wanted += wanted_size;
        path += size;
    }
    return *wanted == '\0' && *path == '\0';
}

static bool route_answers(const struct http_route *route, const char *method) {
    return strcmp(route->method, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* Decodes what the stars matched; answers and returns false when that cannot be done. */
static bool take_parts(struct http_request *request, const struct part parts[HTTP_STARS_MAX]) {
    struct reason why;

    for (size_t i = 0; i < HTTP_STARS_MAX && parts[i].at != NULL; i++) {
        if (parts[i].size > HTTP_SEGMENT_BYTES_MAX) {
            refuse(&why, "path", "a part of it is longer than %d bytes", HTTP_SEGMENT_BYTES_MAX);
            http_refuse(request, MHD_HTTP_NOT_FOUND, &why);
            return false;
        }
        memcpy(request->parts[i], parts[i].at, parts[i].size);
        request->parts[i][parts[i].size] = '\0';
        if (!decode(request->parts[i])) {
            refuse(&why, "path", "holds a broken percent escape, a control byte or what is not UTF-8");
            http_refuse(request, MHD_HTTP_BAD_REQUEST, &why);
            return false;
        }
    }
    return true;
}

void http_hand_over(struct http_request *request) {
    const struct http *http = request->http;
    char allow[ALLOW_BYTES_MAX] = "";
    struct reason why;

    for (size_t i = 0; i < http->route_count; i++) {
        const struct http_route *candidate = &http->routes[i];
        struct part parts[HTTP_STARS_MAX] = {0};
        if (!route_has(candidate, request->target, parts))
            continue;
        if (route_answers(candidate, request->method)) {
            if (http_query_fits(request, candidate) && take_parts(request, parts))
                candidate->handle(request, http->context);
            return;
        }
        size_t used = strlen(allow);
        snprintf(allow + used, sizeof allow - used, "%s%s%s", used > 0 ? ", " : "", candidate->method,
                 strcmp(candidate->method, "GET") == 0 ? ", HEAD" : "");
    }
    if (allow[0] != '\0') {
        http_refuse_method(request, allow);
        return;
    }
    refuse(&why, "path", "there is nothing here");
    http_refuse(request, MHD_HTTP_NOT_FOUND, &why);
}

/* The route that will answer, when there is one. */
static const struct http_route *route_of(const struct http_request *request) {
    struct part parts[HTTP_STARS_MAX];

    for (size_t i = 0; i < request->http->route_count; i++)
        if (route_has(&request->http->routes[i], request->target, parts) &&
            route_answers(&request->http->routes[i], request->method))
            return &request->http->routes[i];
    return NULL;
}

/* The whole request is here. */
static enum MHD_Result dispatch(struct http_request *request) {
    struct reason why;

    request->state = HTTP_HANDLING;
    if (request->http->closing) {
        refuse(&why, "", "the service is stopping; try again");
        http_refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, &why);
    } else if (MHD_get_connection_values_n(request->connection, MHD_FOOTER_KIND, NULL, NULL) > 0) {
        request->state = HTTP_BODY;
        refuse(&why, "body", "trailers after the last chunk are not taken");
        http_refuse_and_close(request, MHD_HTTP_BAD_REQUEST, &why);
    } else if (request->form == NULL || http_form_complete(request)) {
        http_hand_over(request);
    }
    if (request->state == HTTP_ANSWERED)
        return http_send_reply(request);
    MHD_suspend_connection(request->connection);
    request->state = HTTP_WAITING;
    return MHD_YES;
}

enum MHD_Result http_on_access(void *http, struct MHD_Connection *connection, const char *path, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **context) {
    struct http_request *request = *context;

    (void)http;
    (void)connection;
    (void)path;
    if (request == NULL)
        return MHD_NO;
    switch (request->state) {
    case HTTP_HEAD:
        request->method = method;
        return begin(request, version);
    case HTTP_BODY:
        return *upload_size > 0 ? http_take_body(request, upload, upload_size) : dispatch(request);
    case HTTP_ANSWERED:
        return http_send_reply(request);
    case HTTP_CUT:
        return *upload_size > 0 ? http_take_body(request, upload, upload_size) : MHD_NO;
    case HTTP_IDLE:
    case HTTP_HANDLING:
    case HTTP_WAITING:
    case HTTP_SENDING:
        break;
    }
    assert(!"libmicrohttpd calls in an order that it does not document");
    return MHD_NO;
}

void http_reset(struct http_request *request) {
    if (request->reply != NULL)
        MHD_destroy_response(request->reply);
    free(request->body);
    http_stream_drop(request);
    http_form_drop(request);
    request->reply = NULL;
    request->body = NULL;
    request->http->held_bytes -= request->held_bytes;
    request->held_bytes = 0;
    request->body_size = request->body_room = 0;
    request->method = request->target = NULL;
    request->target_size = 0;
    request->target_clean = request->query_broken = false;
    for (size_t i = 0; i < HTTP_STARS_MAX; i++)
        request->parts[i][0] = '\0';
    request->header_count = 0;
}

const char *http_path(const struct http_request *request) {
    return request->target;
}

const char *http_path_rest(const struct http_request *request) {
    return http_path_part(request, 0);
}

const char *http_path_part(const struct http_request *request, int star) {
    return request->parts[star][0] == '\0' ? NULL : request->parts[star];
}

const char *http_header(const struct http_request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct last {
    const char *name, *value;
};

static enum MHD_Result keep_last(void *context, enum MHD_ValueKind kind, const char *name, const char *value) {
    struct last *last = context;
    (void)kind;
    if (strcasecmp(name, last->name) == 0)
        last->value = value;
    return MHD_YES;
}

const char *http_header_last(const struct http_request *request, const char *name) {
    struct last last = {name, NULL};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, keep_last, &last);
    return last.value;
}

const uint8_t *http_body(const struct http_request *request, size_t *size) {
    *size = request->form == NULL ? request->body_size : 0;
    return request->body;
}
