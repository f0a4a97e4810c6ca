/* One request of the staff, from who asks to the answer. A visit ends with exactly one of visit_json, visit_refuse and
 * visit_answer_written; it and whatever hangs on it is freed then. */
#ifndef ZHITONG_DESK_VISIT_H
#define ZHITONG_DESK_VISIT_H

#include <jansson.h>

#include "services/desk/desk.h"

struct visit;
typedef void visit_handler(struct visit *visit);

struct visit {
    struct desk *desk;
    struct http_request *request;
    struct person person; /* empty where nobody is needed */
    char digest[DIGEST_TEXT_SIZE];
    visit_handler *handle;
    uint64_t case_id;
    int limit;    /* of a page */
    int status;   /* of the answer that waits for the audit */
    json_t *json; /* its body */
    bool must_be_written;
    void *own; /* the handler's, from malloc */
};

/* Finds out who asks, then calls the handler; answers 401 where nobody known does. `context` is that of an HTTP handler. */
void visit_begin(void *context, struct http_request *request, visit_handler *handle);
/* The same for what anybody may ask. */
void visit_begin_open(void *context, struct http_request *request, visit_handler *handle);

/* Ends a visit whose request the handler has answered itself. */
void visit_end(struct visit *visit);
void visit_json(struct visit *visit, int status, json_t *take_json);
void visit_refuse(struct visit *visit, int status, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void visit_refuse_why(struct visit *visit, int status, const struct reason *why);
/* Whether intake took the report that was handed in for the visit; false: it did not, or nobody knows, and the visit has been
 * answered. */
bool visit_spawned(struct visit *visit, const struct spawn_answer *answer);
/* Answers once the row stands in the audit. must_be_written: where it cannot be written, 503 instead of the answer. */
void visit_answer_written(struct visit *visit, int status, json_t *take_json, const struct audit_row *row);
void visit_row(const struct visit *visit, const char *what,
               struct audit_row *row); /* with who and which case filled in */

/* An ask whose first step says what the person may see; `done` gets the visit. Its own steps count from 1. */
struct ask *visit_ask(struct visit *visit, ask_done *done);
void visit_put(struct visit *visit, enum ask_lane lane, struct ask *take_ask); /* 503 when too many are under way */
/* The step's result; NULL: it failed and the visit has been answered. */
const PGresult *visit_result(struct visit *visit, const struct ask *ask, int step);

/* The first star of the path as a case's id into visit->case_id; else answers 404 and returns false. */
bool visit_case(struct visit *visit);
/* The body as a JSON object, which the caller owns; NULL: answered. */
json_t *visit_body(struct visit *visit);
/* The Idempotency-Key, mixed with who sends it and what it is about, as a key for other services; NULL: answered. */
#define VISIT_KEY_SIZE 44
const char *visit_key(struct visit *visit, const char *about, char key[VISIT_KEY_SIZE]);

#endif
