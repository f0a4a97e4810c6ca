#include "services/desk/kept_json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/city.h"
#include "common/message_json.h"
#include "common/report_kept.h"

#define TOLD_ALL 100   /* per cent; routing writes more once nothing comes any more */
#define TOLD_NOTHING 1 /* what routing writes for a held clock of which nothing is left */

/* ---- clocks: name from limit unit grace unit limit_ms up_ms told moves_up; … ----------------------------------------------- */

struct kept_clock {
    char name[12];
    long long from, limit_ms, up_ms;
    unsigned limit, limit_unit, grace, grace_unit, told, moves_up;
};

static bool clock_read(const char *text, struct kept_clock *clock, int *size) {
    *size = 0;
    int found = sscanf(text, KEPT_CLOCK_FORMAT, clock->name, &clock->from, &clock->limit, &clock->limit_unit,
                       &clock->grace, &clock->grace_unit, &clock->limit_ms, &clock->up_ms, &clock->told,
                       &clock->moves_up, size);
    return found == 10 && *size > 0 && clock->limit_unit <= OFFICE_DAYS;
}

static json_t *clock_json(const struct kept_clock *clock) {
    bool held = clock->from == 0;
    unsigned told = clock->told > TOLD_ALL ? TOLD_ALL : held && clock->told == TOLD_NOTHING ? 0 : clock->told;
    json_t *json = json_pack("{s:s, s:b, s:i}", "clock", clock->name, "held", (int)held, "told_percent", (int)told);
    if (held) {
        const char *unit = clock->limit_unit == WORKING_MINUTES ? "working_minutes" : "continuous_minutes";
        json_object_set_new(json, "left_minutes", json_integer(clock->limit));
        json_object_set_new(json, "left_unit", json_string(unit));
        return json;
    }
    json_object_set_new(json, "started_at", json_integer(clock->from));
    json_object_set_new(json, "due_at", json_integer(clock->from + clock->limit_ms));
    if (clock->moves_up != 0)
        json_object_set_new(json, "moves_up_at", json_integer(clock->from + clock->limit_ms + clock->up_ms));
    return json;
}

json_t *kept_clocks_json(const char *clocks) {
    json_t *array = json_array();
    int size;
    for (; *clocks != '\0'; clocks += size) {
        struct kept_clock clock;
        if (!clock_read(clocks, &clock, &size)) {
            json_decref(array);
            return NULL;
        }
        json_array_append_new(array, clock_json(&clock));
    }
    return array;
}

/* ---- tasks: unit state by_at; … ---------------------------------------------------------------------------------------- */

json_t *kept_tasks_json(const char *tasks) {
    json_t *array = json_array();
    int size;
    for (; *tasks != '\0'; tasks += size) {
        char unit[CODE_MAX + 1], state[12];
        long long by_at;
        size = 0;
        if (sscanf(tasks, "%48s %11s %lld;%n", unit, state, &by_at, &size) != 3 || size == 0) {
            json_decref(array);
            return NULL;
        }
        json_t *task = json_pack("{s:s, s:s}", "unit", unit, "state", state);
        if (by_at != 0)
            json_object_set_new(task, "by_at", json_integer(by_at));
        json_array_append_new(array, task);
    }
    return array;
}

/* ---- both ------------------------------------------------------------------------------------------------------------- */

/* An array in the place of the text, which means nothing to who reads JSON. */
static void replace(json_t *json, const char *name, json_t *take_array) {
    if (take_array != NULL && json_array_size(take_array) > 0)
        json_object_set(json, name, take_array);
    else
        json_object_del(json, name);
    json_decref(take_array);
}

json_t *kept_json(const struct case_kept *kept) {
    json_t *json = message_to_json(MESSAGE_case_kept, kept);
    replace(json, "clocks", kept_clocks_json(kept->clocks));
    replace(json, "tasks", kept_tasks_json(kept->tasks));
    return json;
}
