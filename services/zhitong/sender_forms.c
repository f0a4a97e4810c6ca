#include "services/zhitong/sender_forms.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/city_questions.h"
#include "common/datum.h"
#include "common/zone.h"

struct writer { /* into a text of SENDER_FORM_MAX bytes */
    char *text;
    size_t size;
};

static void put(struct writer *writer, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *writer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(writer->text + writer->size, SENDER_FORM_MAX - writer->size, format, arguments);
    va_end(arguments);
    if (size > 0 && writer->size + (size_t)size < SENDER_FORM_MAX)
        writer->size += (size_t)size;
    writer->text[writer->size] = '\0';
}

const char *sender_word(const struct source_field *field, const char *ours) {
    for (size_t i = 0; field != NULL && i < field->value_count; i++)
        if (strcmp(field->values[i].ours, ours) == 0 && strcmp(field->values[i].theirs, SOURCE_ANY_VALUE) != 0)
            return field->values[i].theirs;
    return ours;
}

/* A source may know only wider areas: then its word for the nearest one around it. */
static const char *sender_area(const struct city *city, const struct source_field *field, const char *code) {
    for (const struct area *area = city_area(city, code); area != NULL; area = area->parent)
        if (sender_word(field, area->code) != area->code)
            return sender_word(field, area->code);
    return code;
}

/* ---- one field as text ---------------------------------------------------------------------------------------------------- */

#define FIELD_TEXT_MAX 4096

static void instant_text(const struct city *city, int64_t at, char text[FIELD_TEXT_MAX]) {
    int64_t local = zone_local(city_zone(city), at), offset = (local - at) / MINUTE_MS;
    time_t seconds = (time_t)(local / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t size = strftime(text, FIELD_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + size, FIELD_TEXT_MAX - size, "%c%02" PRId64 ":%02" PRId64, offset < 0 ? '-' : '+',
             offset < 0 ? -offset / 60 : offset / 60, offset < 0 ? -offset % 60 : offset % 60);
}

static void instant_field(const struct source_field *field, const struct city *city, int64_t at,
                          char text[FIELD_TEXT_MAX]) {
    if (field->format == INSTANT_ISO8601)
        instant_text(city, at, text);
    else
        snprintf(text, FIELD_TEXT_MAX, "%" PRId64, field->format == INSTANT_UNIX ? at / 1000 : at);
}

/* Coordinates go out in the source's own system. */
static void degrees_field(const struct source *source, const struct source_field *field, const struct submit *report,
                          char text[FIELD_TEXT_MAX]) {
    double lat = report->lat, lon = report->lon;
    if (isnan(lat) || isnan(lon))
        return;
    datum_from_wgs84(datum_named(source->datum), &lat, &lon);
    snprintf(text, FIELD_TEXT_MAX, "%.6f", strcmp(field->name, "lat") == 0 ? lat : lon);
}

/* "" where the report says nothing that the source could send. */
static void field_text(const struct source *source, const struct source_field *field, const struct submit *report,
                       const struct city *city, char text[FIELD_TEXT_MAX]) {
    text[0] = '\0';
    if (field->spec == NULL || field->at[0] == '\0')
        return;
    const char *at = (const char *)report + field->spec->offset;
    if (*at == '\0' && strcmp(field->name, "description") == 0)
        at = report->title; /* a source that has one text only */
    switch (field->spec->type) {
    case FIELD_TEXT:
        snprintf(text, FIELD_TEXT_MAX, "%s",
                 strcmp(field->name, "area") == 0 ? sender_area(city, field, at) : sender_word(field, at));
        return;
    case FIELD_F64:
        degrees_field(source, field, report, text);
        return;
    case FIELD_I64:
        if (report->occurred_at != 0)
            instant_field(field, city, report->occurred_at, text);
        return;
    case FIELD_U64:
    case FIELD_FLAG:
        return;
    }
}

/* ---- webhook ---------------------------------------------------------------------------------------------------------------- */

/* Sets a text at a pointer whose parts are names, making the objects on the way. */
static void set_at(json_t *document, const char *pointer, const char *text, bool is_number) {
    char copy[SOURCE_PLACE_MAX + 1], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", pointer);
    json_t *object = document;
    for (char *part = strtok_r(copy, "/", &rest), *next; part != NULL; part = next) {
        next = strtok_r(NULL, "/", &rest);
        json_t *inner = json_object_get(object, part);
        if (next == NULL)
            json_object_set_new(object, part, is_number ? json_real(strtod(text, NULL)) : json_string(text));
        else if (inner == NULL)
            json_object_set_new(object, part, inner = json_object());
        object = inner;
    }
}

json_t *sender_webhook(const struct source *source, const struct submit *report, const struct city *city) {
    char text[FIELD_TEXT_MAX];
    json_t *one = json_object(), *document = one;
    for (size_t i = 0; i < source->field_count; i++) {
        const struct source_field *field = &source->fields[i];
        field_text(source, field, report, city, text);
        if (text[0] != '\0')
            set_at(one, field->at, text, field->spec->type == FIELD_F64);
    }
    const struct source_field *reports = source_field(source, SOURCE_REPORTS);
    if (reports == NULL)
        return document;
    if (reports->at[0] == '\0')
        return json_pack("[o]", one);
    document = json_object();
    set_at(document, reports->at, "", false); /* the objects on the way; the last one is replaced */
    char parent[SOURCE_PLACE_MAX + 1], *last;
    snprintf(parent, sizeof parent, "%s", reports->at);
    last = strrchr(parent, '/');
    *last = '\0';
    json_t *holder = document;
    for (char *rest = NULL, *part = strtok_r(parent, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest))
        holder = json_object_get(holder, part);
    json_object_set_new(holder, last + 1, json_pack("[o]", one));
    return document;
}

/* ---- desk --------------------------------------------------------------------------------------------------------------------- */

json_t *sender_entry(const struct submit *report) {
    const struct {
        const char *name, *text;
    } texts[] = {{"item", report->item},
                 {"area", report->area},
                 {"address", report->address},
                 {"title", report->title},
                 {"description", report->description},
                 {"source_id", report->source_id}};
    json_t *json = json_object();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text[0] != '\0')
            json_object_set_new(json, texts[i].name, json_string(texts[i].text));
    if (!isnan(report->lat) && !isnan(report->lon)) {
        json_object_set_new(json, "lat", json_real(report->lat));
        json_object_set_new(json, "long", json_real(report->lon));
    }
    return json;
}

