#include "services/notification/concerned.h"

#include <string.h>

#include "services/notification/notice_reporter.h"

static void add(struct concerned *concerned, const char *unit, size_t length) {
    if (length == 0 || length > CODE_MAX || concerned->count == CONCERNED_MAX)
        return;
    for (int i = 0; i < concerned->count; i++)
        if (strlen(concerned->units[i]) == length && memcmp(concerned->units[i], unit, length) == 0)
            return;
    char *added = concerned->units[concerned->count++];
    memcpy(added, unit, length);
    added[length] = '\0';
}

static void add_all(struct concerned *concerned, const char *units) {
    while (*units != '\0') {
        size_t length = strcspn(units, " ");
        add(concerned, units, length);
        units += length + strspn(units + length, " ");
    }
}

static void add_centres(struct concerned *concerned, const struct area *area) {
    for (; area != NULL; area = area->parent)
        if (area->centre != NULL)
            add(concerned, area->centre->code, strlen(area->centre->code));
}

void concerned_by(const struct case_moved *moved, const struct city *city, struct concerned *concerned) {
    concerned->count = 0;
    add(concerned, moved->unit, strlen(moved->unit));
    add_all(concerned, moved->support);
    add_all(concerned, moved->overseers);
    add_all(concerned, moved->former);
    add_centres(concerned, city != NULL ? city_area(city, moved->area) : NULL);
    if (notice_for_reporters(moved))
        add(concerned, STREAM_OF_REPORTERS, strlen(STREAM_OF_REPORTERS));
}
