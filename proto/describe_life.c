#include "proto/describe.h"

#include "proto/case_life.h"

static const char *state_name(enum case_state state) {
    if (state == CASE_any_open)
        return "any open";
    return state == CASE_same ? "same" : case_state_spec(state)->name;
}

/* Names of the bits that are set, separated by commas. */
static void write_hats(FILE *out, uint32_t hats) {
    const char *comma = "";
    for (int hat = 0; hat < HAT_COUNT; hat++) {
        if (!(hats & 1u << hat))
            continue;
        fprintf(out, "%s%s", comma, case_hat_spec((enum case_hat_number)hat)->name);
        comma = ", ";
    }
}

static void write_needs(FILE *out, uint32_t needs) {
    size_t count;
    const char *const *names = case_need_names(&count), *comma = "";
    for (size_t i = 0; i < count; i++) {
        if (!(needs & 1u << i))
            continue;
        fprintf(out, "%s%s", comma, names[i]);
        comma = ", ";
    }
}

/* What stays in its state, and goes for all open ones, would only hide the way. */
static void diagram(FILE *out) {
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    fputs("```mermaid\nstateDiagram-v2\n", out);
    for (size_t i = 0; i < count; i++) {
        if (moves[i].from == CASE_any_open || moves[i].from == moves[i].to)
            continue;
        const char *from = moves[i].from == CASE_none ? "[*]" : state_name(moves[i].from);
        fprintf(out, "    %s --> %s: %s\n", from, state_name(moves[i].to), moves[i].name);
    }
    fputs("    archived --> [*]\n```\n", out);
}

static void write_states(FILE *out) {
    fputs("## States\n\n"
          "| state | 名 | open | meaning |\n|---|---|---|---|\n",
          out);
    for (int state = CASE_none + 1; state < CASE_STATE_COUNT; state++) {
        const struct state_spec *spec = case_state_spec((enum case_state)state);
        fprintf(out, "| `%s` | %s | %s | %s |\n", spec->name, spec->zh, spec->open ? "yes" : "no", spec->meaning);
    }
}

static void write_people(FILE *out) {
    fputs(
        "\n## Who may\n\n"
        "A move names hats: how somebody stands towards this case. A role brings hats; whether one fits is looked at for each case.\n\n"
        "| hat | 名 | worn by |\n|---|---|---|\n",
        out);
    for (int hat = 0; hat < HAT_COUNT; hat++) {
        const struct hat_spec *spec = case_hat_spec((enum case_hat_number)hat);
        fprintf(out, "| %s | %s | %s |\n", spec->name, spec->zh, spec->meaning);
    }
    fputs("\n| role | 名 | hats | |\n|---|---|---|---|\n", out);
    size_t count;
    const struct role_spec *roles = case_roles(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "| `%s` | %s | ", roles[i].name, roles[i].zh);
        write_hats(out, roles[i].hats);
        fprintf(out, " | %s |\n", roles[i].meaning);
    }
}

static void write_moves(FILE *out) {
    fputs(
        "\n## Moves\n\n"
        "Of several lines for one move and state the first whose guard holds counts. What a clock's word means stands in "
        "`case_life.def`.\n\n"
        "| from | move | 名 | to | by | guard | clock | needs | meaning |\n|---|---|---|---|---|---|---|---|---|\n",
        out);
    size_t count;
    const struct move_spec *moves = case_moves(&count);
    for (size_t i = 0; i < count; i++) {
        const struct move_spec *move = &moves[i];
        fprintf(out, "| %s | `%s` | %s | %s | ", state_name(move->from), move->name, move->zh, state_name(move->to));
        write_hats(out, move->hats);
        fprintf(out, " | %s | %s | ", move->guard == GUARD_always ? "" : case_guard_name(move->guard),
                case_clock_name(move->clock));
        write_needs(out, move->needs);
        fprintf(out, " | %s |\n", move->meaning);
    }
}

void describe_life(FILE *out) {
    fputs("# The life of a case\n\n"
          "Made from `case_life.def` by `zt-describe life`; do not edit.\n\n"
          "An open case has exactly one responsible unit, one plan once it is signed for, and one next instant.\n\n",
          out);
    write_states(out);
    write_people(out);
    write_moves(out);
    fputs("\n## Diagram\n\n", out);
    diagram(out);
}