/* ---- Open311 ---------------------------------------------------------------------------------------------------------------- */

static void put_pair(struct writer *writer, const char *name, const char *value) {
    if (value[0] == '\0')
        return;
    put(writer, "%s%s=", writer->size == 0 ? "" : "&", name);
    for (; *value != '\0'; value++)
        put(writer,
            strchr("-_.~", *value) != NULL || (*value >= '0' && *value <= '9') || (*value >= 'A' && *value <= 'Z') ||
                    (*value >= 'a' && *value <= 'z')
                ? "%c"
                : "%%%02X",
            (unsigned char)*value);
}

/* Records of the past hold no answers: the first choice of a list, one of a number, else what the record says. */
static void put_answers(struct writer *writer, const struct city *city, const struct submit *report) {
    const struct item *item = city_item(city, report->item);
    const struct item_words *words = item != NULL ? city_item_words(city, item) : NULL;
    char name[CODE_MAX + 16], when[FIELD_TEXT_MAX];
    instant_text(city, report->occurred_at, when);
    for (size_t i = 0; words != NULL && i < words->question_count; i++) {
        const struct question *question = &words->questions[i];
        const char *answer = question->choice_count > 0                ? question->choices[0].code
                             : question->datatype == DATATYPE_number   ? "1"
                             : question->datatype == DATATYPE_datetime ? when
                             : report->title[0] != '\0'                ? report->title
                                                                       : report->description;
        snprintf(name, sizeof name, "attribute[%s]", question->code);
        if (question->needed)
            put_pair(writer, name, answer);
    }
}

