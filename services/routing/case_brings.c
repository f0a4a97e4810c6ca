/* What a command brings against what its move needs. */
#include <stdio.h>
#include <string.h>

#include "services/routing/case_guard.h"

#define REASONS_SHOWN_BYTES 120 /* of their codes, in a refusal */

static int refuse_reason(const struct case_step *step, const struct move_spec *line, const struct command *command,
                         struct reason *why) {
    char codes[REASONS_SHOWN_BYTES];
    size_t count = city_list_reasons(step->city, line->name, codes, sizeof codes);
    return refuse(why, "reason", "%.48s is none of the %zu reasons for %s in reasons.csv: %s", command->reason, count,
                  line->name, codes);
}

static int brings_reason(const struct case_step *step, const struct move_spec *line, const struct command *command,
                         struct reason *why) {
    if (command->reason[0] == '\0')
        return refuse(why, "reason", "say why: a code of the city's reasons for %s", line->name);
    if (!city_has_reason(step->city, line->name, command->reason))
        return refuse_reason(step, line, command, why);
    return 0;
}

static int brings_unit(const struct case_step *step, const struct command *command, struct reason *why) {
    const struct unit *unit = city_unit(step->city, command->unit);
    const struct area *area = city_area(step->city, step->file->area);
    if (command->unit[0] == '\0')
        return refuse(why, "unit", "name the unit");
    if (unit == NULL)
        return refuse(why, "unit", "the city has no unit %s", command->unit);
    if (area != NULL && !unit_covers(unit, area))
        return refuse(why, "unit", "%s does not answer for %s", command->unit, step->file->area);
    return 0;
}

static int brings_reply(const struct command *command, struct reason *why) {
    if (command->reply_accepted[0] == '\0')
        return refuse(why, "reply_accepted", "say when and by whom it was taken on");
    if (command->reply_spoken[0] == '\0')
        return refuse(why, "reply_spoken", "say whom it was spoken with");
    if (command->reply_done[0] == '\0')
        return refuse(why, "reply_done", "say what was done");
    if (command->reply_by[0] == '\0')
        return refuse(why, "reply_by", "say by when what is left will be done");
    return 0;
}

static int brings_file(const struct command *command, struct reason *why) {
    size_t digits = strspn(command->file, "0123456789abcdef"), name = 0;
    char type[64], size[20];
    int end = 0;
    bool read = digits == 64 && command->file[64] == ' ' &&
                sscanf(command->file + 65, "%63s %19[0-9] %n", type, size, &end) == 2 && end > 0;
    if (read && strchr(type, '/') != NULL && size[strspn(size, "0")] != '\0')
        name = strlen(command->file + 65 + end);
    if (name == 0)
        return refuse(why, "file",
                      "must be SHA-256 in hex, type, bytes and name: 64 digits, image/jpeg, 52311, photo.jpg");
    return 0;
}

/* Content is 3 to 5, not content 1 or 2: the move and its rating say the same. */
static int brings_rating(const struct move_spec *line, const struct command *command, struct reason *why) {
    bool content = strcmp(line->name, "satisfied") == 0;
    if (command->rating < 1 || command->rating > 5)
        return refuse(why, "rating", "must be 1 (very dissatisfied) to 5 (very satisfied)");
    if (content != (command->rating >= 3))
        return refuse(why, "rating", "%s goes with %s", line->name, content ? "3 to 5" : "1 or 2");
    return 0;
}

/* The measures count these words; another one would count as if nobody had been reached. */
static bool is_result(const char *result) {
    static const char *const results[] = {"", "solved", "partly", "unsolved"};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (strcmp(results[i], result) == 0)
            return true;
    return false;
}

int case_brings(const struct case_step *step, const struct move_spec *line, const struct command *command,
                struct reason *why) {
    uint32_t needs = line->needs;
    if ((needs & NEED_note) && command->note[0] == '\0')
        return refuse(why, "note", "say what there is to say about it");
    if ((needs & NEED_reason) && brings_reason(step, line, command, why) != 0)
        return -1;
    if ((needs & NEED_unit) && brings_unit(step, command, why) != 0)
        return -1;
    if ((needs & NEED_parties) && command->parties[strspn(command->parties, " ")] == '\0')
        return refuse(why, "parties", "name the units that are called, or @ and a template");
    if ((needs & NEED_plan) && command->plan[0] == '\0')
        return refuse(why, "plan", "say what will be done");
    if ((needs & NEED_until) && command->until_at <= step->now)
        return refuse(why, "until_at", "name an instant that is still to come");
    if ((needs & NEED_days) && command->days == 0)
        return refuse(why, "days", "say how many working days");
    if ((needs & NEED_parent) && command->parent == 0)
        return refuse(why, "parent", "name the case that this one belongs to");
    if ((needs & NEED_reply) && brings_reply(command, why) != 0)
        return -1;
    if ((needs & NEED_evidence) && command->evidence[0] == '\0' && step->file->kept.files == 0)
        return refuse(why, "evidence", "attach a file, or say what proves it");
    if ((needs & NEED_rating) && brings_rating(line, command, why) != 0)
        return -1;
    if (!is_result(command->result))
        return refuse(why, "result", "must be solved, partly or unsolved");
    return (needs & NEED_file) ? brings_file(command, why) : 0;
}
