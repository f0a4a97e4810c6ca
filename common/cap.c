#include "common/cap.h"

#include <assert.h>
#include <expat.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cap_place.h"
#include "common/instant.h"
#include "proto/text.h"

#define READ_BYTES_MAX 48000 /* of one text before blanks go: the points of a polygon are many */
#define SEPARATOR '|'        /* between namespace and name */

enum level { LEVEL_NONE, LEVEL_ALERT, LEVEL_INFO, LEVEL_AREA, LEVEL_GEOCODE };

struct element {
    enum level within;
    const char *name;
    size_t offset, room; /* in the struct of that level; room 0: read otherwise */
    bool needed;
    const char *words; /* that it may be, apart by blanks; an_instant; NULL: any */
};

static const char an_instant[] = "dateTime"; /* of CAP 1.2, section 3.3.2: with its zone */

#define ALERT(name, member, needed, words) \
    { LEVEL_ALERT, name, offsetof(struct cap_alert, member), sizeof(((struct cap_alert *)0)->member), needed, words }
#define INFO(name, member, needed, words) \
    { LEVEL_INFO, name, offsetof(struct cap_info, member), sizeof(((struct cap_info *)0)->member), needed, words }

static const struct element elements[] = {
    ALERT("identifier", identifier, true, NULL),
    ALERT("sender", sender, true, NULL),
    ALERT("sent", sent, true, an_instant),
    ALERT("status", status, true, "Actual Exercise System Test Draft"),
    ALERT("msgType", kind, true, "Alert Update Cancel Ack Error"),
    ALERT("scope", scope, true, "Public Restricted Private"),
    ALERT("note", note, false, NULL),
    ALERT("references", references, false, NULL),
    INFO("language", language, false, NULL),
    INFO("event", event, true, NULL),
    INFO("urgency", urgency, true, "Immediate Expected Future Past Unknown"),
    INFO("severity", severity, true, "Extreme Severe Moderate Minor Unknown"),
    INFO("certainty", certainty, true, "Observed Likely Possible Unlikely Unknown"),
    INFO("effective", effective, false, an_instant),
    INFO("onset", onset, false, an_instant),
    INFO("expires", expires, false, an_instant),
    INFO("senderName", sender_name, false, NULL),
    INFO("headline", headline, false, NULL),
    INFO("description", description, false, NULL),
    INFO("instruction", instruction, false, NULL),
    INFO("web", web, false, NULL),
    INFO("contact", contact, false, NULL),
    {LEVEL_AREA, "areaDesc", offsetof(struct cap_area, desc), sizeof(((struct cap_area *)0)->desc), true, NULL},
    {LEVEL_AREA, "polygon", 0, 0, false, NULL},
    {LEVEL_AREA, "circle", 0, 0, false, NULL},
    {LEVEL_GEOCODE, "valueName", offsetof(struct cap_geocode, name), sizeof(((struct cap_geocode *)0)->name), true,
     NULL},
    {LEVEL_GEOCODE, "value", offsetof(struct cap_geocode, value), sizeof(((struct cap_geocode *)0)->value), true, NULL},
};
#define ELEMENT_COUNT (sizeof elements / sizeof *elements)

struct reading {
    XML_Parser parser;
    struct cap_alert *alert;
    struct reason *why;
    enum level level;
    int depth, unknown; /* unknown: elements that are open and none of ours */
    size_t element_count;
    const struct element *open;
    size_t size;
    char text[READ_BYTES_MAX + 1];
    bool failed;
};

static void fail(struct reading *reading, const char *field, const char *what) {
    if (!reading->failed)
        (void)refuse(reading->why, field, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(reading->parser),
                     what);
    reading->failed = true;
    XML_StopParser(reading->parser, XML_FALSE);
}

/* The struct that elements of this level belong to. */
static void *holder(struct reading *reading, enum level level) {
    struct cap_alert *alert = reading->alert;
    if (level == LEVEL_ALERT)
        return alert;
    struct cap_info *info = &alert->infos[alert->info_count - 1];
    if (level == LEVEL_INFO)
        return info;
    struct cap_area *area = &info->areas[info->area_count - 1];
    return level == LEVEL_AREA ? (void *)area : &area->geocodes[area->geocode_count - 1];
}

