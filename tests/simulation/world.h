/* The simulated world: one seed decides everything that happens in it. All parts of the simulation share this page; docs/simulation.md
 * explains it. One thread. */
#ifndef ZHITONG_SIMULATION_WORLD_H
#define ZHITONG_SIMULATION_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/loop.h"

#define NODES_MAX 16
#define NEVER INT64_MAX
#define SETTLE_MS_MAX 90000 /* of simulated time: within it everything has settled after the last fault */

enum happening { /* what a seed did, for the summary */
                 HAPPENED_steps,
                 HAPPENED_crashes,
                 HAPPENED_stops,
                 HAPPENED_stalls,
                 HAPPENED_zombies,
                 HAPPENED_breaks,
                 HAPPENED_held,
                 HAPPENED_packets,
                 HAPPENED_dropped,
                 HAPPENED_doubled,
                 HAPPENED_overtaken, /* parcels that arrived before one that was sent earlier, on another connection to the same socket */
                 HAPPENED_cut_before,
                 HAPPENED_cut_after,
                 HAPPENED_blackouts,
                 HAPPENED_jumps,
                 HAPPENED_reports,
                 HAPPENED_retries,
                 HAPPENED_cases,
                 HAPPENED_moves,
                 HAPPENED_done,
                 HAPPENED_refused,
                 HAPPENED_logged, /* entries of routing's log */
                 HAPPENED_escalated,
                 HAPPENED_merged,
                 HAPPENED_entries, /* told to departments */
                 HAPPENED_checks,
                 HAPPENED_COUNT
};

struct node { /* one replica of a service, through all its lives */
    int number;
    const struct service *service;
    struct service_loop *loop; /* NULL: it is down */
    struct settings *settings;
    bool dying; /* it has crashed: nothing that it says leaves it, and no connection to the database can be had */
    int64_t wake_at, stalled_until, start_at;
};

struct world {
    uint64_t seed, random, hash;
    int64_t now_ms; /* monotonic time */
    int64_t city_at, city_since;
    double city_speed;
    struct node nodes[NODES_MAX];
    size_t node_count;
    struct node *current; /* whose code runs; NULL: somebody outside */
    bool calm;            /* no more faults */
    bool traced;
    int64_t down_until; /* the database cannot be reached */
    int64_t faults_every_ms;
    long long works; /* that lanes have carried out */
    long long happened[HAPPENED_COUNT];
};
extern struct world world;
extern const char *const happening_names[HAPPENED_COUNT];

/* ---- world.c: chance, the trace and the end */
uint64_t chance(void);
uint32_t chance_below(uint32_t limit);               /* 0 to limit - 1 */
bool chance_one_in(uint32_t times);                  /* never when calm */
int64_t chance_between(int64_t least, int64_t most); /* both included */
const char *chance_of(const char *const *names, size_t count);
/* Goes into the hash; printed when traced. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trace_bytes(const void *data, size_t size); /* into the hash only */
/* Something that must never be: prints it with the seed and the step, and ends the process with 1. */
void broken(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
void world_begin(uint64_t seed);

/* ---- clock.c: the clock, replaced */
void clock_jump(int64_t milliseconds);
void clock_drive(double speed);

/* ---- bus.c: wire.h, replaced */
int64_t bus_next_at(void); /* when the next parcel arrives */
void bus_step(void);
void bus_break_one(void); /* some connection is lost, with all that is under way in it */
void bus_hold_one(int64_t milliseconds);
void bus_close(void); /* forgets everything */
void bus_key(char key[WIRE_KEY_SIZE], const char *kind, unsigned number);
bool bus_outside_woken(void); /* something came for somebody outside since the last call */

/* ---- workers.c: worker.h, replaced */
int64_t workers_next_at(void);
void workers_step(void);
void workers_of_node_end(struct node *node); /* asserts that none is left */

/* ---- database.c: connections that can be cut */
void database_begin(const char *url); /* the simulation's own connection, as the superuser */
struct db *database(void);
const char *database_url(void);
void database_reset(void); /* as it was after the city was loaded */
void database_cut(const struct node *node,
                  bool only_mesh); /* its connections are lost: all, or the one that holds its lock */
void database_role_url(char url[2000], const char *role);
bool database_mutate(
    const char *name);         /* from now on with this fault of the product; false: there is none of that name */
bool database_mutated(void);   /* false: the fault did not find its place in the product */
void database_set_clock(void); /* mesh.clock shows the simulated instant */

/* ---- nodes.c: replicas */
void nodes_open(void);
int64_t nodes_next_at(void);
void nodes_step(void);
void node_wake(struct node *node);
void node_crash(struct node *node, int64_t back_after_ms);
void node_stop(struct node *node, int64_t back_after_ms);
bool nodes_all_up(void);
void nodes_close(void);
int node_public_port(const struct node *node);
struct node *node_of_service(const char *service, size_t nth); /* NULL: there are fewer */

/* ---- faults.c */
int64_t faults_next_at(void);
void faults_step(void);
void faults_begin(void);
void faults_end(void); /* everything comes back */

/* ---- reporting.c, staff.c, departments.c: the world outside */
void reporting_begin(void);
int64_t reporting_next_at(void);
void reporting_turn(void);
bool reporting_settled(void);
void reporting_forget(void);
void staff_begin(void);
int64_t staff_next_at(void);
void staff_turn(void);
bool staff_settled(void);
void staff_forget(void);
void departments_begin(void);
int64_t departments_next_at(void);
void departments_turn(void);
bool departments_settled(void);
void departments_forget(void);

/* ---- checks.c */
struct seen_case { /* as the routing log says */
    uint64_t case_id, version, tier, parent;
    int64_t due_at, next_at;
    char state[25], unit[CODE_MAX + 1], item[CODE_MAX + 1], area[CODE_MAX + 1];
    double lat, lon;
};
void checks_begin(void);
void checks_accepted(uint64_t case_id); /* a client was told so */
void checks_step(bool thorough);
bool checks_caught_up(void);
void checks_audit(void);
const struct seen_case *checks_some_case(void); /* NULL: there is none */
/* Another one about the same item; NULL: there is none. */
const struct seen_case *checks_like(const struct seen_case *one);

#endif