size_t sender_form(const struct city *city, const struct submit *report, char form[SENDER_FORM_MAX]) {
    struct writer writer = {form, 0};
    char degrees[32], description[sizeof report->title + sizeof report->description];
    bool both = report->title[0] != '\0' && report->description[0] != '\0';
    snprintf(description, sizeof description, "%s%s%s", report->title, both ? "\n" : "", report->description);
    put_pair(&writer, "service_code", report->item);
    put_pair(&writer, "address_string", report->address);
    put_pair(&writer, "description", description);
    put_pair(&writer, "address_id", report->area);
    put_answers(&writer, city, report);
    if (isnan(report->lat) || isnan(report->lon))
        return writer.size;
    snprintf(degrees, sizeof degrees, "%.6f", report->lat);
    put_pair(&writer, "lat", degrees);
    snprintf(degrees, sizeof degrees, "%.6f", report->lon);
    put_pair(&writer, "long", degrees);
    return writer.size;
}

/* ---- CAP -------------------------------------------------------------------------------------------------------------------- */

static void put_element(struct writer *writer, const char *name, const char *text) {
    put(writer, "<%s>", name);
    for (; *text != '\0'; text++) {
        const char *escaped = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;
        if (escaped != NULL)
            put(writer, "%s", escaped);
        else
            put(writer, "%c", *text);
    }
    put(writer, "</%s>", name);
}

size_t sender_alert(const struct source *source, const struct submit *report, const struct city *city,
                    char xml[SENDER_FORM_MAX]) {
    struct writer writer = {xml, 0};
    char sent[FIELD_TEXT_MAX];
    const struct source_field *item = source_field(source, "item"), *area = source_field(source, "area");
    instant_text(city, report->occurred_at, sent);
    put(&writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">");
    put_element(&writer, "identifier", report->source_id);
    put_element(&writer, "sender", source->code);
    put_element(&writer, "sent", sent);
    put(&writer,
        "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><category>Safety</category>");
    put_element(&writer, "event", sender_word(item, report->item));
    put(&writer, "<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>");
    put_element(&writer, "headline", report->title);
    put_element(&writer, "description", report->description);
    put(&writer, "<area>");
    put_element(&writer, "areaDesc", report->address[0] != '\0' ? report->address : report->area);
    if (!isnan(report->lat) && !isnan(report->lon))
        put(&writer, "<circle>%.6f,%.6f 0.1</circle>", report->lat, report->lon);
    put(&writer, "<geocode><valueName>area</valueName>");
    put_element(&writer, "value", sender_area(city, area, report->area));
    put(&writer, "</geocode></area></info></alert>");
    return writer.size;
}

/* ---- e-mail ------------------------------------------------------------------------------------------------------------------ */

size_t sender_mail(const struct submit *report, const struct city *city, char mail[SENDER_FORM_MAX]) {
    struct writer writer = {mail, 0};
    char date[64];
    int64_t local = zone_local(city_zone(city), report->occurred_at),
            offset = (local - report->occurred_at) / MINUTE_MS;
    time_t seconds = (time_t)(local / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S", &tm);
    put(&writer, "Date: %s %c%02d%02d\r\n", date, offset < 0 ? '-' : '+', (int)(llabs(offset) / 60),
        (int)(llabs(offset) % 60));
    put(&writer, "From: Citizen <citizen@example.org>\r\nTo: <city@example.org>\r\n");
    put(&writer, "Message-ID: <%s@example.org>\r\nSubject: %s\r\n", report->source_id, report->title);
    put(&writer,
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    put(&writer, "%s\r\n%s\r\n", report->description, report->address);
    return writer.size;
}

/* ---- CSV ---------------------------------------------------------------------------------------------------------------------- */

static void put_cell(struct writer *writer, const char *text, bool is_first) {
    put(writer, "%s\"", is_first ? "" : ",");
    for (; *text != '\0'; text++)
        put(writer, *text == '"' ? "\"%c" : "%c", *text);
    put(writer, "\"");
}

size_t sender_table(const struct source *source, const struct submit *report, const struct city *city,
                    char csv[SENDER_FORM_MAX]) {
    struct writer writer = {csv, 0};
    char text[FIELD_TEXT_MAX];
    bool is_first = true;
    for (int row = 0; row < 2; row++, is_first = true, put(&writer, "\r\n"))
        for (size_t i = 0; i < source->field_count; i++) {
            const struct source_field *field = &source->fields[i];
            if (field->spec == NULL || field->at[0] == '\0')
                continue;
            field_text(source, field, report, city, text);
            put_cell(&writer, row == 0 ? field->at : text, is_first);
            is_first = false;
        }
    return writer.size;
}
