/* zt-simulate: all services in one process, the bus and the clock simulated, PostgreSQL real. docs/simulation.md explains it. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/journal.h"
#include "common/metrics.h"
#include "tests/simulation/world.h"

#define CHECK_WORKS 2 /* of the lanes: then the log and the cases are checked, and everything after CHECK_WORKS_ALL */
#define CHECK_WORKS_ALL 20
#define SETTLE_LOOK_MS 200

struct options {
    uint64_t seed, seeds;
    long long steps_max; /* 0: no limit */
    bool no_faults;
};

static const char usage[] =
    "zt-simulate --database URL [--seed N] [--seeds COUNT] [--steps MOST] [--no-faults] [--mutant NAME] [--trace]\n"
    "Runs seeds one after the other, a line each; ends with 1 at the first that finds something broken.\n"
    "  --database URL  of a superuser, as deploy/postgres/cluster prints it; made ready by tests/simulation/test_seeds.py\n"
    "  --seed N        the first seed (1)\n"
    "  --seeds COUNT   how many, one after the other (1)\n"
    "  --steps MOST    ends a seed after so many steps\n"
    "  --no-faults     nothing goes wrong\n"
    "  --mutant NAME   with a fault in the product: commit, fence, cursor, key, arm, fire\n"
    "  --trace         prints every step\n";

static int64_t min(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void outside_turn(void) {
    world.current = NULL;
    reporting_turn();
    staff_turn();
    departments_turn();
}

static int64_t outside_next_at(void) {
    return min(min(reporting_next_at(), staff_next_at()), departments_next_at());
}

/* One step: whatever is due next. What is due at the same time has an order: also that is the seed's, because times are. */
static void step(void) {
    const struct {
        int64_t at;
        void (*step)(void);
    } parts[] = {{bus_next_at(), bus_step},
                 {workers_next_at(), workers_step},
                 {nodes_next_at(), nodes_step},
                 {bus_outside_woken() ? world.now_ms : outside_next_at(), outside_turn},
                 {faults_next_at(), faults_step}};
    size_t next = 0;
    for (size_t i = 1; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].at < parts[next].at)
            next = i;
    if (parts[next].at > world.now_ms)
        world.now_ms = parts[next].at;
    long long works = world.works;
    world.happened[HAPPENED_steps]++;
    parts[next].step();
    if (world.works != works && world.works % CHECK_WORKS == 0)
        checks_step(world.works % CHECK_WORKS_ALL == 0);
}

static bool settled(void) {
    return nodes_all_up() && reporting_settled() && staff_settled() && checks_caught_up() && departments_settled();
}

static void settle(void) {
    int64_t until = world.now_ms + SETTLE_MS_MAX, look_at = world.now_ms;
    for (;;) {
        step();
        if (world.now_ms < look_at)
            continue;
        look_at = world.now_ms + SETTLE_LOOK_MS;
        if (settled())
            return;
        if (world.now_ms > until)
            broken("everything settles",
                   "not within %d ms after the last fault: up %d, reporters %d, staff %d, caught up %d, departments %d",
                   SETTLE_MS_MAX, nodes_all_up(), reporting_settled(), staff_settled(), checks_caught_up(),
                   departments_settled());
    }
}

static void run_seed(const struct options *options, uint64_t seed) {
    world_begin(seed);
    database_reset();
    checks_begin();
    nodes_open();
    faults_begin();
    reporting_begin();
    staff_begin();
    departments_begin();
    int64_t until = world.now_ms + chance_between(8000, 20000);
    if (options->no_faults)
        faults_end();
    bool all = true;
    while (world.now_ms < until && all) {
        step();
        all = options->steps_max == 0 || world.happened[HAPPENED_steps] < options->steps_max;
    }
    if (all) {
        if (!options->no_faults)
            faults_end();
        settle();
        checks_step(true);
        checks_audit();
    }
    nodes_close();
    reporting_forget();
    staff_forget();
    departments_forget();
    bus_close();
}

static void print_tally(double seconds) {
    printf("seed %llu hash %016llx seconds %.2f simulated %.1f", (unsigned long long)world.seed,
           (unsigned long long)world.hash, seconds, (double)(world.now_ms - 1000000) / 1000);
    for (int i = 0; i < HAPPENED_COUNT; i++)
        printf(", %s %lld", happening_names[i], world.happened[i]);
    printf("\n");
    fflush(stdout);
}

static void on_abort(int number) {
    signal(number, SIG_DFL);
    broken("an assertion", "signal %d in %s", number,
           world.current != NULL ? world.current->service->name : "the world outside");
}

static int read_options(struct options *options, int argc, char **argv, const char **url) {
    static const struct option known[] = {{"database", required_argument, NULL, 'd'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"seeds", required_argument, NULL, 'n'},
                                          {"steps", required_argument, NULL, 'm'},
                                          {"no-faults", no_argument, NULL, 'f'},
                                          {"mutant", required_argument, NULL, 'x'},
                                          {"trace", no_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'd')
            *url = optarg;
        else if (option == 's')
            options->seed = strtoull(optarg, NULL, 10);
        else if (option == 'n')
            options->seeds = strtoull(optarg, NULL, 10);
        else if (option == 'm')
            options->steps_max = strtoll(optarg, NULL, 10);
        else if (option == 'f')
            options->no_faults = true;
        else if (option == 't')
            world.traced = true;
        else if (option == 'x' && database_mutate(optarg))
            continue;
        else
            return option == 'h' ? 0 : 2;
    }
    return *url != NULL ? -1 : 2;
}

int main(int argc, char **argv) {
    struct options options = {.seed = 1, .seeds = 1};
    const char *url = NULL;
    int status = read_options(&options, argc, argv, &url);
    if (status >= 0) {
        fputs(usage, status == 0 ? stdout : stderr);
        return status;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    journal_start("simulation", JOURNAL_ERROR);
    metrics_start("simulation");
    database_begin(url);
    for (uint64_t seed = options.seed; seed < options.seed + options.seeds; seed++) {
        struct timespec began, ended;
        clock_gettime(CLOCK_MONOTONIC, &began);
        run_seed(&options, seed);
        clock_gettime(CLOCK_MONOTONIC, &ended);
        print_tally((double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
    }
    if (!database_mutated())
        broken("setup", "the mutant did not find its place");
    return 0;
}
