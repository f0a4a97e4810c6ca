#include "services/intake/cap_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/instant.h"
#include "proto/text.h"

#define GEOCODE "geocode"
#define AREA_DESC "areaDesc"

struct place { /* what a field is looked for in */
    const struct cap_origin *origin;
    const struct cap_area *area; /* NULL: the alert names none */
};

int cap_check(const struct cap_alert *alert, struct reason *why) {
    bool cancels = strcmp(alert->kind, "Cancel") == 0;
    if (strcmp(alert->status, "Actual") != 0)
        return refuse(why, "status", "is %s: only actual alerts become reports", alert->status);
    if (!cancels && strcmp(alert->kind, "Alert") != 0 && strcmp(alert->kind, "Update") != 0)
        return refuse(why, "msgType", "is %s: only Alert, Update and Cancel are taken", alert->kind);
    if (strcmp(alert->kind, "Alert") != 0 && alert->references[0] == '\0')
        return refuse(why, "references", "is missing: which alert is meant?");
    if (alert->info_count == 0 && !cancels)
        return refuse(why, "info", "is missing");
    return 0;
}

int cap_check_scope(const struct cap_alert *alert, const struct channel *channel, struct reason *why) {
    if (strcmp(alert->scope, "Public") == 0 || strcmp(channel->privacy, "public") != 0)
        return 0;
    return refuse(why, "scope", "is %s, and the cases of the channel \"%s\" are public", alert->scope, channel->code);
}

const struct cap_info *cap_info_for(const struct cap_alert *alert, const struct source *source) {
    const struct source_field *field = source_field(source, "language");
    const char *wanted = field != NULL ? field->fallback : "";
    for (size_t i = 0; *wanted != '\0' && i < alert->info_count; i++)
        if (strncasecmp(alert->infos[i].language, wanted, strcspn(wanted, "-")) == 0)
            return &alert->infos[i];
    return alert->info_count > 0 ? &alert->infos[0] : NULL;
}

/* ---- a field ------------------------------------------------------------------------------------------------------------- */

/* The first code of the area that source_values.csv knows; else its first code. */
static const char *find_geocode(const struct cap_area *area, const struct source_field *field) {
    for (size_t i = 0; i < area->geocode_count; i++)
        for (size_t j = 0; j < field->value_count; j++)
            if (strcmp(field->values[j].theirs, area->geocodes[i].value) == 0)
                return area->geocodes[i].value;
    return area->geocode_count > 0 ? area->geocodes[0].value : "";
}

static enum found find(void *context, const struct source_field *field, char *text, struct reason *why) {
    const struct place *place = context;
    const char *found = "";
    (void)why;
    if (strcmp(field->name, "language") == 0)
        return FOUND_NOTHING; /* in which the alert is read, not in which anybody is answered */
    if (strcmp(field->at, GEOCODE) == 0)
        found = place->area != NULL ? find_geocode(place->area, field) : "";
    else if (strcmp(field->at, AREA_DESC) == 0)
        found = place->area != NULL ? place->area->desc : "";
    else
        found = cap_text(place->origin->alert, place->origin->info, field->at);
    if (found == NULL || *found == '\0')
        return FOUND_NOTHING;
    snprintf(text, SOURCE_TEXT_MAX + 1, "%s", found);
    return FOUND_TEXT;
}

/* Cuts to what fits, at a character's border: an alert is not refused for its length. */
static void put_cut(char *to, size_t room, const char *text) {
    size_t size = strlen(text);
    if (size >= room)
        size = text_clean(text, room - 1);
    memcpy(to, text, size);
    to[size] = '\0';
}

static void put_description(struct submit *out, const struct cap_info *info) {
    char text[2 * CAP_TEXT_MAX + 2];
    bool both = info->description[0] != '\0' && info->instruction[0] != '\0';
    snprintf(text, sizeof text, "%s%s%s", info->description, both ? "\n" : "", info->instruction);
    put_cut(out->description, sizeof out->description, text);
}

static void put_defaults(const struct place *place, struct submit *out) {
    const struct cap_alert *alert = place->origin->alert;
    const struct cap_info *info = place->origin->info;
    if (out->title[0] == '\0')
        put_cut(out->title, sizeof out->title, info->headline[0] != '\0' ? info->headline : info->event);
    if (out->description[0] == '\0')
        put_description(out, info);
    if (out->address[0] == '\0' && place->area != NULL)
        put_cut(out->address, sizeof out->address, place->area->desc);
    if (isnan(out->lat) && place->area != NULL) {
        out->lat = place->area->lat;
        out->lon = place->area->lon;
    }
    if (out->attributes[0] == '\0') /* words of the standard: nothing in them needs an escape */
        snprintf(out->attributes, sizeof out->attributes,
                 "{\"severity\":\"%s\",\"urgency\":\"%s\",\"certainty\":\"%s\"}", info->severity, info->urgency,
                 info->certainty);
    if (out->occurred_at == 0 &&
        instant_of_text(place->origin->zone, INSTANT_ISO8601, alert->sent, &out->occurred_at) != 0)
        out->occurred_at = 0;
}

/* ---- reports ------------------------------------------------------------------------------------------------------------------ */

void cap_reference(const struct cap_alert *alert, char reference[CAP_REFERENCE_MAX + 1]) {
    snprintf(reference, CAP_REFERENCE_MAX + 1, "%s,%s,%s", alert->sender, alert->identifier, alert->sent);
}

void cap_key(char key[65], const char *reference, size_t nth) {
    char hash[SOURCE_HASH_SIZE];
    source_hash(hash, reference);
    snprintf(key, 65, "cap:%s:%zu", hash, nth);
}

size_t cap_references(const struct cap_alert *alert, char references[CAP_REFERENCES_MAX][CAP_REFERENCE_MAX + 1]) {
    size_t count = 0;
    for (const char *at = alert->references; *at != '\0';) {
        size_t length = strcspn(at, " \t\r\n");
        if (length > 0 && length <= CAP_REFERENCE_MAX) {
            char *to = references[count++ % CAP_REFERENCES_MAX];
            memcpy(to, at, length);
            to[length] = '\0';
        }
        at += length + strspn(at + length, " \t\r\n");
    }
    return count < CAP_REFERENCES_MAX ? count : CAP_REFERENCES_MAX;
}

static int read_area(const struct place *place, struct submit *out, struct reason *why) {
    const struct cap_origin *origin = place->origin;
    const struct source_reader reader = {.source = origin->source,
                                         .zone = origin->zone,
                                         .find = find,
                                         .context = (struct place *)(uintptr_t)place,
                                         .key = "-"};
    if (source_report(&reader, out, why) != 0)
        return -1;
    put_defaults(place, out);
    out->language[0] = '\0';
    if (out->source_id[0] == '\0')
        put_cut(out->source_id, sizeof out->source_id, origin->alert->identifier);
    return message_check(MESSAGE_submit, out, why);
}

int cap_reports(const struct cap_origin *origin, struct submit *out, size_t *count, struct reason *why) {
    char reference[CAP_REFERENCE_MAX + 1];
    size_t areas = origin->info->area_count, found = 0;
    cap_reference(origin->alert, reference);
    for (size_t i = 0; i < (areas > 0 ? areas : 1); i++) {
        const struct place place = {origin, areas > 0 ? &origin->info->areas[i] : NULL};
        if (read_area(&place, &out[found], why) != 0)
            return -1;
        size_t same = 0;
        while (same < found && strcmp(out[same].area, out[found].area) != 0)
            same++;
        if (same < found)
            continue;
        cap_key(out[found].key, reference, found);
        found++;
    }
    *count = found;
    return 0;
}