static bool add(struct reading *reading, size_t *count, size_t most, const char *name) {
    if (*count < most) {
        (*count)++;
        return true;
    }
    fail(reading, name, "there are too many of them");
    return false;
}

/* True when the element holds others of ours. */
static bool opens_level(struct reading *reading, const char *name) {
    struct cap_alert *alert = reading->alert;
    if (reading->level == LEVEL_ALERT && strcmp(name, "info") == 0) {
        if (add(reading, &alert->info_count, CAP_INFOS_MAX, name))
            reading->level = LEVEL_INFO;
        return true;
    }
    if (reading->level == LEVEL_INFO && strcmp(name, "area") == 0) {
        struct cap_info *info = holder(reading, LEVEL_INFO);
        if (add(reading, &info->area_count, CAP_AREAS_MAX, name)) {
            reading->level = LEVEL_AREA;
            info->areas[info->area_count - 1].lat = info->areas[info->area_count - 1].lon = NAN;
        }
        return true;
    }
    if (reading->level == LEVEL_AREA && strcmp(name, "geocode") == 0) {
        struct cap_area *area = holder(reading, LEVEL_AREA);
        if (add(reading, &area->geocode_count, CAP_GEOCODES_MAX, name))
            reading->level = LEVEL_GEOCODE;
        return true;
    }
    return false;
}

static const char *local_name(const char *name) {
    size_t length = strlen(CAP_NAMESPACE);
    return strncmp(name, CAP_NAMESPACE, length) == 0 && name[length] == SEPARATOR ? name + length + 1 : NULL;
}

static void XMLCALL on_start(void *context, const XML_Char *full, const XML_Char **attributes) {
    struct reading *reading = context;
    const char *name = local_name(full);
    (void)attributes;
    if (++reading->depth > CAP_DEPTH_MAX || ++reading->element_count > CAP_ELEMENTS_MAX) {
        fail(reading, "alert", "too many elements, or too deep");
        return;
    }
    if (reading->depth == 1) {
        if (name == NULL || strcmp(name, "alert") != 0)
            fail(reading, "alert", "must be an alert of " CAP_NAMESPACE);
        reading->level = LEVEL_ALERT;
        return;
    }
    if (reading->unknown > 0 || name == NULL) {
        reading->unknown++;
        return;
    }
    if (reading->open != NULL) {
        fail(reading, reading->open->name, "must hold text only");
        return;
    }
    if (opens_level(reading, name))
        return;
    for (size_t i = 0; i < ELEMENT_COUNT && reading->open == NULL; i++)
        if (elements[i].within == reading->level && strcmp(elements[i].name, name) == 0)
            reading->open = &elements[i];
    reading->size = 0;
    reading->unknown += reading->open == NULL;
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size) {
    struct reading *reading = context;
    if (reading->open == NULL || reading->unknown > 0 || reading->failed)
        return;
    if (reading->size + (size_t)size > READ_BYTES_MAX) {
        fail(reading, reading->open->name, "is too long");
        return;
    }
    memcpy(reading->text + reading->size, text, (size_t)size);
    reading->size += (size_t)size;
}

static bool is_word(const char *words, const char *text) {
    size_t length = strlen(text);
    const char *found = words;
    if (length == 0)
        return false; /* it stands everywhere, also behind the end */
    while ((found = strstr(found, text)) != NULL) {
        if ((found == words || found[-1] == ' ') && (found[length] == ' ' || found[length] == '\0'))
            return true;
        found++;
    }
    return false;
}

/* The zone must be there: where an alert was written is not known. */
static bool is_instant(const char *text) {
    const char *time = strchr(text, 'T');
    int64_t at;
    return time != NULL && strpbrk(time, "Z+-") != NULL && instant_of_text(NULL, INSTANT_ISO8601, text, &at) == 0;
}

/* Without blanks around it. */
static char *trimmed(struct reading *reading) {
    char *text = reading->text;
    size_t size = reading->size;
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL)
        size--;
    text[size] = '\0';
    return text + strspn(text, " \t\r\n");
}

