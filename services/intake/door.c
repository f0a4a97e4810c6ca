#include "services/intake/door.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/city_door.h"
#include "common/city_sources.h"

#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_DAY (1440 * MS_PER_MINUTE)
#define ENOUGH_TEXT 1 /* characters, where the item's door does not say */

struct looked { /* all that the parts are judged by */
    const struct submit *submit;
    const struct door *door;
    bool contradicted, stale;
};

struct part { /* of a report, as far as its item's door asks for it */
    bool asked, needed, missing;
    unsigned percent; /* of its weight that it brings */
};

static struct part part_of(enum want want, bool there) {
    return (struct part){
        .asked = want != WANT_no, .needed = want == WANT_needed, .missing = !there, .percent = there ? 100 : 0};
}

static uint32_t characters(const char *text) {
    uint32_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static struct part text_part(const struct looked *looked) {
    uint32_t least = looked->door->text_least;
    uint32_t have = characters(looked->submit->title) + characters(looked->submit->description);
    struct part part = part_of(least > 0 ? WANT_needed : WANT_wanted, have >= (least > 0 ? least : ENOUGH_TEXT));
    if (part.missing && least > 0)
        part.percent = 100 * have / least;
    return part;
}

/* Words need somebody who knows the place. */
static struct part place_part(const struct looked *looked) {
    bool point = !isnan(looked->submit->lat);
    struct part part = part_of(looked->door->place, point || looked->submit->address[0] != '\0');
    if (!point && !part.missing)
        part.percent = 60;
    return part;
}

static struct part photo_part(const struct looked *looked) {
    return part_of(looked->door->photo, looked->submit->files[0] != '\0' || looked->submit->media_url[0] != '\0');
}

/* Flaws: asked for only where there is one. */
static struct part time_part(const struct looked *looked) {
    return part_of(looked->stale ? WANT_wanted : WANT_no, false);
}

static struct part area_part(const struct looked *looked) {
    return part_of(looked->contradicted ? WANT_wanted : WANT_no, false);
}

#define ANSWERS_WEIGHT 20 /* of all questions of the item together; a needed one has twice the share of another */

static const struct {
    const char *field;
    unsigned weight;
    struct part (*look)(const struct looked *looked);
    struct wording says;
} parts[] = {
    {"description", 40, text_part, {"Say in a few more words what is the matter.", "请再具体说明是什么问题。"}},
    {"address", 25, place_part, {"Show the place on the map, or describe it.", "请在地图上标出地点，或写明地址。"}},
    {"files", 15, photo_part, {"Add a picture.", "请附上照片。"}},
    {"occurred_at",
     10,
     time_part,
     {"Say when it happened; the time given is too long ago.", "请核对发生时间，所填时间过早。"}},
    {"area",
     10,
     area_part,
     {"Area and position contradict each other; correct one of them.", "所选区域与位置不一致，请更正其一。"}},
};
#define PART_COUNT (sizeof parts / sizeof *parts)

struct tally {
    unsigned possible, reached; /* in hundredths of a weight */
    char *missing;
    size_t used;
    bool lacks;
};

/* Adds a name whole or not at all. */
static void note_missing(struct tally *tally, const char *prefix, const char *name) {
    size_t first = strlen(prefix), second = strlen(name), gap = tally->used > 0;
    if (tally->used + gap + first + second > DOOR_MISSING_MAX)
        return;
    char *end = tally->missing + tally->used;
    if (gap)
        *end++ = ' ';
    memcpy(end, prefix, first);
    memcpy(end + first, name, second + 1);
    tally->used += gap + first + second;
}

static int weigh_parts(const struct door_ask *ask, const struct looked *looked, struct tally *tally,
                       struct reason *why) {
    for (size_t i = 0; i < PART_COUNT; i++) {
        struct part part = parts[i].look(looked);
        if (!part.asked)
            continue;
        if (part.missing && part.needed && ask->asks && !ask->lists)
            return refuse(why, parts[i].field, "%s", parts[i].says.en);
        tally->lacks = tally->lacks || (part.missing && part.needed);
        if (part.missing)
            note_missing(tally, "", parts[i].field);
        tally->possible += 100 * parts[i].weight;
        tally->reached += part.percent * parts[i].weight;
    }
    return 0;
}

static int weigh_answers(const struct door_ask *ask, const struct item_words *words, uint32_t answered,
                         struct tally *tally, struct reason *why) {
    unsigned possible = 0, reached = 0;
    if (words->question_count == 0)
        return 0;
    for (int needed = 1; needed >= 0; needed--)
        for (size_t i = 0; i < words->question_count; i++) {
            const struct question *question = &words->questions[i];
            if (question->needed != needed)
                continue;
            bool is_answered = (answered >> i & 1) != 0;
            possible += 1 + (unsigned)needed;
            reached += is_answered ? 1 + (unsigned)needed : 0;
            if (is_answered)
                continue;
            note_missing(tally, DOOR_ATTRIBUTE, question->code);
            tally->lacks = tally->lacks || needed;
            if (needed && ask->asks && !ask->lists) {
                char field[sizeof DOOR_ATTRIBUTE + CODE_MAX] = DOOR_ATTRIBUTE;
                strcat(field, question->code);
                return refuse(why, field, "must be answered: %s", wording_in(&question->text, "en"));
            }
        }
    tally->possible += 100 * ANSWERS_WEIGHT;
    tally->reached += 100 * ANSWERS_WEIGHT * reached / possible;
    return 0;
}

static int look_at_time(const struct door_ask *ask, const struct submit *submit, struct looked *looked,
                        struct reason *why) {
    if (submit->occurred_at == 0)
        return 0;
    if (submit->occurred_at > ask->now + DOOR_AHEAD_MINUTES * MS_PER_MINUTE)
        return refuse(why, "occurred_at", "lies in the future");
    looked->stale = submit->occurred_at < ask->now - looked->door->happened_days * MS_PER_DAY;
    if (looked->stale && ask->asks)
        return refuse(why, "occurred_at", "lies more than %u days back", looked->door->happened_days);
    return 0;
}

int door_look(const struct door_ask *ask, struct submit *submit, struct door_found *found, struct reason *why) {
    const struct item *item = city_item(ask->city, submit->item);
    const struct item_words *words = city_item_words(ask->city, item);
    struct looked looked = {.submit = submit, .door = city_door(ask->city, submit->item)};
    struct door_found result = {.missing = ""};
    struct tally tally = {.missing = result.missing};
    uint32_t answered = 0;
    if (door_place(ask, submit, &looked.contradicted, why) != 0 || look_at_time(ask, submit, &looked, why) != 0)
        return -1;
    if (submit->attributes[0] != '\0' && door_answers(ask, submit, words, &answered, why) != 0)
        return -1;
    if (weigh_parts(ask, &looked, &tally, why) != 0 || weigh_answers(ask, words, answered, &tally, why) != 0)
        return -1;
    assert(tally.possible > 0); /* a description is asked for of every item */
    result.score = (tally.reached * 100 + tally.possible / 2) / tally.possible;
    if (result.score == 0)
        result.score = 1; /* 0 would say that nobody looked */
    result.lacks = tally.lacks;
    *found = result;
    return 0;
}

bool door_asks(const struct city *city, const char *client) {
    const struct source *source = city_source(city, client);
    return source != NULL ? source->adapter == ADAPTER_HTTP : strcmp(client, SOURCE_NONE) == 0;
}

const char *door_says(const struct city *city, const char *item, const char *name, const char *language) {
    const struct item *of = city_item(city, item);
    for (size_t i = 0; i < PART_COUNT; i++)
        if (strcmp(parts[i].field, name) == 0)
            return wording_in(&parts[i].says, language);
    if (of == NULL || strncmp(name, DOOR_ATTRIBUTE, strlen(DOOR_ATTRIBUTE)) != 0)
        return "";
    const struct question *question = question_of(city_item_words(city, of), name + strlen(DOOR_ATTRIBUTE));
    return question != NULL ? wording_in(&question->text, language) : "";
}
