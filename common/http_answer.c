#include "common/http_inner.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/json_text.h"
#include "common/metrics.h"

#define JSON_TYPE "application/json; charset=utf-8"
#define TYPE_BYTES_MAX 128

/* Texts are UTF-8 and say so; an image or an archive has no charset. */
static const char *with_charset(char out[TYPE_BYTES_MAX], const char *type) {
    static const char *const textual[] = {"text/", "json", "xml", "javascript"};
    bool text = false;

    for (size_t i = 0; i < sizeof textual / sizeof textual[0]; i++)
        text = text || strcasestr(type, textual[i]) != NULL;
    if (!text || strcasestr(type, "charset=") != NULL)
        return type;
    int size = snprintf(out, TYPE_BYTES_MAX, "%s; charset=utf-8", type);
    assert(size < TYPE_BYTES_MAX);
    return out;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value) {
    enum MHD_Result added = MHD_add_response_header(response, name, value);

    assert(added == MHD_YES); /* fails for control bytes in a value, or without memory */
    (void)added;
}

void http_add_header(struct http_request *request, const char *name, const char *value) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcmp(request->header_names[i], name) == 0 && strcmp(name, "Retry-After") == 0)
            return; /* who knew how long was first */
    assert(request->header_count < HTTP_HEADERS_MAX);
    request->header_names[request->header_count] = name;
    snprintf(request->header_values[request->header_count++], HTTP_HEADER_BYTES_MAX + 1, "%s", value);
}

void http_add_retry_after(struct http_request *request, int64_t wait_ms) {
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + 999) / 1000);
    http_add_header(request, "Retry-After", seconds);
}

static bool has_header(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (strcmp(request->header_names[i], name) == 0)
            return true;
    return false;
}

static void measure(const struct http_request *request, const struct http_reply *reply) {
    metric_add(METRIC_http_requests_total, 1);
    if (reply->status >= 500)
        metric_add(METRIC_http_failed_total, 1);
    if (!reply->streams && !request->http->options.unmeasured)
        metric_observe_ms(METRIC_http_request_ms, (double)(clock_monotonic_ms() - request->started_ms));
}

void http_answer_reply(struct http_request *request, const struct http_reply *reply) {
    char type[TYPE_BYTES_MAX];

    assert(request->state == HTTP_HEAD || request->state == HTTP_BODY || request->state == HTTP_HANDLING ||
           request->state == HTTP_WAITING);
    assert(request->reply == NULL);
    assert(reply->status >= 200 && reply->status <= 599);
    if (reply->streams)
        request->reply = http_stream_response(request);
    else if (reply->from_file)
        request->reply = MHD_create_response_from_fd64(reply->size, reply->file);
    else
        request->reply = MHD_create_response_from_buffer(reply->size, (void *)(uintptr_t)reply->body,
                                                         MHD_RESPMEM_MUST_COPY);
    assert(request->reply != NULL);
    request->reply_status = (unsigned)reply->status;
    if (reply->content_type != NULL)
        add_header(request->reply, "Content-Type", with_charset(type, reply->content_type));
    if (reply->header_name != NULL)
        add_header(request->reply, reply->header_name, reply->header_value);
    for (size_t i = 0; i < request->header_count; i++)
        add_header(request->reply, request->header_names[i], request->header_values[i]);
    if (reply->close || request->http->closing)
        add_header(request->reply, "Connection", "close");
    measure(request, reply);
    if (request->state == HTTP_WAITING) {
        MHD_resume_connection(request->connection);
        request->http->resumed = true;
    }
    request->state = HTTP_ANSWERED;
}

enum MHD_Result http_send_reply(struct http_request *request) {
    assert(request->reply != NULL);
    enum MHD_Result queued = MHD_queue_response(request->connection, request->reply_status, request->reply);
    MHD_destroy_response(request->reply); /* libmicrohttpd holds its own reference */
    request->reply = NULL;
    request->state = HTTP_SENDING;
    request->served++;
    return queued;
}

