#include "services/notification/people.h"

#include <string.h>

int people_plan(const struct endpoint *endpoint, const struct case_moved *moved, const struct city *city, int64_t now,
                struct people_plan *plan) {
    (void)endpoint;
    (void)moved;
    (void)city;
    (void)now;
    *plan = (struct people_plan){.when = PEOPLE_NOW};
    return 0;
}

static void write_words(struct people_words *words, const char *text) {
    bytes_append(&words->subject, text, strlen(text) + 1);
    bytes_append(&words->text, text, strlen(text) + 1);
    bytes_append(&words->html, "", 1);
}

int people_render(const struct people_entries *entries, struct people_words *words, struct reason *why) {
    (void)why;
    write_words(words, entries->moved[0]->title);
    return 0;
}

int people_announce(const struct endpoint *endpoint, const struct people_announcement *announcement,
                    struct people_words *words, struct reason *why) {
    (void)endpoint;
    (void)why;
    write_words(words, announcement->why);
    return 0;
}

void people_words_close(struct people_words *words) {
    bytes_close(&words->subject);
    bytes_close(&words->text);
    bytes_close(&words->html);
}

int people_find(struct db *db, const struct secret_keys *keys, const struct case_moved *moved,
                struct people_found *found, struct reason *why) {
    (void)db;
    (void)keys;
    (void)moved;
    (void)found;
    return refuse(why, "carrier", "nobody is looked for yet");
}
