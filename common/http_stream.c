/* Answers without an end. libmicrohttpd asks for more whenever the socket takes more; with nothing to give the connection is
 * suspended, which costs nothing, until http_stream_wake. */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "common/http_inner.h"

#define SEND_BYTES_MAX 65536 /* Linux takes twice as much; its own way would be some megabytes for each slow client */

#define BLOCK_BYTES \
    2048 /* what an HTTP/1.0 client gets at a time; chunks are written straight into the connection's pool */

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

static int fd_of(const struct http_request *request) {
    return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

bool http_stream_is_left(const struct http_request *request) {
    char byte;
    ssize_t size = recv(fd_of(request), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

struct MHD_Response *http_stream_response(struct http_request *request) {
    const int size = SEND_BYTES_MAX;

    (void)setsockopt(fd_of(request), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
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