size_t http_refusal_body(char out[HTTP_REFUSAL_BYTES_MAX], const struct reason *why) {
    char field[REASON_FIELD_MAX * JSON_TEXT_GROWTH_MAX + 1];
    char text[REASON_TEXT_MAX * JSON_TEXT_GROWTH_MAX + 1];
    size_t field_size = json_text(field, sizeof field, why->field, strlen(why->field), NULL);
    size_t text_size = json_text(text, sizeof text, why->text, strlen(why->text), NULL);
    int size = snprintf(out, HTTP_REFUSAL_BYTES_MAX, "{\"error\":{\"field\":\"%.*s\",\"reason\":\"%.*s\"}}\n",
                        (int)field_size, field, (int)text_size, text);

    assert(size < HTTP_REFUSAL_BYTES_MAX);
    return (size_t)size;
}

void http_answer(struct http_request *request, int status, const char *content_type, const char *body, size_t size) {
    struct http_reply reply = {.status = status, .content_type = content_type, .body = body, .size = size};

    assert(request->state == HTTP_HANDLING || request->state == HTTP_WAITING); /* answered exactly once */
    http_answer_reply(request, &reply);
}

void http_answer_file(struct http_request *request, int status, const char *content_type, int take_fd, size_t size) {
    struct http_reply reply = {
        .status = status, .content_type = content_type, .file = take_fd, .size = size, .from_file = true};

    assert(request->state == HTTP_HANDLING || request->state == HTTP_WAITING); /* answered exactly once */
    http_answer_reply(request, &reply);
}

static void refuse_reply(struct http_request *request, struct http_reply *reply, const struct reason *why) {
    char body[HTTP_REFUSAL_BYTES_MAX];

    reply->size = http_refusal_body(body, why);
    reply->body = body;
    reply->content_type = JSON_TYPE;
    http_answer_reply(request, reply);
    reply->body = NULL; /* it was copied */
}

void http_refuse(struct http_request *request, int status, const struct reason *why) {
    struct http_reply reply = {.status = status};

    assert(request->state == HTTP_HANDLING || request->state == HTTP_WAITING); /* answered exactly once */
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE && !has_header(request, "Retry-After")) {
        reply.header_name = "Retry-After";
        reply.header_value = "1";
    }
    refuse_reply(request, &reply, why);
}

void http_refuse_field(struct http_request *request, int status, const char *field, const char *format, ...) {
    struct reason why;
    va_list arguments;

    va_start(arguments, format);
    (void)refuse_list(&why, field, format, arguments);
    va_end(arguments);
    http_refuse(request, status, &why);
}

void http_refuse_and_close(struct http_request *request, int status, const struct reason *why) {
    struct http_reply reply = {.status = status, .close = true};

    metric_add(METRIC_refused_total, 1);
    refuse_reply(request, &reply, why);
}

void http_refuse_method(struct http_request *request, const char *allow) {
    struct http_reply reply = {.status = MHD_HTTP_METHOD_NOT_ALLOWED, .header_name = "Allow", .header_value = allow};
    struct reason why;

    refuse(&why, "method", "this path does not answer to %.20s; allowed: %s", request->method, allow);
    refuse_reply(request, &reply, &why);
}

/* What follows the status, to the end of its line or past it. */
static const char *status_phrase(int status) {
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        return "Service Unavailable\r\nRetry-After: 1";
    return status == MHD_HTTP_REQUEST_TIMEOUT ? "Request Timeout" : "Content Too Large";
}

void http_cut(struct http_request *request, int status, const struct reason *why) {
    char text[HTTP_REFUSAL_BYTES_MAX + 256];
    char body[HTTP_REFUSAL_BYTES_MAX];
    size_t size = http_refusal_body(body, why);
    int fd = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d %s\r\nContent-Type: " JSON_TYPE "\r\nContent-Length: %zu\r\n"
                          "Connection: close\r\n\r\n%.*s",
                          status, status_phrase(status), size, (int)size, body);

    assert(length < (int)sizeof text);
    /* No answer is under way on this connection, so its send buffer is empty and takes the few bytes at once. When
     * it does not, the client is gone. */
    if (send(fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) == length)
        metric_add(METRIC_http_requests_total, 1);
    metric_add(METRIC_refused_total, 1);
    shutdown(fd, SHUT_WR);
    request->state = HTTP_CUT;
    http_set_deadline(request, HTTP_LINGER_MS);
}
