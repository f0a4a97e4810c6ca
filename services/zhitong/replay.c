#include "services/zhitong/replay.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/city.h"
#include "common/clock.h"
#include "common/endpoints.h"
#include "common/instant.h"
#include "common/queries.h"
#include "common/submit_client.h"
#include "services/zhitong/command_client.h"
#include "services/zhitong/courses.h"
#include "services/zhitong/people.h"
#include "services/zhitong/replay_options.h"
#include "services/zhitong/senders.h"
#include "services/zhitong/stories.h"

#define WINDOW 500       /* reports under way */
#define COMMANDS_MAX 200 /* commands under way */
#define CLOCK_MS 1000    /* how often the city's time is read */
#define TURN_MS 5
#define AGAIN_MS 100       /* routing has not heard of the case yet */
#define TRIES_MAX 100      /* then the case is left alone */
#define AFTER_LAST_DAYS 14 /* replay ends so long after the last record, unless --until says otherwise */

struct replay {
    struct records records;
    struct courses courses;
    struct stories stories; /* one a record, then the twins */
    size_t next;            /* record to hand in */
    struct city *city;
    struct db *db;
    struct submit_client *reports; /* NULL: the senders hand in */
    struct senders *senders;       /* NULL: the client does */
    struct command_client *commands;
    int64_t until, clock_at, told_at;
    bool until_asked; /* then it goes on to that instant, though nobody has anything to do any more */
    bool quiet;
    uint64_t accepted, refused, moved, not_moved;
    struct people people; /* of the step that is taken now */
};

static volatile sig_atomic_t interrupted;
static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

/* ---- what comes next ------------------------------------------------------------------------------------------ */

/* The story's next step, if its course has one; none lies after the closing that a later one counts from. */
static void plan(struct replay *replay, struct story *story, int64_t from) {
    if (story->course == NULL || story->step == story->course->count)
        return;
    const struct course_step *step = &story->course->steps[story->step];
    int64_t closed_at = story->record->closed_at;
    story->next_at = (step->from_close ? closed_at : from) + step->minutes * 60000;
    if (closed_at != 0 && story->course->needs_close && !step->from_close && story->next_at > closed_at)
        story->next_at = closed_at;
    if (story->next_at < from)
        story->next_at = from;
    story->tries = 0;
    stories_push(&replay->stories, story);
}

static void plan_next(struct replay *replay, struct story *story) {
    story->step++;
    plan(replay, story, story->next_at);
}

static void answered_report(void *context, const struct submit_answer *answer) {
    struct replay *replay = context;
    struct story *story = &replay->stories.rows[answer->tag];
    if (!answer->accepted) {
        replay->refused++;
        fprintf(stderr, "\nrecord %s: %s: %s\n", story->record->report.source_id, answer->why.field, answer->why.text);
        return;
    }
    replay->accepted++;
    story->case_id = answer->case_id;
    plan(replay, story, story->twin != NULL ? clock_now() : story->record->at);
}

