#include "services/zhitong/replay.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/city.h"
#include "common/clock.h"
#include "common/queries.h"
#include "common/submit_client.h"
#include "services/zhitong/command_client.h"
#include "services/zhitong/options.h"
#include "services/zhitong/records.h"

#define WINDOW 500       /* reports under way */
#define COMMANDS_MAX 200 /* commands under way */
#define CLOCK_MS 1000    /* how often the city's time is read */
#define TURN_MS 5
#define AGAIN_MS 100       /* routing has not heard of the case yet */
#define TRIES_MAX 100      /* then the case is left alone */
#define AFTER_LAST_DAYS 14 /* replay ends so long after the last record, unless --until says otherwise */
#define DESK_MS 2700000LL  /* the desk accepts after 45 minutes, the unit signs after as many */

enum step { STEP_ACCEPT, STEP_SIGN, STEP_CLOSE, STEP_COUNT };
static const char *const step_moves[STEP_COUNT] = {"accept", "sign", "close"};

struct story { /* what is known of one record's case */
    const struct record *record;
    uint64_t case_id;
    enum step step;  /* what its people do next */
    int64_t next_at; /* unix ms in the city's time */
    int tries;
};

struct replay {
    struct records records;
    struct story *stories;
    size_t *heap;            /* stories with a next step, the earliest first */
    size_t heap_count, next; /* next: record to hand in */
    struct city *city;
    struct db *db;
    struct submit_client *reports;
    struct command_client *commands;
    int64_t until, clock_at, told_at;
    uint64_t accepted, refused, moved, not_moved;
};

static volatile sig_atomic_t interrupted;
static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

/* ---- what comes next ------------------------------------------------------------------------------------------ */

static bool earlier(const struct replay *replay, size_t a, size_t b) {
    return replay->stories[replay->heap[a]].next_at < replay->stories[replay->heap[b]].next_at;
}

static void swap(struct replay *replay, size_t a, size_t b) {
    size_t kept = replay->heap[a];
    replay->heap[a] = replay->heap[b];
    replay->heap[b] = kept;
}

