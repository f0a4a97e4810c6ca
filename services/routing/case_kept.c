/* The rest of a case's file, between its row and its struct. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/report_kept.h"
#include "services/routing/case_clocks.h"
#include "services/routing/case_clocks_inner.h"

/* ---- units ---------------------------------------------------------------------------------------------------------- */

bool units_add(char units[UNITS_TEXT_MAX + 1], const char *code) {
    size_t used = strlen(units);
    if (*code == '\0' || codes_hold(units, code))
        return true;
    if (used + 1 + strlen(code) > UNITS_TEXT_MAX)
        return false;
    snprintf(units + used, UNITS_TEXT_MAX + 1 - used, "%s%s", used > 0 ? " " : "", code);
    return true;
}

/* ---- clocks: name from limit unit grace unit limit_ms up_ms told flag; … -------------------------------------------------- */

static const char *const running_names[RUNNING_COUNT + 1] = {"accept",  "sign",   "contact", "progress",
                                                             "resolve", "review", "wait",    "arrive"};

const char *running_name(enum running clock) {
    return running_names[clock];
}

static bool is_idle(const struct running_clock *clock) {
    return clock->from == 0 && clock->limit.amount == 0 && !clock->moves_up && clock->told == 0;
}

void running_print(const struct case_file *file, char *text, size_t room) {
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < RUNNING_COUNT; i++) {
        const struct running_clock *clock = &file->clocks[i];
        if (is_idle(clock) || used >= room)
            continue;
        long long limit_ms = clock->limit_at - clock->from, up_ms = clock->up_at - clock->limit_at;
        used += (size_t)snprintf(text + used, room - used, "%s %lld %u %d %u %d %lld %lld %u %d;", running_names[i],
                                 (long long)clock->from, clock->limit.amount, (int)clock->limit.unit,
                                 clock->grace.amount, (int)clock->grace.unit, limit_ms, up_ms, clock->told,
                                 (int)clock->moves_up);
    }
}

static int parse_one(struct case_file *file, const char *text, int *size) {
    char name[12];
    long long from, limit_ms, up_ms;
    unsigned limit, grace, told, limit_unit, grace_unit, moves_up;
    *size = 0;
    int found = sscanf(text, KEPT_CLOCK_FORMAT, name, &from, &limit, &limit_unit, &grace, &grace_unit, &limit_ms,
                       &up_ms, &told, &moves_up, size);
    if (found != 10 || *size == 0 || limit > INT32_MAX || grace > INT32_MAX || limit_unit > OFFICE_DAYS ||
        grace_unit > OFFICE_DAYS || told > UINT8_MAX)
        return -1;
    int number = 0;
    while (number < RUNNING_COUNT && strcmp(running_names[number], name) != 0)
        number++;
    if (number == RUNNING_COUNT)
        return -1;
    file->clocks[number] = (struct running_clock){.from = from,
                                                  .limit = {limit, (enum time_unit)limit_unit},
                                                  .grace = {grace, (enum time_unit)grace_unit},
                                                  .limit_at = from + limit_ms,
                                                  .up_at = from + limit_ms + up_ms,
                                                  .told = (uint8_t)told,
                                                  .moves_up = moves_up != 0};
    return is_idle(&file->clocks[number]) ? -1 : 0; /* nobody writes one that does not run */
}

int running_parse(struct case_file *file, const char *text, struct reason *why) {
    int size;
    memset(file->clocks, 0, sizeof file->clocks);
    for (; *text != '\0'; text += size)
        if (parse_one(file, text, &size) != 0)
            return refuse(why, "kept", "the clocks of case %llu cannot be read", (unsigned long long)file->case_id);
    return 0;
}

/* ---- tasks: unit state by_at; … ---------------------------------------------------------------------------------------- */

#define TASK_STATES 3
static const char *const task_names[TASK_STATES] = {"called", "arrived", "finished"}; /* by enum task_state */

void case_tasks_print(const struct case_file *file, char *text, size_t room) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < file->task_count && used < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s %s %lld;", file->tasks[i].unit,
                                 task_names[file->tasks[i].state], (long long)file->tasks[i].by_at);
}

static int task_named(const char *name) {
    int state = 0;
    while (state < TASK_STATES && strcmp(task_names[state], name) != 0)
        state++;
    return state;
}

static int parse_tasks(struct case_file *file, const char *text, struct reason *why) {
    int size = 0;
    file->task_count = 0;
    for (; *text != '\0'; text += size) {
        struct task *task = &file->tasks[file->task_count];
        char name[12];
        long long by_at;
        size = 0;
        if (file->task_count == TASKS_MAX || sscanf(text, "%48s %11s %lld;%n", task->unit, name, &by_at, &size) != 3 ||
            size == 0 || task_named(name) == TASK_STATES)
            return refuse(why, "kept", "the tasks of case %llu cannot be read", (unsigned long long)file->case_id);
        task->by_at = by_at;
        task->state = task_named(name);
        file->task_count++;
    }
    return 0;
}

/* ---- both ------------------------------------------------------------------------------------------------------------- */

void case_kept_write(struct case_file *file) {
    running_print(file, file->kept.clocks, sizeof file->kept.clocks);
    case_tasks_print(file, file->kept.tasks, sizeof file->kept.tasks);
}

int case_kept_read(struct case_file *file, struct reason *why) {
    if (running_parse(file, file->kept.clocks, why) != 0 || parse_tasks(file, file->kept.tasks, why) != 0)
        return -1;
    /* A case from before clocks were kept has one limit, at which it moves up or is looked at. */
    if (file->kept.clocks[0] == '\0' && file->due_at != 0)
        file->clocks[clocks_due(file)] = (struct running_clock){
            .from = file->opened_at, .limit_at = file->due_at, .up_at = file->due_at, .told = 99, .moves_up = true};
    return 0;
}