static void answered_command(void *context, const struct command_answer *answer) {
    struct replay *replay = context;
    struct story *story = &replay->stories.rows[answer->tag];
    if (!answer->done && strcmp(answer->why.field, "case") == 0 && ++story->tries < TRIES_MAX) {
        story->next_at = clock_now() + (int64_t)(AGAIN_MS * clock_speed());
        stories_push(&replay->stories, story);
        return;
    }
    if (answer->done)
        replay->moved++;
    else
        replay->not_moved++;
    if (!answer->done && !replay->quiet)
        fprintf(stderr, "record %s, %s: %s: %s\n", story->record->report.source_id,
                story->course->steps[story->step].move, answer->why.field, answer->why.text);
    plan_next(replay, story);
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

static void hand_in(struct replay *replay, size_t number) {
    struct story *story = &replay->stories.rows[number];
    struct submit report = story->record->report;
    struct reason why;
    snprintf(report.key, sizeof report.key, "replay-%zu-%.40s", number, report.source_id);
    if (replay->senders != NULL) {
        report.occurred_at = story->record->at;
        if (story->twin != NULL) /* a report of its own, with a number of its own */
            snprintf(report.source_id, sizeof report.source_id, "%.40s-again-%zu", story->record->report.source_id,
                     number);
    }
    if (replay->senders != NULL ? senders_send(replay->senders, &report, number, &why) == 0
                                : submit_client_send(replay->reports, &report, number, &why) == 0)
        return;
    replay->refused++;
    fprintf(stderr, "\nrecord %s: %s: %s\n", report.source_id, why.field, why.text);
}

/* The same matter is reported once more: a story of its own, which knows the first. */
static void report_again(struct replay *replay, struct story *story, const char *course) {
    size_t number = replay->stories.count;
    if (number == 2 * replay->records.count)
        return;
    struct story *twin = &replay->stories.rows[replay->stories.count++];
    *twin = (struct story){.record = story->record, .twin = story, .course = courses_named(&replay->courses, course)};
    hand_in(replay, number);
}

/* Sends the step's command, if it is legal as the case stands; else the next step has its turn. */
static void act(struct replay *replay, size_t number) {
    struct story *story = &replay->stories.rows[number];
    const struct course_step *step = &story->course->steps[story->step];
    struct command command = {.case_id = story->case_id};
    struct reason why;
    if (strcmp(step->move, "twin") == 0) {
        char course[49];
        course_field(step, "course", course, sizeof course);
        report_again(replay, story, course);
        plan_next(replay, story);
        return;
    }
    int status = people_look(&replay->people, replay->db, story->case_id, &why);
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        story->next_at = clock_now() + (int64_t)(AGAIN_MS * clock_speed());
        stories_push(&replay->stories, story);
        return;
    }
    if (status > 0 && case_move(step->move, replay->people.state) == NULL) {
        plan_next(replay, story);
        return;
    }
    replay->people.twin = story->twin != NULL ? story->twin->case_id : 0;
    replay->people.now = clock_now();
    snprintf(command.key, sizeof command.key, "replay-%zu-%zu-%d", number, story->step, story->tries);
    if (people_command(&replay->people, step, &command, &why) != 0) {
        fprintf(stderr, "courses, %s %s: %s: %s\n", story->course->name, step->move, why.field, why.text);
        plan_next(replay, story);
        return;
    }
    command_client_send(replay->commands, &command, number);
}

static bool has_room(const struct replay *replay) {
    return replay->senders != NULL ? senders_room(replay->senders) : submit_client_room(replay->reports) > 0;
}

static size_t waiting(const struct replay *replay) {
    return replay->senders != NULL ? senders_waiting(replay->senders) : submit_client_waiting(replay->reports);
}

static void send_what_is_due(struct replay *replay, int64_t now) {
    while (replay->next < replay->records.count && replay->records.rows[replay->next]->at <= now && has_room(replay))
        hand_in(replay, replay->next++);
    while (stories_next_at(&replay->stories) <= now && command_client_waiting(replay->commands) < COMMANDS_MAX)
        act(replay, stories_pop(&replay->stories));
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
    bool all_in = replay->next == replay->records.count && waiting(replay) == 0;
    bool all_done = stories_next_at(&replay->stories) == INT64_MAX && command_client_waiting(replay->commands) == 0;
    if (replay->until_asked)
        return now >= replay->until;
    /* In real time all of the past is due at once, and the end of it is long over. */
    return all_in && (all_done || now >= replay->until);
}

static void turn_senders(struct replay *replay) {
    const struct timespec pause = {0, TURN_MS * 1000000L};
    senders_turn(replay->senders);
    nanosleep(&pause, NULL);
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
        if (replay->reports != NULL)
            submit_client_turn(replay->reports, TURN_MS);
        else
            turn_senders(replay);
        command_client_turn(replay->commands);
        if (quiet || real - replay->told_at < CLOCK_MS)
            continue;
        replay->told_at = real;
        show_progress(replay);
    }
}

