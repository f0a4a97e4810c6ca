#include "services/routing/case_supplement.h"

#include <stdio.h>
#include <string.h>

#include "common/report_more.h"

static bool comes_from_another(const struct command *command) {
    unsigned long long of_case;
    return sscanf(command->actor, "reporter %llu", &of_case) == 1 && of_case != command->case_id;
}

static bool add_answers(const struct command *command, struct report_kept *kept) {
    return command->attributes[0] != '\0' && report_add_answers(kept->attributes, sizeof kept->attributes,
                                                                command->attributes, !comes_from_another(command)) == 0;
}

static bool add_file(const struct command *command, struct report_kept *kept) {
    return strcmp(command->move, "attach") == 0 && strcmp(command->role, "citizen") == 0 &&
           report_add_file(kept->files, sizeof kept->files, command->file) == 0;
}

bool case_supplement(const struct command *command, struct report_kept *kept) {
    bool answered = add_answers(command, kept), attached = add_file(command, kept);
    if (answered || attached)
        report_fill_missing(kept->missing, kept->attributes, kept->files);
    return answered || attached;
}
