/* Who moves cases: commands, sensible ones and others, on their way to routing by the product's own client (common/command_calls.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command_calls.h"
#include "common/mesh_read.h"
#include "proto/case_life.h"
#include "tests/simulation/world.h"

#define VIEW_MS 500
#define MOVES_MAX 80

static struct command_calls *calls;
static struct mesh_view *view;
static int64_t view_at, move_at;
static int64_t moves_left;
static struct wire_keys keys;

static const struct member *owner(void *context, uint16_t shard) {
    (void)context;
    return view != NULL ? mesh_owner(view, "routing", shard) : NULL;
}

static void answered(void *context, const struct command_answer *answer) {
    (void)context;
    trace("move %llu: %s %s", (unsigned long long)answer->tag, answer->done ? "done" : answer->why.field,
          answer->why.text);
    world.happened[answer->done ? HAPPENED_done : HAPPENED_refused]++;
}

void staff_begin(void) {
    bus_key(keys.public_key, "staff", 1);
    bus_key(keys.secret_key, "secret", 1);
    calls = command_calls_open(&(struct command_calls_options){.keys = &keys, .owner = owner, .answered = answered});
    moves_left = chance_between(0, MOVES_MAX);
    move_at = world.now_ms + chance_between(1000, 3000);
    view_at = 0;
}

static void read_view(void) {
    mesh_view_close(&view);
    view = calloc(1, sizeof *view);
    if (view == NULL || mesh_read_owners(view, database()) != 0)
        broken("setup", "the mesh cannot be read: %s", db_reason(database())->text);
}

/* What usually follows in this state, by whom. */
static const struct usual {
    const char *state, *move, *role;
    bool of_unit; /* by somebody of the case's own unit; else of the city's centre */
} usual[] = {
    {"reported", "accept", "dispatcher", false},
    {"reported", "decline", "dispatcher", false},
    {"reported", "ask", "dispatcher", false},
    {"needs_info", "answer", "citizen", false},
    {"accepted", "dispatch", "dispatcher", false},
    {"accepted", "merge", "dispatcher", false},
    {"dispatched", "sign", "department_lead", true},
    {"dispatched", "transfer", "county_centre", false},
    {"dispatched", "pass_up", "department_lead", true},
    {"handling", "progress", "department_lead", true},
    {"handling", "claim_done", "department_lead", true},
    {"handling", "contact", "department_lead", true},
    {"handling", "pass_up", "department_lead", true},
    {"handling", "whistle", "department_lead", true},
    {"handling", "suspend", "county_centre", false},
    {"suspended", "resume", "county_centre", false},
    {"claimed_done", "verify", "verifier", false},
    {"claimed_done", "reject", "verifier", false},
    {"callback", "satisfied", "citizen", false},
    {"callback", "dissatisfied", "citizen", false},
    {"callback", "attempt", "caller", false},
    {"closed", "reopen", "citizen", false},
    {"merged", "unmerge", "dispatcher", false},
    {"declined", "appeal", "citizen", false},
    {"dispatched", "press", "supervisor", false},
    {"handling", "press", "supervisor", false},
    {"reported", "merge", "dispatcher", false},
    {"handling", "list", "supervisor", false},
};

static void fill(struct command *command, const struct seen_case *seen, const struct usual *how) {
    static const char *const units[] = {"town_hall", "north_office", "works", "mill_office", "mill_1", "nowhere"};
    const struct seen_case *other = checks_like(seen);
    *command = (struct command){
        .case_id = seen->case_id, .rating = 1 + chance_below(5), .parent = other != NULL ? other->case_id : 1};
    snprintf(command->key, sizeof command->key, "move-%lld", (long long)moves_left);
    snprintf(command->move, sizeof command->move, "%s", how->move);
    snprintf(command->role, sizeof command->role, "%s", how->role);
    snprintf(command->actor, sizeof command->actor, "person-%u", chance_below(5));
    snprintf(command->actor_unit, sizeof command->actor_unit, "%s", how->of_unit ? seen->unit : "town_hall");
    snprintf(command->unit, sizeof command->unit, "%s", chance_of(units, 6));
    snprintf(command->parties, sizeof command->parties, "%s", chance_of(units, 5));
    snprintf(command->note, sizeof command->note, "a note");
    snprintf(command->plan, sizeof command->plan, "a plan");
    snprintf(command->reason, sizeof command->reason, "%s", chance_below(2) == 0 ? "other" : "weather");
    snprintf(command->reply_accepted, sizeof command->reply_accepted, "today");
    snprintf(command->reply_spoken, sizeof command->reply_spoken, "with the reporter");
    snprintf(command->reply_done, sizeof command->reply_done, "mended");
    snprintf(command->reply_by, sizeof command->reply_by, "nothing is left");
    snprintf(command->evidence, sizeof command->evidence, "a picture");
    if (chance_below(6) == 0)
        command->version = seen->version + chance_below(2);
}

static void send_move(void) {
    const struct seen_case *seen = checks_some_case();
    if (seen == NULL)
        return;
    size_t count = sizeof usual / sizeof usual[0], from = chance_below((uint32_t)count);
    const struct usual *how = &usual[from]; /* whatever it is: an illegal move is one, too */
    bool sensible = chance_below(8) != 0;
    for (size_t i = 0; sensible && i < count; i++) {
        how = &usual[(from + i) % count];
        if (strcmp(how->state, seen->state) == 0)
            break;
    }
    struct command command;
    fill(&command, seen, how);
    trace("asks for move %lld: %s of case %llu", (long long)moves_left, command.move,
          (unsigned long long)command.case_id);
    world.happened[HAPPENED_moves]++;
    command_calls_send(calls, &command, (uint64_t)moves_left);
    moves_left--;
}

int64_t staff_next_at(void) {
    int64_t next = moves_left > 0 && !world.calm ? move_at : NEVER;
    int wait_ms = command_calls_wait_ms(calls);
    if (wait_ms >= 0 && world.now_ms + wait_ms < next)
        next = world.now_ms + wait_ms;
    return next;
}

void staff_turn(void) {
    bool wanted = command_calls_waiting(calls) > 0 || (moves_left > 0 && move_at <= world.now_ms);
    if (wanted && world.now_ms - view_at >= VIEW_MS) {
        view_at = world.now_ms;
        read_view();
    }
    if (moves_left > 0 && !world.calm && move_at <= world.now_ms) {
        move_at = world.now_ms + chance_between(20, 400);
        send_move();
    }
    command_calls_turn(calls);
}

bool staff_settled(void) {
    return command_calls_waiting(calls) == 0;
}

void staff_forget(void) {
    command_calls_close(&calls);
    mesh_view_close(&view);
}