/* ---- the command -------------------------------------------------------------------------------------------------- */

static void tell_stories(struct replay *replay, const struct replay_options *options) {
    size_t count = replay->records.count;
    if (options->records != 0 && (size_t)options->records < count)
        count = (size_t)options->records;
    while (replay->records.count > count)
        free(replay->records.rows[--replay->records.count]);
    stories_open(&replay->stories, 2 * count);
    replay->stories.count = count;
    for (size_t i = 0; i < count; i++) {
        const struct record *record = replay->records.rows[i];
        replay->stories.rows[i].record = record;
        replay->stories.rows[i].course = courses_of(&replay->courses, i, record->closed_at != 0);
    }
}

/* Who hands the reports in: one client for all, or each channel's sources. */
static int open_ways_in(struct replay *replay, const struct replay_options *options, void *zmq, struct reason *why) {
    static struct wire_keys keys;
    static char server_key[WIRE_KEY_SIZE];
    const struct senders_options senders = {.city = replay->city,
                                            .db = replay->db,
                                            .folder = options->through,
                                            .intake = options->intake,
                                            .desk = options->desk,
                                            .login = options->login,
                                            .password_file = options->password_file,
                                            .endpoints = options->endpoints,
                                            .server_key_file = options->server_key,
                                            .zmq = zmq,
                                            .context = replay,
                                            .answered = answered_report};
    if (options->through != NULL)
        return senders_open(&replay->senders, &senders, why);
    if (wire_keys_read(&keys, options->key, why) != 0 || server_key_read(server_key, options->server_key, why) != 0)
        return -1;
    const struct submit_options submit = {.zmq = zmq,
                                          .keys = &keys,
                                          .server_key = server_key,
                                          .window = WINDOW,
                                          .endpoints = options->endpoints,
                                          .context = replay,
                                          .answered = answered_report};
    return submit_client_open(&replay->reports, &submit, why);
}

static int open_parts(struct replay *replay, const struct replay_options *options, void *zmq, struct reason *why) {
    const struct db_query *tables[] = {common_queries, city_queries, people_queries, senders_queries, NULL};
    if (records_open(&replay->records, options->file, why) != 0)
        return -1;
    if (options->courses != NULL && courses_open(&replay->courses, options->courses, why) != 0)
        return -1;
    tell_stories(replay, options);
    if (db_open(&replay->db, options->url, "intake", tables, why) != 0 ||
        city_read(&replay->city, replay->db, why) != 0)
        return -1;
    struct command_options command = {.zmq = zmq, .db = replay->db, .context = replay, .answered = answered_command};
    if (open_ways_in(replay, options, zmq, why) != 0 || command_client_open(&replay->commands, &command, why) != 0)
        return -1;
    replay->people.city = replay->city;
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
    senders_close(&replay->senders);
    command_client_close(&replay->commands);
    city_close(&replay->city);
    db_close(&replay->db);
    records_close(&replay->records);
    courses_close(&replay->courses);
    stories_close(&replay->stories);
}

int replay_command(int argc, char **argv) {
    struct replay_options options = {0};
    int status = replay_options_read(argc, argv, &options);
    if (status != 0)
        return status;
    struct replay replay = {.quiet = options.quiet, .until_asked = options.until != NULL};
    struct reason why;
    void *zmq = zmq_ctx_new();
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (open_parts(&replay, &options, zmq, &why) == 0) {
        run(&replay, options.quiet);
        show_progress(&replay);
        if (replay.senders != NULL)
            senders_print(replay.senders, stderr);
        status = replay.refused == 0 && !interrupted ? EXIT_GOOD : EXIT_REFUSED;
    } else {
        fprintf(stderr, "%s: %s: %s\n", argv[0], why.field, why.text);
        status = EXIT_REFUSED;
    }
    close_parts(&replay);
    zmq_ctx_term(zmq);
    return status;
}
