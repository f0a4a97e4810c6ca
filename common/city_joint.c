/* Reasons and templates for joint handling. */
#include <stdio.h>
#include <string.h>

#include "common/city_private.h"

bool city_has_reason(const struct city *city, const char *move, const char *code) {
    bool listed = false;

    for (size_t i = 0; i < city->reason_count; i++) {
        if (strcmp(city->reasons[i].move, move) != 0)
            continue;
        if (strcmp(city->reasons[i].code, code) == 0)
            return true;
        listed = true;
    }
    return !listed && *code != '\0';
}

size_t city_list_reasons(const struct city *city, const char *move, char *text, size_t room) {
    size_t count = 0, used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < city->reason_count; i++) {
        const char *code = city->reasons[i].code;
        if (strcmp(city->reasons[i].move, move) != 0)
            continue;
        if (used + strlen(code) + 2 < room) /* whole codes only */
            used += (size_t)snprintf(text + used, room - used, "%s%s", used > 0 ? ", " : "", code);
        count++;
    }
    return count;
}

/* The unit of the kind that is nearest to the area: its own, else that of the area around it, and so on; or the unit of that code. */
static const struct unit *unit_of_party(const struct city *city, const char *party, const struct area *area) {
    uint32_t kind = code_index_find(&city->kinds, party);

    if (kind == CODE_UNKNOWN)
        return city_unit(city, party);
    for (; area != NULL; area = area->parent) {
        const struct unit *unit = city_unit_of_kind(city, area, kind);
        if (unit != NULL)
            return unit;
    }
    return NULL;
}

/* Whether the code is one of the words, which a space separates. */
static bool holds(const char *words, const char *code) {
    size_t length = strlen(code);

    for (const char *at = words; (at = strstr(at, code)) != NULL; at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

int city_template_parties(const struct city *city, const char *code, const struct area *area, char parties[241],
                          struct reason *why) {
    char found[241] = "";
    size_t used = 0;
    bool known = false;

    for (size_t i = 0; i < city->party_count; i++) {
        const struct template_party *row = &city->parties[i];
        if (strcmp(row->code, code) != 0)
            continue;
        known = true;
        const struct unit *unit = unit_of_party(city, row->party, area);
        if (unit == NULL)
            return refuse(why, "parties",
                          "%s calls %s, but there is none for %s: add one to units.csv, or name the"
                          " parties yourself",
                          code, row->party, area->code);
        if (holds(found, unit->code))
            continue;
        if (used + strlen(unit->code) + 2 > sizeof found)
            return refuse(why, "parties",
                          "%s calls more units than fit in 240 bytes of codes: split it in templates.csv", code);
        used += (size_t)snprintf(found + used, sizeof found - used, "%s%s", used > 0 ? " " : "", unit->code);
    }
    if (!known)
        return refuse(why, "parties", "there is no template \"%s\" in templates.csv", code);
    memcpy(parties, found, sizeof found);
    return 0;
}
