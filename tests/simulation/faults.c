/* What goes wrong, and when: drawn from the seed, until the world is calm. */
#include <stdio.h>

#include "common/clock.h"
#include "tests/simulation/world.h"

static int64_t next_at;

static struct node *some_node(void) {
    return &world.nodes[chance_below((uint32_t)world.node_count)];
}

static void crash(void) {
    node_crash(some_node(), chance_between(50, 4000));
}

static void stop(void) {
    node_stop(some_node(), chance_between(50, 2000));
}

/* SIGSTOP, or a machine that is short of everything. */
static void stall(void) {
    struct node *node = some_node();
    trace("replica %d stalls", node->number);
    world.happened[HAPPENED_stalls]++;
    node->stalled_until = world.now_ms + chance_between(200, 6000);
}

/* The same, and its lock falls meanwhile: it wakes as a zombie. */
static void zombie(void) {
    struct node *node = some_node();
    trace("replica %d becomes a zombie", node->number);
    world.happened[HAPPENED_zombies]++;
    database_cut(node, true);
    node->stalled_until = world.now_ms + chance_between(500, 5000);
}

static void cut_database(void) {
    struct node *node = some_node();
    trace("replica %d loses its connections to the database", node->number);
    database_cut(node, false);
}

static void blackout(void) {
    trace("the database is out of reach");
    world.happened[HAPPENED_blackouts]++;
    world.down_until = world.now_ms + chance_between(200, 3000);
    for (size_t i = 0; i < world.node_count; i++)
        database_cut(&world.nodes[i], false);
}

static void hold(void) {
    bus_hold_one(chance_between(100, 5000));
}

static void jump(void) {
    world.happened[HAPPENED_jumps]++;
    clock_jump(chance_between(1000, 3600000));
    trace("the city's time jumps to %lld", (long long)clock_now());
}

static void drive(void) {
    static const double speeds[] = {1, 10, 100, 600};
    clock_drive(speeds[chance_below(sizeof speeds / sizeof speeds[0])]);
    trace("the city's time goes at %g", world.city_speed);
}

static const struct {
    void (*happen)(void);
    uint32_t weight;
} faults[] = {
    {bus_break_one, 8}, {hold, 6},         {crash, 5},    {stop, 2}, {stall, 3},
    {zombie, 3},        {cut_database, 2}, {blackout, 1}, {jump, 3}, {drive, 2},
};

int64_t faults_next_at(void) {
    return world.calm ? NEVER : next_at;
}

void faults_step(void) {
    uint32_t all = 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        all += faults[i].weight;
    uint32_t drawn = chance_below(all);
    size_t which = 0;
    while (drawn >= faults[which].weight)
        drawn -= faults[which++].weight;
    faults[which].happen();
    next_at = world.now_ms + chance_between(1, 2 * world.faults_every_ms);
}

void faults_begin(void) {
    static const int64_t every_ms[] = {100, 300, 1000};
    world.faults_every_ms = every_ms[chance_below(3)];
    next_at = world.now_ms + 1000;
}

void faults_end(void) {
    trace("calm");
    world.calm = true;
    world.down_until = 0;
    clock_drive(1);
    for (size_t i = 0; i < world.node_count; i++) {
        struct node *node = &world.nodes[i];
        node->stalled_until = 0;
        if (node->loop == NULL && node->start_at > world.now_ms + 500)
            node->start_at = world.now_ms + 500;
    }
}
