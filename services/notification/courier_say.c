/* What is said: of an entry the event itself, or words for people. */
#include <assert.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_questions.h"
#include "common/clock.h"
#include "common/event.h"
#include "services/notification/courier_inner.h"
#include "services/notification/destination.h"

/* The same whenever it is told again, and another one for each endpoint: two of them may have one address. */
static void write_id(struct saying *saying, const struct piece *piece, int64_t endpoint) {
    if (piece->announced != NULL)
        snprintf(saying->id, sizeof saying->id, "%s.%lld.%lld", piece->announced->kind, (long long)-piece->seq,
                 (long long)endpoint);
    else
        snprintf(saying->id, sizeof saying->id, "%llu.%d.%lld", (unsigned long long)piece->case_id, (int)piece->version,
                 (long long)endpoint);
}

static char *announcement_json(const struct saying *saying, const struct announced *announced, const char *source) {
    char time[EVENT_TIME_SIZE + 1], type[48];
    bool is_test = strcmp(announced->kind, "test") == 0;
    event_time(time, announced->at);
    snprintf(type, sizeof type, "zhitong.%s", is_test ? "test" : "endpoint.disabled");
    json_t *event = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "specversion", "1.0", "id",
                              saying->id, "source", source, "type", type, "subject", announced->about, "time", time,
                              "unit", announced->unit, "data", "endpoint", announced->about, "unit", announced->unit,
                              "why", announced->why);
    char *text = event != NULL ? json_dumps(event, JSON_COMPACT) : NULL;
    json_decref(event);
    return text;
}

static int say_event(struct courier *courier, struct saying *saying, struct reason *why) {
    const struct flight *flight = saying->flight;
    const struct piece *piece = flight->pieces[0];
    char source[EVENT_SOURCE_MAX + 1];
    event_source(source, city_code(courier->city->city));
    const struct event_place place = {source, flight->served->endpoint.unit, (uint64_t)piece->seq};
    saying->json = piece->announced != NULL ? announcement_json(saying, piece->announced, source)
                                            : event_text(&place, &courier->bundle[0]);
    saying->parcel.json = saying->json;
    saying->parcel.traceparent = flight->traceparent;
    return saying->json != NULL ? 0 : refuse(why, "data", "cannot be written as JSON");
}

static int say_words(struct courier *courier, struct saying *saying, struct reason *why) {
    const struct flight *flight = saying->flight;
    const struct announced *announced = flight->pieces[0]->announced;
    struct endpoint endpoint = flight->served->endpoint;
    const struct case_moved *moved[PEOPLE_BUNDLE_MAX];
    if (saying->language[0] == '\0')
        snprintf(saying->language, sizeof saying->language, "%s", city_language(courier->city->city));
    memcpy(endpoint.language, saying->language, sizeof endpoint.language);
    endpoint.carrier = flight->carrier;
    for (int i = 0; i < flight->count; i++)
        moved[i] = &courier->bundle[i];
    const struct people_house house = {&courier->carriers, courier->keys};
    struct people_entries entries = {&house, &endpoint, courier->city->city, moved, flight->count};
    int status;
    if (announced != NULL) {
        const struct people_announcement announcement = {announced->kind, announced->about, announced->unit,
                                                         announced->why};
        entries.count = 0;
        status = people_announce(&entries, &announcement, &saying->words, why);
    } else {
        status = people_render(&entries, &saying->words, why);
    }
    if (status != 0)
        return -1;
    saying->parcel.subject = (const char *)saying->words.subject.data;
    saying->parcel.text = (const char *)saying->words.text.data;
    saying->parcel.html = (const char *)saying->words.html.data;
    saying->parcel.end_url = saying->words.end_url;
    saying->parcel.urgent = saying->words.urgent;
    return 0;
}

static int read_pieces(struct courier *courier, const struct flight *flight, struct reason *why) {
    for (int i = 0; i < flight->count; i++) {
        const struct piece *piece = flight->pieces[i];
        if (piece->announced != NULL)
            continue;
        if (piece->body.size == 0)
            return refuse(why, "seq", "the entry is not kept any more");
        if (message_decode(MESSAGE_case_moved, piece->body.data, piece->body.size, &courier->bundle[i], why) != 0)
            return -1;
    }
    return 0;
}

static enum said find_destination(struct courier *courier, struct saying *saying, struct reason *why) {
    struct flight *flight = saying->flight;
    const struct endpoint *endpoint = &flight->served->endpoint;
    flight->carrier = endpoint->carrier;
    memcpy(flight->told, endpoint->shown, sizeof flight->told);
    memcpy(saying->language, endpoint->language, sizeof saying->language);
    if (!endpoint->found_per_entry)
        return destination_open(courier->keys, endpoint->name, &flight->served->sealed, &saying->to, why) == 0
                   ? SAID_READY
                   : SAID_REFUSED;
    if (flight->pieces[0]->announced != NULL) {
        (void)refuse(why, "case", "nobody: what is announced is of no case, so nobody reported it");
        return SAID_NOBODY;
    }
    struct people_found found = {0};
    const struct people_house house = {&courier->carriers, courier->keys};
    if (people_find(courier->db, &house, &courier->bundle[0], &found, why) != 0)
        return db_failure(courier->db) == DB_OK ? SAID_REFUSED : SAID_LATER;
    if (found.carrier == NULL) {
        (void)refuse(why, "reporter", "%s", found.nobody);
        return SAID_NOBODY;
    }
    flight->carrier = found.carrier;
    saying->to = found.to;
    memcpy(flight->told, found.shown, sizeof flight->told);
    memcpy(saying->language, found.language, sizeof saying->language);
    sodium_memzero(&found.to, sizeof found.to);
    return SAID_READY;
}

enum said say(struct courier *courier, struct saying *saying, struct reason *why) {
    struct flight *flight = saying->flight;
    write_id(saying, flight->pieces[0], flight->served->endpoint.endpoint);
    if (read_pieces(courier, flight, why) != 0)
        return SAID_REFUSED;
    enum said said = find_destination(courier, saying, why);
    if (said != SAID_READY)
        return said;
    saying->parcel.id = saying->id;
    saying->parcel.at = clock_real();
    saying->parcel.to = &saying->to;
    saying->parcel.language = saying->language;
    if (flight->pieces[0]->announced == NULL)
        traceparent_copy(flight->traceparent, courier->bundle[0].traceparent);
    int status = flight->carrier->for_people ? say_words(courier, saying, why) : say_event(courier, saying, why);
    return status == 0 ? SAID_READY : SAID_REFUSED;
}

void say_close(struct saying *saying) {
    people_words_close(&saying->words);
    sodium_memzero(&saying->to, sizeof saying->to);
    free(saying->json);
}
