#include "services/desk/scope.h"

#include <string.h>

static bool holds(const char *units, const char *code) {
    size_t size = strlen(code);
    for (const char *at = units; size > 0 && (at = strstr(at, code)) != NULL; at += size)
        if ((at == units || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

bool scope_covers(const struct city *city, const struct person *person, const char *area) {
    const struct unit *unit = city_unit(city, person->unit);
    const struct area *of = city_area(city, area);
    return unit != NULL && of != NULL && unit_covers(unit, of);
}

uint32_t scope_hats(const struct city *city, const struct person *person, const struct scope_case *of) {
    const struct role_spec *role = case_role(person->role);
    const struct unit *unit = city_unit(city, person->unit);
    uint32_t fitting = HAT_reporter;
    if (role == NULL || unit == NULL)
        return 0;
    if (strcmp(of->unit, person->unit) == 0)
        fitting |= HAT_lead;
    if (holds(of->support, person->unit))
        fitting |= HAT_support;
    if (!scope_covers(city, person, of->area))
        return role->hats & fitting;
    fitting |= HAT_desk | HAT_caller | HAT_supervisor;
    if (unit->tier >= of->tier)
        fitting |= HAT_centre;
    if (unit->tier > of->tier || unit->tier == TIER_MAX)
        fitting |= HAT_above;
    if (strcmp(of->claimed_by, person->login) != 0)
        fitting |= HAT_verifier;
    return role->hats & fitting;
}

const struct move_spec *scope_move(const struct move_spec *line, uint32_t hats, enum case_state state) {
    size_t count;
    const struct move_spec *all = case_moves(&count), *before = line;
    for (line = line == NULL ? all : line + 1; line < all + count; line++) {
        bool here = line->from == state || (line->from == CASE_any_open && case_state_spec(state)->open);
        bool again = before != NULL && strcmp(before->name, line->name) == 0;
        if (here && !again && (line->hats & hats) != 0)
            return line;
    }
    return NULL;
}

bool scope_may_report(const char *role) {
    const struct role_spec *spec = case_role(role);
    if (spec == NULL)
        return false;
    return (spec->hats & (HAT_centre | HAT_above | HAT_supervisor)) != 0 || strcmp(role, "analyst") == 0 ||
           strcmp(role, "auditor") == 0;
}

bool scope_is_note(const char *move) {
    static const char *const notes[] = {"urge", "note", "attach", "instruct"};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (strcmp(notes[i], move) == 0)
            return true;
    return false;
}
