#include "common/city_rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_fields.h"
#include "common/city_notices.h"
#include "common/city_private.h"
#include "common/city_questions.h"
#include "common/city_sources.h"
#include "common/code_index.h"

struct rules {
    struct city_draft *draft;
    struct code_index rows[CITY_TABLE_COUNT]; /* of tables whose first column is a code */
};

static size_t line_of(const struct rules *rules, enum city_table table, size_t row) {
    return rules->draft->tables[table].rows[row].line;
}

/* ---- each field by itself, and what it refers to ------------------------------------------------------------ */

static void check_fields(struct rules *rules, enum city_table table) {
    const struct table_spec *spec = city_table_spec(table);
    struct city_draft *draft = rules->draft;

    for (size_t row = 0; row < draft->tables[table].count; row++) {
        for (size_t column = 0; column < spec->column_count; column++) {
            const char *text = draft_field(draft, table, row, column);
            struct draft_place place = {table, row, column};
            if (*text == '\0' && spec->columns[column].needed)
                draft_complain(draft, place, "must not be empty");
            const char *fault = *text == '\0' ? NULL : field_fault(spec->columns[column].kind, text);
            if (fault != NULL)
                draft_complain(draft, place, "%s, not \"%s\"", fault, text);
        }
    }
}

static void index_codes(struct rules *rules, enum city_table table) {
    size_t count = rules->draft->tables[table].count;

    code_index_open(&rules->rows[table], count);
    for (size_t row = 0; row < count; row++) {
        const char *code = draft_field(rules->draft, table, row, 0);
        if (*code == '\0' || code_index_add(&rules->rows[table], code, (uint32_t)row))
            continue;
        size_t first = code_index_find(&rules->rows[table], code);
        draft_complain(rules->draft, (struct draft_place){table, row, 0},
                       "\"%s\" stands on line %zu already: codes are unique", code, line_of(rules, table, first));
    }
}

static void check_references(struct rules *rules, enum city_table table) {
    const struct table_spec *spec = city_table_spec(table);

    for (size_t column = 0; column < spec->column_count; column++) {
        enum city_table refers = spec->columns[column].refers;
        for (size_t row = 0; refers != CITY_none && row < rules->draft->tables[table].count; row++) {
            const char *code = draft_field(rules->draft, table, row, column);
            if (*code != '\0' && code_index_find(&rules->rows[refers], code) == CODE_UNKNOWN)
                draft_complain(rules->draft, (struct draft_place){table, row, column}, "there is no \"%s\" in %s", code,
                               city_table_spec(refers)->file);
        }
    }
}

/* Row that a code names; CODE_UNKNOWN when it is empty or unknown. */
static uint32_t row_of(const struct rules *rules, enum city_table table, const char *code) {
    return *code == '\0' ? CODE_UNKNOWN : code_index_find(&rules->rows[table], code);
}

/* Refuses a row that lies below itself, or too deep. */
static void check_nesting(struct rules *rules, struct draft_place place) {
    uint32_t row = (uint32_t)place.row;

    for (int depth = 0; depth < NESTED_MAX; depth++) {
        row = row_of(rules, place.table, draft_field(rules->draft, place.table, row, place.column));
        if (row == CODE_UNKNOWN)
            return;
        if (row == place.row) {
            draft_complain(rules->draft, place, "lies below itself");
            return;
        }
    }
    draft_complain(rules->draft, place, "nested more than %d deep", NESTED_MAX);
}

/* ---- tables ---------------------------------------------------------------------------------------------- */

static void check_city(struct rules *rules) {
    static const struct {
        const char *key;
        bool needed;
    } keys[] = {{"code", true}, {"name_en", true}, {"name_zh", false}, {"timezone", true}, {"attribution", false}};
    struct city_draft *draft = rules->draft;
    bool found[5] = {false};

    for (size_t row = 0; row < COUNT(draft, city); row++) {
        const char *key = FIELD(draft, city, row, key);
        size_t i = 0;
        while (i < 5 && strcmp(keys[i].key, key) != 0)
            i++;
        if (i == 5)
            draft_complain(draft, PLACE(city, row, key),
                           "must be code, name_en, name_zh, timezone or attribution, not \"%s\"", key);
        else if (found[i])
            draft_complain(draft, PLACE(city, row, key), "\"%s\" stands there twice", key);
        else if (keys[i].needed && *FIELD(draft, city, row, value) == '\0')
            draft_complain(draft, PLACE(city, row, value), "%s must not be empty", key);
        if (i == 0 && field_fault(KIND_CODE, FIELD(draft, city, row, value)) != NULL)
            draft_complain(draft, PLACE(city, row, value), "code %s",
                           field_fault(KIND_CODE, FIELD(draft, city, row, value)));
        if (i < 5)
            found[i] = true;
    }
    for (size_t i = 0; i < 5; i++) {
        if (keys[i].needed && !found[i])
            draft_complain(draft, PLACE(city, COUNT(draft, city), key), "add a row with the key %s", keys[i].key);
    }
}

