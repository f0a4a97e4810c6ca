/* One request of a reporter, from his code to the answer. A visit ends with exactly one of receipt_json and the refusals; it is freed
 * then. Inside of receipt_*.c. */
#ifndef ZHITONG_INTAKE_RECEIPT_VISIT_H
#define ZHITONG_INTAKE_RECEIPT_VISIT_H

#include <jansson.h>

#include "services/intake/door.h"
#include "services/intake/intake.h"
#include "services/intake/receipts.h"

struct receipt_visit;
typedef void receipt_handler(struct receipt_visit *visit);

#define RECEIPT_KEY_SIZE 44
struct receipt_visit {
    struct intake *intake;
    struct http_request *request;
    uint64_t case_id;
    const struct receipt_action *action; /* of a POST */
    char key[RECEIPT_KEY_SIZE];
    char file[241]; /* that is still to be attached */
    struct command command;
    receipt_handler *then;   /* of a supplement that was found good */
    struct door_found found; /* and how complete the report is with it; score 0: that was not looked at */
};

/* Calls the handler where the code is that of the case in the path; else answers. */
void receipt_begin(void *context, struct http_request *request, receipt_handler *handle);

void receipt_json(struct receipt_visit *visit, int status, json_t *take_json);
void receipt_refuse(struct receipt_visit *visit, int status, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void receipt_refuse_why(struct receipt_visit *visit, int status, const struct reason *why);

#define RECEIPT_ENTRIES_MAX "2000" /* of a case's history that are looked through */
/* receipt_supplement.c: checks the command of a supplement, gives its file the type and size that it is stored with and calls
 * `then`, or answers. */
void receipt_supplement(struct receipt_visit *visit, receipt_handler *then);
/* How complete the report is with what its reporter said since; false: that cannot be told. */
bool receipt_complete(const struct receipt_visit *visit, const PGresult *history,
                      const struct report_received *received, struct door_found *found);

/* An ask for queries that take the case's number first. */
struct ask *receipt_ask(struct receipt_visit *visit, ask_done *done);
void receipt_step(struct ask *ask, const struct receipt_visit *visit, const char *query, const char *second);
void receipt_put(struct receipt_visit *visit, enum ask_lane lane,
                 struct ask *take_ask); /* 503 when too many are under way */
/* The step's result; NULL: it failed and the visit has been answered. */
const PGresult *receipt_result(struct receipt_visit *visit, const struct ask *ask, int step);

#endif
