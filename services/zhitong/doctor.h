/* zhitong doctor: is this city well set up and well? Configuration, PostgreSQL, clock, locale, disks, keys, versions, backups, and what
 * `zhitong status` finds; each with what was found and what to do. */
#ifndef ZHITONG_DOCTOR_H
#define ZHITONG_DOCTOR_H

#include "services/zhitong/database_facts.h"
#include "services/zhitong/status.h"

#define DOCTOR_TEXT_MAX 255
#define DOCTOR_PATHS_MAX 32
#define DOCTOR_SERVICES_MAX 16
#define DOCTOR_FINDINGS_MAX 128

enum path_kind { PATH_KEYS, PATH_FOLDER, PATH_BACKUP };
struct doctor_path { /* a file or folder that a service's settings name */
    enum path_kind kind;
    char name[64]; /* the setting */
    char path[DOCTOR_TEXT_MAX + 1];
    char trouble[DOCTOR_TEXT_MAX + 1]; /* why it cannot be looked at; "": it can */
    unsigned mode;                     /* permission bits of a key file */
    int64_t free_bytes, total_bytes;
    int64_t newest_at; /* of a backup folder: its newest base backup, real unix ms; 0: none */
    bool writable;
    bool hung; /* it did not answer in time: nothing else of it is known */
};

struct doctor_service { /* a service's own check of its settings */
    char name[STATUS_NAME_MAX + 1];
    int code; /* exit code of `zt-NAME --check`; 127: there is no such program */
    char said[DOCTOR_TEXT_MAX + 1];
    bool hung; /* it did not end in time; code and said are of no meaning */
};

struct doctor_member {
    char service[STATUS_NAME_MAX + 1], version[STATUS_NAME_MAX + 1], ring[STATUS_NAME_MAX + 1];
};

struct doctor_facts {
    char no_database[DOCTOR_TEXT_MAX + 1]; /* why it cannot be read; "": it can, and the facts below hold */
    bool database_hung;                    /* that is why */
    struct database_facts database;
    struct status status;
    char zone[STATUS_NAME_MAX + 1];
    bool zone_known;                 /* the host has its data */
    int64_t host_now, round_trip_ms; /* when database.now was read */
    struct doctor_member members[STATUS_MEMBERS_MAX];
    size_t member_count;
    struct doctor_path paths[DOCTOR_PATHS_MAX];
    size_t path_count;
    struct doctor_service services[DOCTOR_SERVICES_MAX];
    size_t service_count;
};

enum health { WELL, NOTE, ILL }; /* NOTE: somebody should know; ILL: it needs somebody */
struct finding {
    enum health health;
    char what[32];                                                /* the check's name */
    char found[DOCTOR_TEXT_MAX + 1], advice[DOCTOR_TEXT_MAX + 1]; /* advice: "" where it is well */
};
struct findings {
    struct finding at[DOCTOR_FINDINGS_MAX];
    size_t count;
    enum health worst;
};

/* doctor_judge.c: pure. */
void doctor_judge(const struct doctor_facts *facts, struct findings *findings);

/* doctor_look.c: reads files, folders and settings; each within DOCTOR_LOOK_SECONDS_MAX. */
struct doctor_options {
    const char *url;
    const char *const *environments; /* files of settings, as systemd's EnvironmentFile */
    size_t environment_count;
    const char *backup; /* a folder of deploy/backup; NULL: none was named */
};
void doctor_look(const struct doctor_options *options, struct doctor_facts *facts);

/* Exit code: 0 nothing is ill, 1 something is, 2 wrong use. */
int doctor_command(int argc, char **argv);

#endif
