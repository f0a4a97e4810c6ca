#include "common/city_notices.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/city_keep.h"
#include "common/city_private.h"
#include "common/city_questions.h"

static const struct notice_spec specs[NOTICE_COUNT] = {
#define NOTICE(code, audience, meaning) [NOTICE_##code] = {#code, AUDIENCE_##audience, meaning},
#define NOTICE_FACT(...)
#include "common/notices.def"
#undef NOTICE
#undef NOTICE_FACT
};

static const struct fact_spec facts[FACT_COUNT] = {
#define NOTICE(...)
#define NOTICE_FACT(name, listed, en, zh, meaning) {#name, listed, en, zh, meaning},
#include "common/notices.def"
#undef NOTICE
#undef NOTICE_FACT
};

struct city_notices {
    struct notice_text *rows; /* in the order of notices.csv */
    size_t count;
    struct wording city, *units, *areas, *channels, *reasons; /* in the order of the city's */
    char *block, *end;                                        /* all texts */
};

const struct notice_spec *notice_spec(enum notice_event event) {
    return &specs[event];
}

enum notice_event notice_named(const char *code) {
    for (enum notice_event event = NOTICE_NONE + 1; event < NOTICE_COUNT; event++)
        if (strcmp(specs[event].code, code) == 0)
            return event;
    return NOTICE_NONE;
}

const struct fact_spec *fact_spec(enum notice_fact fact) {
    return &facts[fact];
}

enum notice_fact notice_placeholder(const char *text, size_t *size) {
    if (*text != '{')
        return FACT_COUNT;
    size_t name = strcspn(text + 1, "{}\n");
    if (text[1 + name] != '}')
        return FACT_COUNT;
    *size = name + 2;
    enum notice_fact fact = 0;
    while (fact < FACT_COUNT && (strlen(facts[fact].name) != name || strncmp(facts[fact].name, text + 1, name) != 0))
        fact++;
    return fact;
}

/* ---- building ------------------------------------------------------------------------------------------------------- */

#define KEEP(table, column) keep_text(&notices->end, FIELD(draft, table, row, column))
#define KEEP_NAMES(table, names) \
    do { \
        (names) = keep_room(COUNT(draft, table), sizeof *(names)); \
        for (size_t row = 0; row < COUNT(draft, table); row++) \
            (names)[row] = (struct wording){KEEP(table, name_en), KEEP(table, name_zh)}; \
    } while (0)

void city_build_notices(struct city *city, const struct city_draft *draft) {
    static const enum city_table kept[] = {CITY_units,   CITY_areas,   CITY_channels,
                                           CITY_reasons, CITY_notices, CITY_city};
    struct city_notices *notices = keep_room(1, sizeof *notices);
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        bytes += keep_bytes(draft, kept[i]);
    notices->block = notices->end = keep_room(bytes + 2, 1);
    KEEP_NAMES(units, notices->units);
    KEEP_NAMES(areas, notices->areas);
    KEEP_NAMES(channels, notices->channels);
    KEEP_NAMES(reasons, notices->reasons);
    notices->city = (struct wording){keep_text(&notices->end, draft_city_value(draft, "name_en")),
                                     keep_text(&notices->end, draft_city_value(draft, "name_zh"))};
    notices->count = COUNT(draft, notices);
    notices->rows = keep_room(notices->count, sizeof *notices->rows);
    for (size_t row = 0; row < notices->count; row++)
        notices->rows[row] = (struct notice_text){
            .event = notice_named(FIELD(draft, notices, row, event)),
            .audience = strcmp(FIELD(draft, notices, row, audience), "reporter") == 0 ? AUDIENCE_reporter
                                                                                      : AUDIENCE_unit,
            .language = KEEP(notices, language),
            .subject = KEEP(notices, subject),
            .text = KEEP(notices, text),
            .sms = KEEP(notices, sms)};
    city->notices = notices;
}

void city_close_notices(struct city *city) {
    if (city->notices == NULL)
        return;
    free(city->notices->rows);
    free(city->notices->units);
    free(city->notices->areas);
    free(city->notices->channels);
    free(city->notices->reasons);
    free(city->notices->block);
    free(city->notices);
    city->notices = NULL;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* How well a row's language fits: the same, the wanted one is a form of it, both are forms of one, the city's, any. */
static int fit(const struct city *city, const char *language, const char *wanted) {
    size_t size = strcspn(language, "-");
    if (strcasecmp(language, wanted) == 0)
        return 5;
    if (size == strcspn(wanted, "-") && strncasecmp(language, wanted, size) == 0)
        return language[size] == '\0' ? 4 : 3;
    const char *first = city_language(city);
    return strncmp(language, first, strlen(first)) == 0 ? 2 : 1;
}

const struct notice_text *city_notice(const struct city *city, enum notice_audience audience, enum notice_event event,
                                      const char *language) {
    const struct notice_text *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < city->notices->count; i++) {
        const struct notice_text *row = &city->notices->rows[i];
        if (row->event != event || row->audience != audience)
            continue;
        int fits = fit(city, row->language, *language != '\0' ? language : city_language(city));
        if (fits > best_fit) {
            best = row;
            best_fit = fits;
        }
    }
    return best;
}

const char *city_notice_language(const struct city *city, size_t nth) {
    const struct notice_text *rows = city->notices->rows;
    for (size_t i = 0; i < city->notices->count; i++) {
        size_t before = 0;
        while (before < i && strcmp(rows[before].language, rows[i].language) != 0)
            before++;
        if (before == i && nth-- == 0)
            return rows[i].language;
    }
    return NULL;
}

static const char *name_of(const struct wording *name, const char *language) {
    return wording_in(name, *language != '\0' ? language : "en");
}

const char *city_unit_name(const struct city *city, const char *code, const char *language) {
    const struct unit *unit = city_unit(city, code);
    return unit == NULL ? code : name_of(&city->notices->units[unit - city->units], language);
}

const char *city_area_name(const struct city *city, const char *code, const char *language) {
    const struct area *area = city_area(city, code);
    return area == NULL ? code : name_of(&city->notices->areas[area - city->areas], language);
}

const char *city_item_name(const struct city *city, const char *code, const char *language) {
    const struct item *item = city_item(city, code);
    return item == NULL ? code : name_of(&city_item_words(city, item)->name, language);
}

const char *city_channel_name(const struct city *city, const char *code, const char *language) {
    const struct channel *channel = city_channel(city, code);
    return channel == NULL ? code : name_of(&city->notices->channels[channel - city->channels], language);
}

const char *city_reason_name(const struct city *city, const char *move, const char *code, const char *language) {
    for (size_t i = 0; i < city->reason_count; i++)
        if (strcmp(city->reasons[i].move, move) == 0 && strcmp(city->reasons[i].code, code) == 0)
            return name_of(&city->notices->reasons[i], language);
    return code;
}

const char *city_name_in(const struct city *city, const char *language) {
    return name_of(&city->notices->city, language);
}