static void heap_push(struct replay *replay, size_t story) {
    size_t at = replay->heap_count++;
    replay->heap[at] = story;
    for (; at > 0 && earlier(replay, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(replay, at, (at - 1) / 2);
}

static size_t heap_pop(struct replay *replay) {
    size_t top = replay->heap[0], at = 0;
    replay->heap[0] = replay->heap[--replay->heap_count];
    for (;;) {
        size_t least = at, left = at * 2 + 1, right = left + 1;
        if (left < replay->heap_count && earlier(replay, left, least))
            least = left;
        if (right < replay->heap_count && earlier(replay, right, least))
            least = right;
        if (least == at)
            return top;
        swap(replay, at, least);
        at = least;
    }
}

/* The story's next step, if its record has one: units sign what they will close. */
static void plan(struct replay *replay, struct story *story, enum step step) {
    const struct record *record = story->record;
    const struct channel *channel = city_channel(replay->city, record->report.channel);
    if (step == STEP_ACCEPT && (channel == NULL || channel->auto_accept))
        step = STEP_SIGN;
    int64_t at = record->at + (step == STEP_ACCEPT ? DESK_MS : 2 * DESK_MS);
    if (step == STEP_SIGN && (record->closed_at == 0 || record->closed_at <= at))
        step = STEP_CLOSE;
    if (step == STEP_CLOSE)
        at = record->closed_at;
    if (step == STEP_COUNT || at == 0)
        return;
    if (record->closed_at != 0 && at > record->closed_at)
        at = record->closed_at;
    story->step = step;
    story->next_at = at;
    story->tries = 0;
    heap_push(replay, (size_t)(story - replay->stories));
}

static void answered_report(void *context, const struct submit_answer *answer) {
    struct replay *replay = context;
    struct story *story = &replay->stories[answer->tag];
    if (!answer->accepted) {
        replay->refused++;
        fprintf(stderr, "\nrecord %s: %s: %s\n", story->record->report.source_id, answer->why.field, answer->why.text);
        return;
    }
    replay->accepted++;
    story->case_id = answer->case_id;
    plan(replay, story, STEP_ACCEPT);
}

static void answered_command(void *context, const struct command_answer *answer) {
    struct replay *replay = context;
    struct story *story = &replay->stories[answer->tag];
    if (!answer->done && strcmp(answer->why.field, "case") == 0 && ++story->tries < TRIES_MAX) {
        story->next_at = clock_now() + (int64_t)(AGAIN_MS * clock_speed());
        heap_push(replay, answer->tag);
        return;
    }
    if (answer->done)
        replay->moved++;
    else
        replay->not_moved++;
    plan(replay, story, story->step + 1);
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

static void hand_in(struct replay *replay, size_t number) {
    struct story *story = &replay->stories[number];
    struct submit report = story->record->report;
    struct reason why;
    snprintf(report.key, sizeof report.key, "replay-%zu-%.40s", number, report.source_id);
    if (submit_client_send(replay->reports, &report, number, &why) == 0)
        return;
    replay->refused++;
    fprintf(stderr, "\nrecord %s: %s: %s\n", report.source_id, why.field, why.text);
}

static void act(struct replay *replay, size_t number) {
    const struct story *story = &replay->stories[number];
    struct command command = {.case_id = story->case_id};
    const char *move = step_moves[story->step];
    snprintf(command.move, sizeof command.move, "%s", move);
    snprintf(command.actor, sizeof command.actor, "%s", story->step == STEP_ACCEPT ? "desk" : "unit");
    snprintf(command.key, sizeof command.key, "replay-%s-%llu-%d", move, (unsigned long long)story->case_id,
             story->tries);
    command_client_send(replay->commands, &command, number);
}

static void send_what_is_due(struct replay *replay, int64_t now) {
    while (replay->next < replay->records.count && replay->records.rows[replay->next]->at <= now &&
           submit_client_room(replay->reports) > 0)
        hand_in(replay, replay->next++);
    while (replay->heap_count > 0 && replay->stories[replay->heap[0]].next_at <= now &&
           command_client_waiting(replay->commands) < COMMANDS_MAX)
        act(replay, heap_pop(replay));
}

static void read_clock(struct replay *replay) {
    SCOPED_RESULT
    *result = db_ask(replay->db, "mesh_clock", NULL);
    if (result != NULL)
        (void)clock_sync(db_time(result, 0, 0), db_float8(result, 0, 1));
}

static void show_progress(const struct replay *replay) {
    char now[INSTANT_TEXT_MAX];
    instant_print(clock_now(), now);
    fprintf(stderr, "%.16s  %zu of %zu records handed in, %llu accepted, %llu refused, %llu moves by their people\n",
            now, replay->next, replay->records.count, (unsigned long long)replay->accepted,
            (unsigned long long)replay->refused, (unsigned long long)replay->moved);
}

static bool is_over(const struct replay *replay, int64_t now) {
    if (interrupted)
        return true;
    bool all_in = replay->next == replay->records.count && submit_client_waiting(replay->reports) == 0;
    bool all_done = replay->heap_count == 0 && command_client_waiting(replay->commands) == 0;
    return now >= replay->until || (all_in && all_done);
}

static void run(struct replay *replay, bool quiet) {
    for (;;) {
        int64_t real = clock_monotonic_ms();
        if (real - replay->clock_at >= CLOCK_MS) {
            replay->clock_at = real;
            read_clock(replay);
        }
        int64_t now = clock_now();
        if (is_over(replay, now))
            return;
        send_what_is_due(replay, now);
        submit_client_turn(replay->reports, TURN_MS);
        command_client_turn(replay->commands);
        if (quiet || real - replay->told_at < CLOCK_MS)
            continue;
        replay->told_at = real;
        show_progress(replay);
    }
}

/* ---- the command -------------------------------------------------------------------------------------------------- */

struct replay_options {
    const char *endpoints, *server_key, *key, *until, *url, *file;
    bool quiet;
};

static int read_options(int argc, char **argv, struct replay_options *options) {
    const struct option_row rows[] = {{"--endpoint", &options->endpoints, NULL},
                                      {"--server-key", &options->server_key, NULL},
                                      {"--key", &options->key, NULL},
                                      {"--until", &options->until, NULL},
                                      {"--quiet", NULL, &options->quiet},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    if (options_read(argc, argv, rows, &words, &options->url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != 1)
        return wrong_use(argv[0], "FILE is missing");
    if (options->endpoints == NULL || options->server_key == NULL || options->key == NULL)
        return wrong_use(argv[0], "--endpoint, --server-key and --key are needed");
    options->file = words.at[0];
    return 0;
}

static int open_parts(struct replay *replay, const struct replay_options *options, void *zmq, struct reason *why) {
    static struct wire_keys keys, server;
    const struct db_query *tables[] = {common_queries, city_queries, NULL};
    if (records_open(&replay->records, options->file, why) != 0 || wire_keys_read(&keys, options->key, why) != 0 ||
        wire_keys_read(&server, options->server_key, why) != 0)
        return -1;
    replay->stories = calloc(replay->records.count + 1, sizeof *replay->stories);
    replay->heap = calloc(replay->records.count + 1, sizeof *replay->heap);
    assert(replay->stories != NULL && replay->heap != NULL);
    for (size_t i = 0; i < replay->records.count; i++)
        replay->stories[i].record = replay->records.rows[i];
    if (db_open(&replay->db, options->url, "intake", tables, why) != 0 ||
        city_read(&replay->city, replay->db, why) != 0)
        return -1;
    struct submit_options submit = {.zmq = zmq,
                                    .keys = &keys,
                                    .server_key = server.public_key,
                                    .window = WINDOW,
                                    .endpoints = options->endpoints,
                                    .context = replay,
                                    .answered = answered_report};
    struct command_options command = {.zmq = zmq, .db = replay->db, .context = replay, .answered = answered_command};
    if (submit_client_open(&replay->reports, &submit, why) != 0 ||
        command_client_open(&replay->commands, &command, why) != 0)
        return -1;
    replay->until = INT64_MAX;
    if (replay->records.count > 0)
        replay->until = replay->records.rows[replay->records.count - 1]->at + AFTER_LAST_DAYS * 86400000LL;
    if (options->until != NULL && instant_read(options->until, &replay->until) != 0)
        return refuse(why, "--until", "must be an instant like 2011-07-15T00:00:00-04:00");
    read_clock(replay);
    return clock_known() ? 0 : refuse(why, "database", "cannot read mesh.clock");
}

static void close_parts(struct replay *replay) {
    submit_client_close(&replay->reports);
    command_client_close(&replay->commands);
    city_close(&replay->city);
    db_close(&replay->db);
    records_close(&replay->records);
    free(replay->stories);
    free(replay->heap);
}

int replay_command(int argc, char **argv) {
    struct replay_options options = {0};
    int status = read_options(argc, argv, &options);
    if (status != 0)
        return status;
    struct replay replay = {0};
    struct reason why;
    void *zmq = zmq_ctx_new();
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (open_parts(&replay, &options, zmq, &why) == 0) {
        run(&replay, options.quiet);
        show_progress(&replay);
        status = replay.refused == 0 && !interrupted ? EXIT_GOOD : EXIT_REFUSED;
    } else {
        fprintf(stderr, "%s: %s: %s\n", argv[0], why.field, why.text);
        status = EXIT_REFUSED;
    }
    close_parts(&replay);
    zmq_ctx_term(zmq);
    return status;
}
