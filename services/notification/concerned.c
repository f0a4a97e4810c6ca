#include "services/notification/concerned.h"

#include <string.h>

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

void concerned_by(const struct case_moved *moved, struct concerned *concerned) {
    concerned->count = 0;
    add(concerned, moved->unit, strlen(moved->unit));
    add_all(concerned, moved->support);
    add_all(concerned, moved->overseers);
}
