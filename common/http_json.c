#include "common/http_json.h"

#include <stdlib.h>
#include <string.h>

void http_answer_json(struct http_request *request, int status, json_t *take_json) {
    char *text = json_dumps(take_json, JSON_COMPACT | JSON_REAL_PRECISION(15));
    http_answer(request, status, "application/json; charset=utf-8", text, strlen(text));
    free(text);
    json_decref(take_json);
}

json_t *http_body_json(const struct http_request *request, struct reason *why) {
    size_t size;
    const uint8_t *body = http_body(request, &size);
    json_error_t error;
    if (size == 0) {
        (void)refuse(why, "body", "is missing: send JSON");
        return NULL;
    }
    json_t *json = json_loadb((const char *)body, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        (void)refuse(why, "body", "line %d, column %d: %s", error.line, error.column, error.text);
    return json;
}

json_t *http_body_object(const struct http_request *request, struct reason *why) {
    json_t *json = http_body_json(request, why);
    if (json == NULL || json_is_object(json))
        return json;
    (void)refuse(why, "body", "must be a JSON object");
    json_decref(json);
    return NULL;
}
