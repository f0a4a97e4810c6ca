/* From a file part of a request to a stored file: into the store's incoming folder as it comes, then, in a thread, what the camera
 * wrote is taken out and a small picture made, then a row is written, then both are stored. */
#ifndef ZHITONG_INTAKE_UPLOADS_H
#define ZHITONG_INTAKE_UPLOADS_H

#include "common/http_form.h"
#include "services/intake/intake.h"

#define UPLOADS_WAITING_MAX 64 /* files that are being stored or wait for it; more get 503 */

struct upload_note {  /* of struct http_stored: what stood in this copy */
    double lat, lon;  /* NaN: nothing */
    int64_t taken_at; /* unix ms; 0: nothing */
};

/* The hooks of intake's HTTP server; their context is its struct service_loop. */
extern const struct http_upload intake_upload;

#endif
