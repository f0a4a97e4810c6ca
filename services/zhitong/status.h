/* zhitong status: how the city's services stand, on one screen, and what needs a person. All of it from the database; what would
 * have to be counted row by row past STATUS_COUNTED_MAX is estimated and said to be. */
#ifndef ZHITONG_STATUS_H
#define ZHITONG_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/ids.h"
#include "common/zone.h"

#define STATUS_COUNTED_MAX 50000 /* rows; as the LIMITs of status.sql */
#define STATUS_SERVICES_MAX 8
#define STATUS_MEMBERS_MAX 24 /* shown; more are only counted */
#define STATUS_UPSTREAMS_MAX 2
#define STATUS_SCHEMAS_MAX 12
#define STATUS_KEYS_MAX 5
#define STATUS_TIERS 4
#define STATUS_NAME_MAX 64

enum counted_how { COUNTED, ABOUT, AT_LEAST };
struct counted {
    int64_t count;
    enum counted_how how;
};

struct status_city {
    char code[STATUS_NAME_MAX + 1], name[STATUS_NAME_MAX + 1]; /* "": none is loaded */
    int64_t version, now;                                      /* now: in the city, unix ms */
    bool driven;
    double speed;
    int64_t migrations_missing;
};

struct status_upstream {
    char name[STATUS_NAME_MAX + 1];
    int64_t behind;    /* entries */
    int64_t oldest_ms; /* real time since the oldest of them was written; -1: not known */
};

struct status_service {
    char name[STATUS_NAME_MAX + 1];
    bool ever;          /* some replica has owned its shards at some time */
    int replicas, dead; /* alive; and those whose row is still there */
    int64_t shards;     /* owned by living replicas */
    int64_t head;       /* of its log, over all shards */
    size_t upstream_count;
    struct status_upstream upstreams[STATUS_UPSTREAMS_MAX];
    int64_t parked;
};

struct status_member {
    int32_t member;
    char service[STATUS_NAME_MAX + 1], endpoint[128];
    bool alive;
    int64_t shards, started_at;
};

struct status_clocks {
    struct counted armed, due;
    int64_t late_ms; /* real time since the oldest due one should have fired */
    int64_t next_at; /* 0: none */
};

struct status_streams {
    int64_t streams, entries_today, groups;
    char slowest[2 * STATUS_NAME_MAX + 2]; /* "UNIT GROUP"; "": no group is behind */
    int64_t behind, moved_at;              /* of that group */
};

struct status_endpoints {
    int64_t endpoints, disabled;
    struct counted waiting, dead;
    char first_disabled[STATUS_NAME_MAX + 1], first_dead[STATUS_NAME_MAX + 1], worst[STATUS_NAME_MAX + 1];
    int64_t behind; /* of the worst */
};

struct status_cases {
    struct counted reports_today, open[STATUS_TIERS], overdue;
};

struct status_schema {
    char name[STATUS_NAME_MAX + 1];
    int64_t bytes;
};

struct status_disk {
    int64_t bytes;
    size_t schema_count;
    struct status_schema schemas[STATUS_SCHEMAS_MAX]; /* the largest first */
    int64_t partitions, without_tomorrow;             /* logs that have no partition for tomorrow */
    int64_t free_bytes, total_bytes;                  /* -1: the database is on another machine, or it cannot be seen */
};

struct status_key {
    char name[2 * STATUS_NAME_MAX + 2], what[16];
    int64_t ends_at;
};

struct status {
    struct status_city city;
    size_t service_count, member_count, members_left_out, key_count;
    struct status_service services[STATUS_SERVICES_MAX];
    struct status_member members[STATUS_MEMBERS_MAX];
    struct status_clocks clocks;
    struct status_streams streams;
    struct status_endpoints endpoints;
    struct status_cases cases;
    struct status_disk disk;
    struct status_key keys[STATUS_KEYS_MAX];
};

/* ---- status_judge.c: pure ------------------------------------------------------------------------------------------ */

#define STATUS_LAG_MS_MAX 10000 /* an entry that waits longer needs a person */
#define STATUS_LATE_MS_MAX 5000 /* so does a clock that has not fired for longer */
#define STATUS_FREE_PERCENT_MIN 10
#define STATUS_ADVICE_MAX 32

struct advice {
    bool urgent;    /* needs a person; else it is good to know */
    char what[200]; /* a sentence */
    char help[200]; /* the command that helps; "": none */
};

struct advices {
    size_t count;
    struct advice at[STATUS_ADVICE_MAX];
};

void status_judge(const struct status *status, struct advices *advices);
bool advices_urgent(const struct advices *advices);

/* ---- status_print.c, status_json.c: pure --------------------------------------------------------------------------- */

struct status_page {
    const struct status *status;
    const struct advices *advices;
    const struct zone *zone; /* of the city; NULL: UTC */
    bool colours;
};
void status_print(FILE *out, const struct status_page *page);
/* One object on one line. */
void status_json(FILE *out, const struct status_page *page);

/* ---- status.c ------------------------------------------------------------------------------------------------------ */

/* Exit code: 0 good, 1 something needs a person or the database cannot be read, 2 wrong use. */
int status_command(int argc, char **argv);

#endif
