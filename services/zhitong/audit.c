#include "services/zhitong/audit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/city.h"
#include "common/clock.h"
#include "common/queries.h"
#include "services/zhitong/audit_moves.h"
#include "services/zhitong/audit_notices.h"
#include "services/zhitong/options.h"

#define WAIT_SECONDS_MAX 86400
#define WAIT_TURN_MS 50

extern const struct db_query audit_queries[];

static const struct {
    const char *query, *meaning; /* the invariant is called as its query, without audit_ */
} invariants[] = {
    /* First, because it compares with the instant of the snapshot. */
    {"audit_deadline_fired", "no deadline is more than 5 s overdue and has not fired"},
    {"audit_log_complete", "every shard's log has no gap and ends at the shard's head"},
    {"audit_cursor_behind", "no cursor is ahead of the log that it follows"},
    {"audit_report_has_case", "every accepted report that routing has applied has a case"},
    {"audit_report_has_reporter", "every report that names a reporter has its row, be it empty by now"},
    {"audit_case_has_report", "every case was reported"},
    {"audit_case_has_plan", "every case that was signed for has a plan"},
    {"audit_child_concluded", "a merged case ends when the case it is part of has ended"},
    {"audit_case_is_held", "every open case has one unit, one due and one next instant, an ended one is not due"},
    {"audit_deadline_armed", "every case with a running clock has its deadline armed for its next instant"},
    {"audit_deadline_disarmed", "no case without a running clock has a deadline"},
    {"audit_deadline_answered", "every deadline that fired has moved its case"},
    {"audit_stream_complete", "every unit's stream has no gap and ends at its head"},
};

static const struct finding_title move_titles[MOVES_COUNT] = {
    [MOVES_VERSIONS] = {"case_versions", "the log entries of a case are numbered 1, 2, 3 …", -1},
    [MOVES_CASE] = {"case_as_logged", "a case stands as its last log entry says", -1},
    [MOVES_TIER] = {"tier_never_falls", "no move takes a case down a tier", -1},
    [MOVES_SUPPORT] = {"support_kept", "a unit that let a deadline pass stays as support", -1},
    [MOVES_CHAIN] = {"history_chained", "each entry of a case names the one before it as it was written", -1},
    [MOVES_LINKS] = {"report_linked", "a report that was linked to an older case was merged into it or told it", -1},
    [MOVES_TOLD] = {"told_once", "every unit concerned was told of every move, once", -1},
};

/* ---- one invariant ---------------------------------------------------------------------------------------------- */

static int find(struct db *db, const char *query, struct findings *findings) {
    SCOPED_RESULT
    *result = db_ask(db, query, NULL);

    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++)
        findings_add(findings, "%s", db_text(result, row, 0));
    if (PQntuples(result) > 0)
        findings->count = db_int8(result, 0, 1);
    return 0;
}

/* Counts what is broken; -1 when the database failed. */
static int check_tables(struct db *db) {
    int broken = 0;

    for (size_t i = 0; i < sizeof invariants / sizeof invariants[0]; i++) {
        struct findings findings = {0};
        int64_t began = clock_monotonic_ms();
        if (find(db, invariants[i].query, &findings) != 0)
            return -1;
        const struct finding_title title = {invariants[i].query + strlen("audit_"), invariants[i].meaning,
                                            clock_monotonic_ms() - began};
        findings_print(&findings, &title);
        broken += findings.count > 0;
    }
    return broken;
}

static int check_moves(struct db *db, struct audited *audited) {
    int64_t began = clock_monotonic_ms();
    int broken = 0;

    if (audit_moves(db, audited) != 0)
        return -1;
    for (size_t i = 0; i < MOVES_COUNT; i++) {
        struct finding_title title = move_titles[i];
        if (i == 0) /* all of them took one reading of the log */
            title.took_ms = clock_monotonic_ms() - began;
        findings_print(&audited->findings[i], &title);
        broken += audited->findings[i].count > 0;
    }
    return broken;
}

