#include "services/intake/supplement.h"

#include <string.h>

#include "common/report_more.h"
#include "services/intake/receipt_page.h"

#define COPY(field) memcpy(report->field, received->field, strlen(received->field) + 1)

void supplement_begin(const struct report_received *received, struct submit *report) {
    *report = (struct submit){.lat = received->lat, .lon = received->lon, .occurred_at = received->occurred_at};
    COPY(channel);
    COPY(item);
    COPY(area);
    COPY(address);
    COPY(title);
    COPY(description);
    COPY(attributes);
    COPY(files);
    COPY(media_url);
}

struct said {
    const char *note, *attributes, *file;
};

/* What does not fit stays in the case's history, where everybody concerned reads it. */
static int add(struct submit *report, const struct said *said) {
    int status = 0;
    if (said->attributes[0] != '\0')
        status = report_add_answers(report->attributes, sizeof report->attributes, said->attributes, true);
    if (said->file[0] != '\0')
        (void)!report_add_file(report->files, sizeof report->files, said->file);
    if (said->note[0] != '\0' && strcmp(said->note, SUPPLEMENT_NOTE) != 0)
        (void)!report_add_words(report->description, sizeof report->description, said->note);
    return status;
}

void supplement_hear(struct submit *report, const struct case_moved *moved, uint64_t own_case) {
    static const char *const moves[] = {"answer", "note", "attach"};
    char actor[RECEIPT_ACTOR_SIZE];
    receipt_actor(own_case, actor);
    if (strcmp(moved->actor, actor) != 0)
        return;
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (strcmp(moves[i], moved->move) == 0)
            (void)add(report, &(struct said){moved->note, moved->attributes, moved->file});
}

static int check_answers(const struct submit *report, const struct city *city, const char *attributes,
                         struct reason *why) {
    const struct item *item = city != NULL ? city_item(city, report->item) : NULL;
    const struct door_ask ask = {.city = city, .asks = true};
    struct submit said = {.key = ""};
    uint32_t answered;
    if (item == NULL || attributes[0] == '\0')
        return 0;
    memcpy(said.attributes, attributes, strlen(attributes) + 1);
    return door_answers(&ask, &said, city_item_words(city, item), &answered, why);
}

int supplement_say(struct submit *report, const struct city *city, const struct command *command, struct reason *why) {
    const struct said said = {command->note, command->attributes, command->file};
    if (check_answers(report, city, command->attributes, why) != 0)
        return -1;
    if (add(report, &said) != 0)
        return refuse(why, "attributes", "together with those that were given before at most %zu bytes",
                      sizeof report->attributes - 1);
    return 0;
}

bool supplement_look(const struct city *city, int64_t at, const struct submit *report, struct door_found *found) {
    const struct door_ask ask = {.city = city, .now = at, .asks = false, .lists = true};
    struct submit looked_at = *report;
    struct reason why;
    if (city == NULL || city_item(city, report->item) == NULL || city_area(city, report->area) == NULL)
        return false;
    return door_look(&ask, &looked_at, found, &why) == 0;
}
