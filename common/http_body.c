/* A request's body as it comes: how much may come, how much may be kept, and in which form. */
#include "common/http_inner.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool http_is_packed(const struct http_request *request, struct reason *why) {
    const char *coding = http_header(request, "Content-Encoding");

    if (coding == NULL || strcasecmp(coding, "identity") == 0)
        return false;
    refuse(why, "Content-Encoding", "packed bodies are not taken; send it as it is");
    return true;
}

void http_refuse_size(struct http_request *request) {
    struct reason why;

    refuse(&why, "body", "is longer than %zu bytes", request->body_bytes_max);
    http_cut(request, MHD_HTTP_CONTENT_TOO_LARGE, &why);
}

bool http_hold(struct http_request *request, size_t bytes, struct reason *why) {
    struct http *http = request->http;

    if (http->options.bodies_bytes_max > 0 && bytes > http->options.bodies_bytes_max - http->held_bytes) {
        refuse(why, "body", "too much is being read now; nothing was kept, send it again");
        return false;
    }
    request->held_bytes += bytes;
    http->held_bytes += bytes;
    return true;
}

enum MHD_Result http_take_body(struct http_request *request, const char *upload, size_t *upload_size) {
    size_t size = *upload_size;

    *upload_size = 0;
    if (request->state == HTTP_CUT)
        return MHD_YES;
    if (size > request->body_bytes_max - request->body_size) {
        http_refuse_size(request);
        return MHD_YES;
    }
    if (request->form != NULL) {
        request->body_size += size;
        request->deadline_ms = request->started_ms + request->http->options.request_ms_max +
                               (int64_t)(request->body_size / HTTP_FORM_BYTES_PER_MS_MIN);
        http_form_take(request, (const uint8_t *)upload, size);
        return MHD_YES;
    }
    if (request->body_size + size > request->body_room) {
        size_t room = (request->body_size + size) * 2;
        struct reason why;
        if (!http_hold(request, room - request->body_room, &why)) {
            http_cut(request, MHD_HTTP_SERVICE_UNAVAILABLE, &why);
            return MHD_YES;
        }
        uint8_t *body = realloc(request->body, room);
        if (body == NULL)
            return MHD_NO; /* libmicrohttpd closes the connection */
        request->body = body;
        request->body_room = room;
    }
    memcpy(request->body + request->body_size, upload, size);
    request->body_size += size;
    return MHD_YES;
}