static void check_area(struct rules *rules, size_t row, size_t *first_root) {
    struct city_draft *draft = rules->draft;
    uint8_t tier = field_number(FIELD(draft, areas, row, tier));

    if (*FIELD(draft, areas, row, parent) == '\0') {
        if (*first_root != SIZE_MAX)
            draft_complain(draft, PLACE(areas, row, parent),
                           "must not be empty: the city is on line %zu, every other area lies in one",
                           line_of(rules, CITY_areas, *first_root));
        else if (tier != 0 && tier != TIER_MAX)
            draft_complain(draft, PLACE(areas, row, tier), "must be %d: an area without parent is the city", TIER_MAX);
        if (*first_root == SIZE_MAX)
            *first_root = row;
        return;
    }
    uint32_t parent = row_of(rules, CITY_areas, FIELD(draft, areas, row, parent));
    if (parent == CODE_UNKNOWN || tier == 0)
        return;
    uint8_t parent_tier = field_number(FIELD(draft, areas, parent, tier));
    if (parent_tier != 0 && (parent_tier < tier || (parent_tier == tier && tier != 1)))
        draft_complain(draft, PLACE(areas, row, parent), "must be of a higher tier than %u, but %s is of tier %u", tier,
                       FIELD(draft, areas, row, parent), parent_tier);
    check_nesting(rules, PLACE(areas, row, parent));
}

static void check_areas(struct rules *rules) {
    struct city_draft *draft = rules->draft;
    size_t root = SIZE_MAX;

    for (size_t row = 0; row < COUNT(draft, areas); row++)
        check_area(rules, row, &root);
    if (root == SIZE_MAX)
        draft_complain(draft, PLACE(areas, COUNT(draft, areas), parent), "one area must have no parent: the city");
}

static void check_unit(struct rules *rules, size_t row) {
    struct city_draft *draft = rules->draft;
    uint8_t tier = field_number(FIELD(draft, units, row, tier));
    uint32_t area = row_of(rules, CITY_areas, FIELD(draft, units, row, area));
    uint32_t above = row_of(rules, CITY_units, FIELD(draft, units, row, above));
    bool centre = strcmp(FIELD(draft, units, row, kind), "centre") == 0;

    if (above != CODE_UNKNOWN && field_number(FIELD(draft, units, above, tier)) <= tier)
        draft_complain(draft, PLACE(units, row, above), "must be of a higher tier than %u, but %s is of tier %s", tier,
                       FIELD(draft, units, row, above), FIELD(draft, units, above, tier));
    if (area == CODE_UNKNOWN || tier == 0)
        return;
    uint8_t area_tier = field_number(FIELD(draft, areas, area, tier));
    if (area_tier != 0 && (tier > area_tier || (centre && tier != area_tier)))
        draft_complain(draft, PLACE(units, row, tier), "must be %s%u, the tier of %s, not %u", centre ? "" : "at most ",
                       area_tier, FIELD(draft, units, row, area), tier);
}

/* By area, then kind, then line. */
static int post_compare(const void *left, const void *right, void *context) {
    const struct city_draft *compared = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = strcmp(FIELD(compared, units, a, area), FIELD(compared, units, b, area));

    if (order == 0)
        order = strcmp(FIELD(compared, units, a, kind), FIELD(compared, units, b, kind));
    return order != 0 ? order : (a > b) - (a < b);
}

/* Where items are found by area and kind, two units of one kind in one area leave open who answers. */
static void check_doubles(struct rules *rules, const struct code_index *sought) {
    struct city_draft *draft = rules->draft;
    size_t count = COUNT(draft, units);
    uint32_t *rows = calloc(count + 1, sizeof *rows);

    assert(rows != NULL);
    for (size_t i = 0; i < count; i++)
        rows[i] = (uint32_t)i;
    qsort_r(rows, count, sizeof *rows, post_compare, draft);
    for (size_t i = 1; i < count; i++) {
        const char *kind = FIELD(draft, units, rows[i], kind), *area = FIELD(draft, units, rows[i], area);
        if (strcmp(kind, FIELD(draft, units, rows[i - 1], kind)) == 0 &&
            strcmp(area, FIELD(draft, units, rows[i - 1], area)) == 0 && code_index_find(sought, kind) != CODE_UNKNOWN)
            draft_complain(
                draft, PLACE(units, rows[i], kind),
                "%s has a unit of kind %s on line %zu already: change the kind, or fix the unit in items.csv", area,
                kind, line_of(rules, CITY_units, rows[i - 1]));
    }
    free(rows);
}

