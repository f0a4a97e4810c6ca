/* Answers without an end. libmicrohttpd asks for more whenever the socket takes more; with nothing to give the connection is
 * suspended, which costs nothing, until http_stream_wake. */
#include <assert.h>

#include "common/http_inner.h"

#define BLOCK_BYTES 2048 /* what an HTTP/1.0 client gets at a time; chunks are written straight into the connection's pool */

static ssize_t stream_read(void *context, uint64_t position, char *bytes, size_t room) {
    struct http_request *request = context;

    (void)position;
    if (request->http->closing || request->stream.read == NULL)
        return MHD_CONTENT_READER_END_OF_STREAM;
    long size = request->stream.read(request->stream.context, bytes, room);
    if (size < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (size == 0) {
        MHD_suspend_connection(request->connection);
        request->stream_rests = true;
    }
    assert((size_t)size <= room);
    return size;
}

void http_stream_drop(struct http_request *request) {
    struct http_stream stream = request->stream;

    request->stream = (struct http_stream){0};
    request->stream_rests = false;
    if (stream.closed != NULL)
        stream.closed(stream.context);
}

struct MHD_Response *http_stream_response(struct http_request *request) {
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, stream_read, request, NULL);
}

void http_answer_stream(struct http_request *request, const char *content_type, const struct http_stream *stream) {
    struct http_reply reply = {.status = MHD_HTTP_OK, .content_type = content_type, .streams = true};

    assert(request->state == HTTP_HANDLING || request->state == HTTP_WAITING); /* answered exactly once */
    request->stream = *stream;
    http_answer_reply(request, &reply);
}

void http_stream_wake(struct http_request *request) {
    if (!request->stream_rests)
        return;
    request->stream_rests = false;
    MHD_resume_connection(request->connection);
    request->http->resumed = true;
}

void http_stream_end(struct http_request *request) {
    request->stream = (struct http_stream){0};
    http_stream_wake(request);
}

void http_stream_close_all(struct http *http) {
    for (struct http_request *request = http->first; request != NULL; request = request->next)
        http_stream_wake(request);
}
