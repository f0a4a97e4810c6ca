#include "common/json_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

json_t *id_json(uint64_t id) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, id);
    return json_string(text);
}

json_t *codes_json(const char *codes) {
    json_t *array = json_array();
    for (codes += strspn(codes, " "); *codes != '\0'; codes += strspn(codes, " ")) {
        size_t size = strcspn(codes, " ");
        json_array_append_new(array, json_stringn(codes, size));
        codes += size;
    }
    return array;
}

void json_add_text(json_t *object, const char *name, const char *text) {
    if (text[0] != '\0')
        json_object_set_new(object, name, json_string(text));
}

void json_add_default(json_t *object, const char *name, const char *text) {
    if (json_object_get(object, name) == NULL)
        json_add_text(object, name, text);
}
