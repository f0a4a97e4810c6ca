#include "common/geojson.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/city_fields.h"

#define VALUE_BYTES_MAX 24 /* of one coordinate as text */

static void complain(struct city_draft *draft, size_t feature, const char *field, const char *text) {
    struct reason why;
    (void)refuse(&why, field, "%s", text);
    draft_complain_at(draft, (struct draft_place){CITY_fences, feature, 1}, &why);
}

/* "long lat long lat …" without the repeated last point; NULL: it is no ring. The caller frees. */
static char *ring_text(const json_t *ring) {
    size_t count = json_array_size(ring), size = 0, room = count * 2 * VALUE_BYTES_MAX + 1;
    if (count < 4 || room > RING_BYTES_MAX || !json_equal(json_array_get(ring, 0), json_array_get(ring, count - 1)))
        return NULL;
    char *text = malloc(room);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i + 1 < count; i++) {
        const json_t *lon = json_array_get(json_array_get(ring, i), 0),
                     *lat = json_array_get(json_array_get(ring, i), 1);
        if (!json_is_number(lon) || !json_is_number(lat)) {
            free(text);
            return NULL;
        }
        size += (size_t)snprintf(text + size, room - size, "%s%.7g %.7g", i == 0 ? "" : " ", json_number_value(lon),
                                 json_number_value(lat));
    }
    return text;
}

static bool add_polygon(struct city_draft *draft, size_t feature, const char *code, size_t part, const json_t *rings) {
    char number[24];
    snprintf(number, sizeof number, "%zu", part);
    for (size_t i = 0; i < json_array_size(rings); i++) {
        char *text = ring_text(json_array_get(rings, i));
        if (text == NULL) {
            complain(
                draft, feature, "coordinates",
                "a ring must have at least four points, the last one the first again, each [long, lat] in degrees");
            return false;
        }
        const char *fields[] = {code, number, i == 0 ? "no" : "yes", text};
        bool added = city_draft_add(draft, CITY_fences, feature, fields);
        free(text);
        if (!added)
            return false;
    }
    return json_array_size(rings) > 0;
}

static void add_feature(struct city_draft *draft, size_t number, const json_t *feature) {
    const json_t *geometry = json_object_get(feature, "geometry"), *shapes = json_object_get(geometry, "coordinates");
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const char *code = json_string_value(json_object_get(json_object_get(feature, "properties"), "code"));
    if (code == NULL) {
        complain(draft, number, "code", "the feature's properties must have the area's code, a text");
    } else if (type != NULL && strcmp(type, "Polygon") == 0) {
        (void)add_polygon(draft, number, code, 0, shapes);
    } else if (type != NULL && strcmp(type, "MultiPolygon") == 0) {
        for (size_t i = 0; i < json_array_size(shapes); i++)
            if (!add_polygon(draft, number, code, i, json_array_get(shapes, i)))
                return;
    } else {
        complain(draft, number, "geometry", "must be a Polygon or a MultiPolygon");
    }
}

void geojson_read_fences(struct city_draft *draft, const char *path) {
    json_error_t error;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    const json_t *features = json_object_get(json, "features");
    if (json == NULL) {
        char text[JSON_ERROR_TEXT_LENGTH + 40];
        snprintf(text, sizeof text, "line %d, column %d: %s", error.line, error.column, error.text);
        complain(draft, 1, "", text);
    } else if (!json_is_array(features)) {
        complain(draft, 1, "features", "must be a GeoJSON FeatureCollection");
    }
    for (size_t i = 0; i < json_array_size(features); i++)
        add_feature(draft, i + 1, json_array_get(features, i));
    json_decref(json);
}