static void check_item(struct rules *rules, size_t row, const struct code_index *kinds) {
    struct city_draft *draft = rules->draft;
    const char *kind = FIELD(draft, items, row, unit_kind), *unit_code = FIELD(draft, items, row, unit);
    uint32_t unit = row_of(rules, CITY_units, unit_code);
    const char *limit = FIELD(draft, items, row, limit), *limit_unit = FIELD(draft, items, row, limit_unit);

    if (*unit_code == '\0' && *kind == '\0')
        draft_complain(draft, PLACE(items, row, unit_kind), "must not be empty, unless a unit is given");
    if (*kind != '\0' && code_index_find(kinds, kind) == CODE_UNKNOWN)
        draft_complain(draft, PLACE(items, row, unit_kind), "no unit is of the kind \"%s\" in units.csv", kind);
    if (unit != CODE_UNKNOWN && strcmp(FIELD(draft, units, unit, tier), FIELD(draft, items, row, tier)) != 0)
        draft_complain(draft, PLACE(items, row, tier), "must be %s, the tier of the unit %s, not %s",
                       FIELD(draft, units, unit, tier), unit_code, FIELD(draft, items, row, tier));
    if ((*limit == '\0') != (*limit_unit == '\0'))
        draft_complain(draft, PLACE(items, row, limit_unit), "limit and limit_unit stand together, or both are empty");
    else if (*limit != '\0' && strcmp(limit, "0") == 0)
        draft_complain(draft, PLACE(items, row, limit), "must be at least 1; leave it empty for the ladder's limit");
    check_nesting(rules, PLACE(items, row, parent));
}

static void check_template(struct rules *rules, size_t row, const struct code_index *kinds) {
    struct city_draft *draft = rules->draft;
    const char *code = FIELD(draft, templates, row, code), *party = FIELD(draft, templates, row, party);

    if (*party != '\0' && code_index_find(kinds, party) == CODE_UNKNOWN &&
        row_of(rules, CITY_units, party) == CODE_UNKNOWN)
        draft_complain(draft, PLACE(templates, row, party), "\"%s\" is neither a kind nor a code in units.csv", party);
    for (size_t other = 0; other < row; other++) {
        if (strcmp(FIELD(draft, templates, other, code), code) == 0 &&
            strcmp(FIELD(draft, templates, other, party), party) == 0)
            draft_complain(draft, PLACE(templates, row, party), "%s calls %s on line %zu already", code, party,
                           line_of(rules, CITY_templates, other));
    }
}

static void check_units_and_items(struct rules *rules) {
    struct city_draft *draft = rules->draft;
    struct code_index kinds, sought; /* kinds that units have; kinds by which units are looked for */

    code_index_open(&kinds, COUNT(draft, units));
    for (size_t row = 0; row < COUNT(draft, units); row++) {
        check_unit(rules, row);
        (void)code_index_add(&kinds, FIELD(draft, units, row, kind), 0);
    }
    code_index_open(&sought, COUNT(draft, items) + COUNT(draft, templates) + 1);
    (void)code_index_add(&sought, "centre", 0);
    for (size_t row = 0; row < COUNT(draft, items); row++) {
        check_item(rules, row, &kinds);
        if (*FIELD(draft, items, row, unit) == '\0')
            (void)code_index_add(&sought, FIELD(draft, items, row, unit_kind), 0);
    }
    for (size_t row = 0; row < COUNT(draft, templates); row++) {
        check_template(rules, row, &kinds);
        (void)code_index_add(&sought, FIELD(draft, templates, row, party), 0);
    }
    check_doubles(rules, &sought);
    code_index_close(&sought);
    code_index_close(&kinds);
}

void city_check_tables(struct city_draft *draft) {
    static const enum city_table coded[] = {CITY_channels, CITY_areas, CITY_units, CITY_items, CITY_sources};
    static const enum city_table referring[] = {CITY_source_fields, CITY_source_values, CITY_questions,  CITY_choices,
                                                CITY_door,          CITY_warnings,      CITY_item_texts, CITY_fences};
    struct rules rules = {.draft = draft};

    for (enum city_table table = 0; table < CITY_TABLE_COUNT; table++) {
        check_fields(&rules, table);
        if (draft->tables[table].count == 0 && city_table_spec(table)->need == FILE_ROWS)
            draft_complain(draft, (struct draft_place){table, 0, 0}, "the table must have at least one row");
    }
    for (size_t i = 0; i < sizeof coded / sizeof *coded; i++)
        index_codes(&rules, coded[i]);
    for (size_t i = 0; i < sizeof coded / sizeof *coded; i++)
        check_references(&rules, coded[i]);
    for (size_t i = 0; i < sizeof referring / sizeof *referring; i++)
        check_references(&rules, referring[i]);
    check_city(&rules);
    check_areas(&rules);
    check_units_and_items(&rules);
    city_check_policy(draft);
    city_check_places(draft);
    city_check_time(draft);
    city_check_door(draft);
    city_check_notices(draft);
    city_check_sources(draft);
    for (size_t i = 0; i < sizeof coded / sizeof *coded; i++)
        code_index_close(&rules.rows[coded[i]]);
}
