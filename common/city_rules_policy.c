#include "common/city_rules.h"

#include <stdlib.h>
#include <string.h>

#include "common/city_fields.h"
#include "common/city_private.h"
#include "common/measures.h"

static void check_limits(struct city_draft *draft, size_t row) {
    const char *grace = FIELD(draft, ladder, row, grace), *grace_unit = FIELD(draft, ladder, row, grace_unit);

    if (strcmp(FIELD(draft, ladder, row, limit), "0") == 0)
        draft_complain(draft, PLACE(ladder, row, limit), "must be at least 1");
    if ((*grace == '\0') != (*grace_unit == '\0'))
        draft_complain(draft, PLACE(ladder, row, grace_unit), "grace and grace_unit stand together, or both are empty");
}

static void check_ladder(struct city_draft *draft) {
    size_t seen[TIER_MAX][4][LADDER_CLOCKS] = {0}; /* row + 1 */

    for (size_t row = 0; row < COUNT(draft, ladder); row++) {
        uint8_t tier = field_number(FIELD(draft, ladder, row, tier));
        int rank = severity_rank(FIELD(draft, ladder, row, severity));
        enum ladder_clock clock = ladder_clock_named(FIELD(draft, ladder, row, clock));
        check_limits(draft, row);
        if (tier < 1 || tier > TIER_MAX || rank < 0 || clock == LADDER_CLOCKS)
            continue;
        size_t *first = &seen[tier - 1][rank][clock];
        if (*first != 0)
            draft_complain(draft, PLACE(ladder, row, tier), "tier %u, %s, %s stands on line %zu already", tier,
                           FIELD(draft, ladder, row, severity), FIELD(draft, ladder, row, clock),
                           draft->tables[CITY_ladder].rows[*first - 1].line);
        else
            *first = row + 1;
    }
}

/* Complains when another row before this one has the same two fields. */
static void check_pair(struct city_draft *draft, struct draft_place first, struct draft_place second) {
    const char *one = draft_field(draft, first.table, first.row, first.column);
    const char *other = draft_field(draft, second.table, second.row, second.column);

    for (size_t row = 0; row < first.row; row++) {
        if (strcmp(one, draft_field(draft, first.table, row, first.column)) != 0 ||
            strcmp(other, draft_field(draft, second.table, row, second.column)) != 0)
            continue;
        draft_complain(draft, second, "%s %s stands on line %zu already", one, other,
                       draft->tables[first.table].rows[row].line);
        return;
    }
}

static void check_rule(struct city_draft *draft, size_t row) {
    const struct rule_spec *spec = rule_spec_of(FIELD(draft, rules, row, key));
    const char *unit = FIELD(draft, rules, row, unit);
    unsigned long value = strtoul(FIELD(draft, rules, row, value), NULL, 10);

    if (spec == NULL) {
        draft_complain(draft, PLACE(rules, row, key),
                       "there is no rule \"%s\": see the list in deploy/cities/README.md",
                       FIELD(draft, rules, row, key));
        return;
    }
    if (spec->is_limit && *unit == '\0')
        draft_complain(draft, PLACE(rules, row, unit), "must not be empty: %s is a time", spec->name);
    if (!spec->is_limit && *unit != '\0')
        draft_complain(draft, PLACE(rules, row, unit), "must be empty: %s is a number", spec->name);
    if (value < spec->least || value > spec->most)
        draft_complain(draft, PLACE(rules, row, value), "%s must be %u to %u, not %lu", spec->name, spec->least,
                       spec->most, value);
    for (size_t other = 0; other < row; other++) {
        if (strcmp(FIELD(draft, rules, other, key), spec->name) == 0)
            draft_complain(draft, PLACE(rules, row, key), "%s stands on line %zu already", spec->name,
                           draft->tables[CITY_rules].rows[other].line);
    }
}

/* The second warning comes after the first, also where only one of them is given; 0: there is none. */
static void check_warnings(struct city_draft *draft) {
    unsigned long first = rule_spec_of("warn_first_percent")->value;
    unsigned long second = rule_spec_of("warn_second_percent")->value;
    size_t last = COUNT(draft, rules);

    for (size_t row = 0; row < COUNT(draft, rules); row++) {
        bool is_first = strcmp(FIELD(draft, rules, row, key), "warn_first_percent") == 0;
        if (!is_first && strcmp(FIELD(draft, rules, row, key), "warn_second_percent") != 0)
            continue;
        *(is_first ? &first : &second) = strtoul(FIELD(draft, rules, row, value), NULL, 10);
        last = row;
    }
    if (first > 0 && second > 0 && first >= second)
        draft_complain(draft, PLACE(rules, last, value),
                       "warn_second_percent, %lu, must be more than warn_first_percent, %lu", second, first);
}

static void check_slot(struct city_draft *draft, size_t row) {
    const char *code = FIELD(draft, slots, row, code);

    if (measure_slot_named(code) == MEASURE_COUNT)
        draft_complain(draft, PLACE(slots, row, code),
                       "there is no rule slot \"%s\": see the eight in docs/measures.md", code);
    for (size_t other = 0; other < row; other++) {
        if (strcmp(FIELD(draft, slots, other, code), code) == 0)
            draft_complain(draft, PLACE(slots, row, code), "%s stands on line %zu already", code,
                           draft->tables[CITY_slots].rows[other].line);
    }
}

void city_check_policy(struct city_draft *draft) {
    check_ladder(draft);
    for (size_t row = 0; row < COUNT(draft, rules); row++)
        check_rule(draft, row);
    check_warnings(draft);
    for (size_t row = 0; row < COUNT(draft, reasons); row++)
        check_pair(draft, PLACE(reasons, row, move), PLACE(reasons, row, code));
    for (size_t row = 0; row < COUNT(draft, slots); row++)
        check_slot(draft, row);
}