static void keep_place(struct reading *reading, const char *name, const char *text) {
    struct cap_area *area = holder(reading, LEVEL_AREA);
    double lat, lon;
    int status = strcmp(name, "circle") == 0 ? cap_circle(text, &lat, &lon) : cap_polygon(text, &lat, &lon);
    if (status != 0) {
        fail(reading, name, "must be pairs of latitude and longitude in WGS-84 degrees");
        return;
    }
    if (isnan(area->lat)) {
        area->lat = lat;
        area->lon = lon;
    }
}

static void keep_text(struct reading *reading) {
    const struct element *open = reading->open;
    const char *text = trimmed(reading);
    size_t length = strlen(text);
    reading->open = NULL;
    if (open->room == 0) {
        keep_place(reading, open->name, text);
        return;
    }
    char *to = (char *)holder(reading, open->within) + open->offset;
    if (*to != '\0')
        fail(reading, open->name, "stands there twice");
    else if (length >= open->room)
        fail(reading, open->name, "is too long");
    else if (text_clean(text, length) != length)
        fail(reading, open->name, "holds a control character");
    else if (open->words == an_instant && !is_instant(text))
        fail(reading, open->name, "must be a date and time with its zone such as 2026-09-01T08:30:00+08:00");
    else if (open->words != NULL && open->words != an_instant && !is_word(open->words, text))
        fail(reading, open->name, "is no word of CAP 1.2");
    else
        memcpy(to, text, length + 1);
}

static void check_needed(struct reading *reading, enum level level) {
    for (size_t i = 0; i < ELEMENT_COUNT; i++)
        if (elements[i].within == level && elements[i].needed &&
            *((const char *)holder(reading, level) + elements[i].offset) == '\0')
            fail(reading, elements[i].name, "is missing");
}

static void XMLCALL on_end(void *context, const XML_Char *full) {
    struct reading *reading = context;
    (void)full;
    reading->depth--;
    if (reading->failed)
        return;
    if (reading->unknown > 0) {
        reading->unknown--;
    } else if (reading->open != NULL) {
        keep_text(reading);
    } else {
        check_needed(reading, reading->level);
        reading->level--;
    }
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public_id,
                               int has_subset) {
    (void)name;
    (void)system;
    (void)public_id;
    (void)has_subset;
    fail(context, "DOCTYPE", "a document type is not taken");
}

int cap_read(struct cap_alert **out, const uint8_t *text, size_t size, struct reason *why) {
    struct reading *reading = calloc(1, sizeof *reading);
    struct cap_alert *alert = calloc(1, sizeof *alert);
    assert(reading != NULL && alert != NULL && size <= INT32_MAX);
    reading->alert = alert;
    reading->why = why;
    reading->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    assert(reading->parser != NULL);
    XML_SetUserData(reading->parser, reading);
    XML_SetElementHandler(reading->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reading->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reading->parser, on_doctype);
    int status = XML_Parse(reading->parser, (const char *)text, (int)size, XML_TRUE) == XML_STATUS_OK ? 0 : -1;
    if (status != 0 && !reading->failed)
        (void)refuse(why, "body", "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(reading->parser),
                     XML_ErrorString(XML_GetErrorCode(reading->parser)));
    status = reading->failed ? -1 : status;
    XML_ParserFree(reading->parser);
    free(reading);
    if (status == 0)
        *out = alert;
    else
        free(alert);
    return status;
}

void cap_close(struct cap_alert **alert) {
    free(*alert);
    *alert = NULL;
}

const char *cap_text(const struct cap_alert *alert, const struct cap_info *info, const char *name) {
    for (size_t i = 0; i < ELEMENT_COUNT; i++) {
        if (strcmp(elements[i].name, name) != 0)
            continue;
        if (elements[i].within == LEVEL_ALERT)
            return (const char *)alert + elements[i].offset;
        if (elements[i].within == LEVEL_INFO)
            return (const char *)info + elements[i].offset;
    }
    return NULL;
}
