#include "proto/describe.h"

#include "proto/case_life.h"

static const char *const by_names[] = {
    [BY_CHANNEL] = "channel",
    [BY_STAFF] = "staff",
    [BY_DEADLINE] = "deadline",
};
static const char *const clock_names[] = {
    [CLOCK_START] = "starts",
    [CLOCK_KEEP] = "runs on",
    [CLOCK_STOP] = "stops",
};

static void diagram(FILE *out) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    fputs("```mermaid\nstateDiagram-v2\n", out);
    for (size_t i = 0; i < count; i++) {
        const char *from = moves[i].from == CASE_none ? "[*]" : case_state_spec(moves[i].from)->name;
        fprintf(out, "    %s --> %s: %s (%s)\n", from, case_state_spec(moves[i].to)->name, moves[i].name,
                by_names[moves[i].by]);
    }
    for (int state = CASE_none + 1; state < CASE_STATE_COUNT; state++) {
        const struct state_spec *spec = case_state_spec((enum case_state)state);
        if (!spec->open)
            fprintf(out, "    %s --> [*]\n", spec->name);
    }
    fputs("```\n", out);
}

void describe_life(FILE *out) {
    fputs("# The life of a case\n\n"
          "Made from `case_life.def` by `zt-describe life`; do not edit.\n\n"
          "An open case has exactly one responsible unit and one due instant.\n\n"
          "## States\n\n"
          "| state | 名 | open | meaning |\n|---|---|---|---|\n",
          out);
    for (int state = CASE_none + 1; state < CASE_STATE_COUNT; state++) {
        const struct state_spec *spec = case_state_spec((enum case_state)state);
        fprintf(out, "| `%s` | %s | %s | %s |\n", spec->name, spec->zh, spec->open ? "yes" : "no", spec->meaning);
    }

    fputs("\n## Moves\n\n"
          "By: *channel* the channel's rule on arrival, *staff* a command, *deadline* a passed deadline.\n"
          "Clock: *starts* a new due instant counts from now, *runs on* the due instant stays, *stops* no due instant "
          "any more.\n\n"
          "| from | move | to | by | clock | meaning |\n|---|---|---|---|---|---|\n",
          out);
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "| %s | `%s` | %s | %s | %s | %s |\n", case_state_spec(moves[i].from)->name, moves[i].name,
                case_state_spec(moves[i].to)->name, by_names[moves[i].by], clock_names[moves[i].clock],
                moves[i].meaning);

    fputs("\n## Diagram\n\n", out);
    diagram(out);
}
