#include "services/zhitong/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ids.h"

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from))

int people_look(struct people *people, struct db *db, uint64_t case_id, struct reason *why) {
    struct params params = {0};
    params_int2(&params, (int16_t)case_shard(case_id));
    params_int8(&params, (int64_t)case_id);
    SCOPED_RESULT
    *result = db_ask(db, "people_case", &params);
    if (result == NULL)
        return refuse(why, "database", "%s", db_reason(db)->text);
    if (PQntuples(result) == 0)
        return 0;
    const char *support = db_text(result, 0, 2);
    const char *last = strrchr(support, ' ');
    people->state = case_state_named(db_text(result, 0, 0));
    people->tier = (uint8_t)db_int2(result, 0, 3);
    COPY(people->unit, db_text(result, 0, 1));
    COPY(people->called, last != NULL ? last + 1 : support);
    COPY(people->area, db_text(result, 0, 4));
    return 1;
}

/* The unit above, or the topmost one. */
static const char *above(const struct people *people, bool top) {
    const struct unit *unit = city_unit(people->city, people->unit), *next = NULL;
    const struct area *area = city_area(people->city, people->area);
    for (int tier = 0; tier < TIER_MAX && unit != NULL && area != NULL; tier++) {
        if (city_unit_above(people->city, unit, area, &next, NULL) != 0 || next == NULL)
            break;
        unit = next;
        if (!top && unit->tier > people->tier)
            break;
    }
    return unit != NULL ? unit->code : "";
}

static const char *word(void *context, const char *text) {
    struct people *people = context;
    if (strcmp(text, "lead") == 0)
        return people->unit;
    if (strcmp(text, "called") == 0)
        return people->called;
    if (strcmp(text, "above") == 0 || strcmp(text, "top") == 0)
        return above(people, text[0] == 't');
    if (strcmp(text, "twin") == 0)
        snprintf(people->number, sizeof people->number, "%llu", (unsigned long long)people->twin);
    else if (strncmp(text, "days ", 5) == 0)
        snprintf(people->number, sizeof people->number, "%lld",
                 (long long)people->now + strtoll(text + 5, NULL, 10) * 86400000LL);
    else
        return text;
    return people->number;
}

int people_command(struct people *people, const struct course_step *step, struct command *command, struct reason *why) {
    COPY(command->move, step->move);
    COPY(command->actor, step->actor[0] != '\0' ? step->actor : step->role);
    COPY(command->role, step->role);
    COPY(command->actor_unit, word(people, step->unit));
    return course_fill(step, command, word, people, why);
}