/* ---- the command -------------------------------------------------------------------------------------------------- */

/* Waits until every cursor has caught up with its log. 1 when they did not within the seconds, told as an invariant. */
static int wait_for_cursors(struct db *db, long long seconds) {
    const int64_t began = clock_monotonic_ms();
    struct finding_title title = {"caught_up", "every service has applied what it follows", 0};

    for (;;) {
        struct findings findings = {0};
        if (find(db, "audit_behind", &findings) != 0)
            return -1;
        title.took_ms = clock_monotonic_ms() - began;
        if (findings.count == 0 || title.took_ms >= seconds * 1000) {
            findings_print(&findings, &title);
            return findings.count > 0;
        }
        usleep(WAIT_TURN_MS * 1000);
    }
}

static int ask(struct db *db, const char *query) {
    SCOPED_RESULT
    *result = db_ask(db, query, NULL);

    return result != NULL ? 0 : -1;
}

static int check_notices(struct db *db, const struct city *city) {
    static const struct finding_title titles[NOTICES_COUNT] = {
        [NOTICES_TOLD] = {"endpoints_told",
                          "every endpoint was told of what it wants, or it waits, or is a dead letter", -1},
        [NOTICES_ONCE] = {"people_told_once", "nobody was told twice of one entry", -1}};
    static struct findings findings[NOTICES_COUNT];
    int broken = 0;
    if (audit_notices(db, city, findings) != 0)
        return -1;
    for (int i = 0; i < NOTICES_COUNT; i++) {
        findings_print(&findings[i], &titles[i]);
        broken += findings[i].count > 0;
    }
    return broken;
}

static int audit(struct db *db, const struct city *city, long long wait_seconds, struct audited *audited) {
    int waited = 0;

    if (ask(db, "audit_prepare") != 0)
        return -1;
    if (wait_seconds >= 0)
        waited = wait_for_cursors(db, wait_seconds);
    if (waited < 0 || ask(db, "audit_begin") != 0)
        return -1;
    int tables = check_tables(db);
    int moves = tables >= 0 ? check_moves(db, audited) : -1;
    int notices = moves >= 0 ? check_notices(db, city) : -1;
    if (notices < 0)
        return -1;
    return ask(db, "audit_end") == 0 ? waited + tables + moves + notices : -1;
}

int audit_command(int argc, char **argv) {
    static const struct number_range seconds = {"--wait", 0, WAIT_SECONDS_MAX};
    const char *url = NULL, *wait = NULL;
    bool moves = false;
    const struct option_row rows[] = {{"--wait", &wait, NULL}, {"--moves", NULL, &moves}, {NULL, NULL, NULL}};
    struct words words = {.max = 0};
    int64_t began = clock_monotonic_ms();
    long long wait_seconds = -1;
    static struct audited audited;

    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (wait != NULL && number_read(wait, &seconds, &wait_seconds) != 0)
        return EXIT_WRONG_USE;
    struct db *db = database_open(url, "mesh", audit_queries);
    if (db == NULL)
        return EXIT_REFUSED;
    struct db *reader = database_open(url, "mesh", city_queries);
    struct city *city = NULL;
    struct reason why;
    if (reader != NULL && city_read(&city, reader, &why) != 0)
        fprintf(stderr, "%s: %s; what people are told is not looked at\n", why.field, why.text);
    db_close(&reader);
    int broken = audit(db, city, wait_seconds, &audited);
    city_close(&city);
    int status = broken == 0 ? EXIT_GOOD : EXIT_REFUSED;
    if (broken < 0)
        status = database_failed(db);
    else
        printf("%s in %.1f s\n", broken == 0 ? "all hold" : "BROKEN", (double)(clock_monotonic_ms() - began) / 1000);
    if (broken >= 0 && moves)
        audit_print_made(&audited);
    db_close(&db);
    return status;
}
