#include "services/intake/warning_cap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap.h"
#include "common/city.h"
#include "services/intake/open311_time.h"

#define POINT_BYTES_MAX 40
enum { ENGLISH, CHINESE };

void warning_id(const char *city, uint64_t case_id, int number, char id[WARNING_ID_SIZE]) {
    snprintf(id, WARNING_ID_SIZE, "%s-%" PRIu64 "-%d", city, case_id, number);
}

void warning_headline(const struct warning *warning, int language, char *text, size_t room) {
    snprintf(text, room, language == CHINESE ? "%s：%s" : "%s: %s", warning->event[language],
             warning->area_name[language]);
}

/* The four colours of the city are the four words of the standard. */
static const char *severity_word(const char *severity) {
    static const char *const words[] = {"Minor", "Moderate", "Severe", "Extreme"};
    int rank = severity_rank(severity);
    return rank < 0 ? "Unknown" : words[rank];
}

static void emit_instant(struct emit *emit, const char *name, const struct zone *zone, int64_t at) {
    char text[OPEN311_TIME_SIZE];
    open311_time_write(zone, at, text);
    emit_text(emit, name, text);
}

/* sender,identifier,sent of each earlier one, apart by blanks. */
static void emit_references(struct emit *emit, const struct warning *warning, const struct warning_origin *origin) {
    struct bytes text = {0};
    int number, used;
    int64_t seconds;
    for (const char *at = warning->before; sscanf(at, "%d %" SCNd64 "%n", &number, &seconds, &used) == 2; at += used) {
        char id[WARNING_ID_SIZE], sent[OPEN311_TIME_SIZE];
        warning_id(origin->city, warning->case_id, number, id);
        open311_time_write(origin->zone, seconds * 1000, sent);
        const char *parts[] = {text.size > 0 ? " " : "", origin->sender, ",", id, ",", sent};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            bytes_append(&text, parts[i], strlen(parts[i]));
    }
    if (text.size > 0) {
        bytes_append(&text, "", 1);
        emit_text(emit, "references", (const char *)text.data);
    }
    bytes_close(&text);
}

/* ---- the place ---------------------------------------------------------------------------------------------------------- */

static size_t count_points(const char *ring, const char *end) {
    size_t blanks = 0;
    for (; ring < end; ring++)
        blanks += *ring == ' ';
    return (blanks + 1) / 2;
}

static const char *read_point(const char *at, double point[2]) {
    char *rest;
    point[1] = strtod(at, &rest);
    point[0] = strtod(rest, &rest);
    return rest;
}

/* Latitude and longitude, the last point the first again. Fewer than three points are none. */
static void emit_polygon(struct emit *emit, const char *ring, const char *end) {
    size_t count = count_points(ring, end), step = (count + WARNING_POINTS_MAX - 1) / WARNING_POINTS_MAX;
    char *text = malloc((WARNING_POINTS_MAX + 2) * POINT_BYTES_MAX), *to = text;
    char first[POINT_BYTES_MAX] = "";
    double point[2];
    if (text == NULL || count < 3) {
        free(text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        ring = read_point(ring, point);
        if (i % step != 0)
            continue;
        to += snprintf(to, POINT_BYTES_MAX, "%.5f,%.5f ", point[0], point[1]);
        if (i == 0)
            snprintf(first, sizeof first, "%.5f,%.5f", point[0], point[1]);
    }
    snprintf(to, POINT_BYTES_MAX, "%s", first);
    emit_text(emit, "polygon", text);
    free(text);
}

static void emit_circle(struct emit *emit, const struct warning *warning) {
    char text[80];
    if (isnan(warning->lat) || isnan(warning->lon))
        return;
    snprintf(text, sizeof text, "%.5f,%.5f %.3f", warning->lat, warning->lon, warning->metres / 1000.0);
    emit_text(emit, "circle", text);
}

static void emit_area(struct emit *emit, const struct warning *warning, int language) {
    const char *ring = warning->rings;
    emit_record(emit, "area");
    emit_text(emit, "areaDesc", warning->area_name[language]);
    for (int i = 0; i < WARNING_POLYGONS_MAX && *ring != '\0'; i++) {
        const char *end = ring + strcspn(ring, ";");
        emit_polygon(emit, ring, end);
        ring = *end == '\0' ? end : end + 1;
    }
    if (warning->rings[0] == '\0')
        emit_circle(emit, warning);
    emit_record(emit, "geocode");
    emit_text(emit, "valueName", "area");
    emit_text(emit, "value", warning->area);
    emit_end(emit);
    emit_end(emit);
}

/* ---- the alert ------------------------------------------------------------------------------------------------------------ */

static void emit_info(struct emit *emit, const struct warning *warning, const struct warning_origin *origin,
                      int language) {
    char headline[600];
    bool over = strcmp(warning->kind, "Cancel") == 0;
    warning_headline(warning, language, headline, sizeof headline);
    emit_record(emit, "info");
    emit_text(emit, "language", language == CHINESE ? "zh-CN" : "en-US");
    emit_text(emit, "category", warning->category);
    emit_text(emit, "event", warning->event[language]);
    if (over)
        emit_text(emit, "responseType", "AllClear");
    emit_text(emit, "urgency", over ? "Past" : warning->urgency);
    emit_text(emit, "severity", severity_word(warning->severity));
    emit_text(emit, "certainty", warning->certainty);
    emit_instant(emit, "expires", origin->zone, warning->expires_at);
    emit_text(emit, "senderName", origin->sender_name);
    emit_text(emit, "headline", headline);
    if (!over && warning->instruction[language][0] != '\0')
        emit_text(emit, "instruction", warning->instruction[language]);
    emit_text(emit, "web", origin->web);
    emit_area(emit, warning, language);
    emit_end(emit);
}

/* The elements stand in the order of the standard's schema. */
void warning_write(struct emit *emit, const struct warning *warning, const struct warning_origin *origin) {
    char id[WARNING_ID_SIZE];
    warning_id(origin->city, warning->case_id, warning->number, id);
    emit_record(emit, "alert");
    emit_attribute(emit, "xmlns", CAP_NAMESPACE);
    emit_text(emit, "identifier", id);
    emit_text(emit, "sender", origin->sender);
    emit_instant(emit, "sent", origin->zone, warning->sent_at);
    emit_text(emit, "status", "Actual");
    emit_text(emit, "msgType", warning->kind);
    emit_text(emit, "scope", "Public");
    emit_references(emit, warning, origin);
    emit_info(emit, warning, origin, ENGLISH);
    if (warning->event[CHINESE][0] != '\0')
        emit_info(emit, warning, origin, CHINESE);
    emit_end(emit);
}
