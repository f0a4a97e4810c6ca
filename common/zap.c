/* ZAP (ZeroMQ RFC 27): libzmq asks inproc://zeromq.zap.01 at each handshake who the key belongs to. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire.h"

#define ZAP_FRAMES 7 /* version, request id, domain, address, routing id, mechanism, key */
#define ZAP_FRAME_MAX 255
#define CURVE_KEY_BYTES 32

struct zap {
    void *socket;
};

struct zap *zap_open(void *context) {
    struct zap *zap = calloc(1, sizeof *zap);
    assert(zap != NULL);
    zap->socket = zmq_socket(context, ZMQ_REP);
    int none = 0;
    zmq_setsockopt(zap->socket, ZMQ_LINGER, &none, sizeof none);
    int status = zmq_bind(zap->socket, "inproc://zeromq.zap.01");
    assert(status == 0);
    (void)status;
    return zap;
}

void zap_close(struct zap **zap) {
    if (*zap == NULL)
        return;
    zmq_close((*zap)->socket);
    free(*zap);
    *zap = NULL;
}

void *zap_socket(struct zap *zap) {
    return zap->socket;
}

struct zap_request {
    char frames[ZAP_FRAMES][ZAP_FRAME_MAX + 1];
    int sizes[ZAP_FRAMES];
    int count;
};

static bool read_request(void *socket, struct zap_request *request) {
    request->count = 0;
    int more = 1;
    while (more) {
        char spare[ZAP_FRAME_MAX + 1];
        char *frame = request->count < ZAP_FRAMES ? request->frames[request->count] : spare;
        int size = zmq_recv(socket, frame, ZAP_FRAME_MAX, ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        if (size > ZAP_FRAME_MAX)
            size = ZAP_FRAME_MAX;
        frame[size] = '\0';
        if (request->count < ZAP_FRAMES)
            request->sizes[request->count] = size;
        request->count++;
        size_t length = sizeof more;
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &length);
    }
    return true;
}

static void answer(void *socket, const struct zap_request *request, bool known, const char *user) {
    /* 300, not 400: libzmq closes the connection without a word, and the client tries again. After a 400 a client's
     * socket is dead for good, also when the key was only not known yet: before our first view, or just added. */
    const char *texts[] = {"1.0", NULL, known ? "200" : "300", known ? "OK" : "unknown key", known ? user : "", ""};
    for (int i = 0; i < 6; i++) {
        const char *data = i == 1 ? request->frames[1] : texts[i];
        size_t size = i == 1 ? (size_t)request->sizes[1] : strlen(texts[i]);
        zmq_send(socket, data, size, i < 5 ? ZMQ_SNDMORE : 0);
    }
}

void zap_turn(struct zap *zap, zap_find *find, void *find_context) {
    struct zap_request request;
    while (read_request(zap->socket, &request)) {
        char user[WIRE_USER_MAX + 1] = "";
        bool known = false;
        if (request.count == ZAP_FRAMES && strcmp(request.frames[5], "CURVE") == 0 &&
            request.sizes[6] == CURVE_KEY_BYTES) {
            char key[WIRE_KEY_SIZE];
            zmq_z85_encode(key, (const uint8_t *)request.frames[6], CURVE_KEY_BYTES);
            known = find(find_context, &(struct zap_who){request.frames[2], request.frames[3], key}, user);
        }
        answer(zap->socket, &request, known, user);
    }
}
