#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/doctor.h"
#include "services/zhitong/doctor_bound.h"

#define POSTGRES_LEAST 150000
#define CLOCK_NOTE_MS 1000 /* signatures and sign-ins bear some minutes, deadlines nothing: theirs is the database's */
#define CLOCK_ILL_MS 30000
#define FREE_NOTE_PERCENT 20
#define FREE_ILL_PERCENT 10
#define CONNECTIONS_NOTE_PERCENT 80
#define TRANSACTION_NOTE_MS 900000
#define TRANSACTION_IDS_ILL INT64_C(1000000000)
#define ARCHIVE_NOTE_MS 3600000
#define BACKUP_NOTE_MS (INT64_C(26) * 3600000)
#define BACKUP_ILL_MS (INT64_C(8) * 86400000)

static struct finding *put(struct findings *findings, const char *what) {
    static struct finding left_out;
    struct finding *finding = findings->count < DOCTOR_FINDINGS_MAX ? &findings->at[findings->count++] : &left_out;

    *finding = (struct finding){.health = WELL};
    snprintf(finding->what, sizeof finding->what, "%s", what);
    return finding;
}

static void found(struct finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void found(struct finding *finding, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(finding->found, sizeof finding->found, format, arguments);
    va_end(arguments);
}

static void advise(struct finding *finding, enum health health, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void advise(struct finding *finding, enum health health, const char *format, ...) {
    va_list arguments;

    finding->health = health;
    va_start(arguments, format);
    vsnprintf(finding->advice, sizeof finding->advice, format, arguments);
    va_end(arguments);
}

/* ---- PostgreSQL ------------------------------------------------------------------------------------------------------------ */

static void look_at_version(const struct doctor_facts *facts, struct finding *finding) {
    found(finding, "PostgreSQL %s%s", facts->database.version, facts->database.standby ? ", a standby" : "");
    if (facts->database.version_number < POSTGRES_LEAST)
        advise(finding, ILL, "upgrade to PostgreSQL 15 or newer");
    else if (facts->database.standby)
        advise(
            finding, ILL,
            "nothing can be written there: name all hosts and target_session_attrs=read-write in the connection string");
}

/* With LC_CTYPE C, Chinese text has no trigrams. */
static void look_at_locale(const struct doctor_facts *facts, struct finding *finding) {
    const char *ctype = facts->database.ctype;

    found(finding, "encoding %s, LC_CTYPE %s", facts->database.encoding, ctype);
    if (strcmp(facts->database.encoding, "UTF8") != 0 || strcmp(ctype, "C") == 0 || strcmp(ctype, "POSIX") == 0)
        advise(
            finding, ILL,
            "dump it and restore it into: createdb --encoding=UTF8 --locale=C.UTF-8 --template=template0; without, Chinese text is not found");
}

static void look_at_durability(const struct doctor_facts *facts, struct finding *finding) {
    const struct database_facts *database = &facts->database;
    const bool weak = strcmp(database->synchronous_commit, "off") == 0 ||
                      strcmp(database->synchronous_commit, "local") == 0;

    found(finding, "fsync %s, full_page_writes %s, synchronous_commit %s", database->fsync, database->full_page_writes,
          database->synchronous_commit);
    if (strcmp(database->fsync, "on") != 0 || strcmp(database->full_page_writes, "on") != 0 || weak)
        advise(finding, ILL,
               "ALTER SYSTEM RESET it, then SELECT pg_reload_conf(): reports that were accepted can be lost now");
    else if (database->weakened[0] != '\0')
        advise(finding, ILL, "ALTER ROLE (or DATABASE) \"%.60s\" RESET synchronous_commit: it is weakened there",
               database->weakened);
}

static void look_at_checksums(const struct doctor_facts *facts, struct finding *finding) {
    found(finding, "data checksums %s", facts->database.checksums);
    if (strcmp(facts->database.checksums, "on") != 0)
        advise(finding, NOTE, "a disk that alters data is not noticed: stop the server, then pg_checksums --enable");
}

static void look_at_connections(const struct doctor_facts *facts, struct finding *finding) {
    const struct database_facts *database = &facts->database;

    found(finding, "%" PRId64 " of %" PRId64 " connections in use", database->connections, database->connections_max);
    if (database->connections * 100 > database->connections_max * CONNECTIONS_NOTE_PERCENT)
        advise(finding, NOTE,
               "raise max_connections: each replica takes ZHITONG_LANES + 2, and as many again while it is replaced");
}

static void look_at_transactions(const struct doctor_facts *facts, struct finding *finding) {
    const struct database_facts *database = &facts->database;

    found(finding, "oldest transaction %" PRId64 " s, oldest transaction id %" PRId64 " behind",
          database->oldest_transaction_ms / 1000, database->transaction_ids_used);
    if (database->transaction_ids_used > TRANSACTION_IDS_ILL)
        advise(finding, ILL, "autovacuum does not get on: see ZhitongWraparound in deploy/OPERATIONS.md");
    else if (database->oldest_transaction_ms > TRANSACTION_NOTE_MS)
        advise(finding, NOTE,
               "SELECT pid, usename, xact_start, query FROM pg_stat_activity ORDER BY xact_start LIMIT 3");
}

static void look_at_standbys(const struct doctor_facts *facts, struct finding *finding) {
    const struct database_facts *database = &facts->database;

    found(finding, "%" PRId64 " standbys, %" PRId64 " synchronous", database->standbys, database->standbys_synchronous);
    if (database->standbys > 0 && database->standbys_synchronous == 0)
        advise(finding, NOTE, "what is accepted may be lost with this machine: set synchronous_standby_names");
}

static void look_at_archive(const struct doctor_facts *facts, struct finding *finding) {
    const struct database_facts *database = &facts->database;

    if (strcmp(database->archive_mode, "off") == 0) {
        found(finding, "WAL is not archived");
        advise(finding, NOTE, "without it only whole backups can be restored: deploy/backup --help");
        return;
    }
    found(finding, "WAL archived %" PRId64 " min ago, %" PRId64 " failures",
          database->archive_last_at == 0 ? -1 : (database->now - database->archive_last_at) / 60000,
          database->archive_failures);
    if (database->archive_failed_at > database->archive_last_at)
        advise(finding, ILL,
               "the last attempt failed; the server's log says why. WAL stays on the disk until it works");
    else if (database->now - database->archive_last_at > ARCHIVE_NOTE_MS)
        advise(finding, NOTE, "set archive_timeout, so that a quiet hour is archived too");
}

/* ---- the city and its services ---------------------------------------------------------------------------------------------- */

static void look_at_clock(const struct doctor_facts *facts, struct finding *finding) {
    const int64_t apart = llabs(facts->host_now - facts->database.now) - facts->round_trip_ms;

    found(finding, "this host's clock and the database's are %" PRId64 " ms apart", apart > 0 ? apart : 0);
    if (apart > CLOCK_ILL_MS)
        advise(finding, ILL, "NTP on both hosts (timedatectl, chronyc tracking): signatures and sign-ins are refused");
    else if (apart > CLOCK_NOTE_MS)
        advise(finding, NOTE, "NTP on both hosts: timedatectl, chronyc tracking");
}

static void look_at_zone(const struct doctor_facts *facts, struct finding *finding) {
    found(finding, "the city's time zone is %s", facts->zone[0] != '\0' ? facts->zone : "not known: no city is loaded");
    if (facts->zone[0] != '\0' && !facts->zone_known)
        advise(finding, ILL, "this host lacks its data: apt-get install tzdata");
}

static const char *other_version(const struct doctor_facts *facts) {
    for (size_t i = 0; i < facts->member_count; i++)
        if (strcmp(facts->members[i].version, ZHITONG_VERSION) != 0)
            return facts->members[i].version[0] != '\0' ? facts->members[i].version : "an earlier version";
    return NULL;
}

static void look_at_versions(const struct doctor_facts *facts, struct finding *finding) {
    const char *other = other_version(facts);

    found(finding, "%zu members, this command is %s", facts->member_count, ZHITONG_VERSION);
    if (other == NULL)
        return;
    found(finding, "some members are of %.60s, this command is %s", other, ZHITONG_VERSION);
    advise(finding, NOTE, "right during an upgrade; else restart one replica after the other with the new programs");
}

/* A ring that was added to keeps its oldest key, which is what members tell of it. */
static void look_at_rings(const struct doctor_facts *facts, struct finding *finding) {
    const struct doctor_member *first = NULL;
    size_t with = 0;

    for (size_t i = 0; i < facts->member_count; i++) {
        const struct doctor_member *member = &facts->members[i];
        if (member->ring[0] == '\0')
            continue;
        with++;
        if (first == NULL)
            first = member;
        if (strcmp(member->ring, first->ring) == 0)
            continue;
        found(finding, "%s and %s have different keyrings", first->service, member->service);
        advise(finding, ILL, "copy one file to every host, and restart: what one seals the other cannot open");
        return;
    }
    found(finding, "%zu members with a keyring, the same for all", with);
}

static const struct check {
    const char *what;
    void (*look)(const struct doctor_facts *facts, struct finding *finding);
} checks[] = {
    {"postgresql", look_at_version},  {"locale", look_at_locale},           {"durability", look_at_durability},
    {"checksums", look_at_checksums}, {"connections", look_at_connections}, {"transactions", look_at_transactions},
    {"standbys", look_at_standbys},   {"archive", look_at_archive},         {"clock", look_at_clock},
    {"time zone", look_at_zone},      {"versions", look_at_versions},       {"keyrings", look_at_rings},
};

static void take_status(const struct doctor_facts *facts, struct findings *findings) {
    static struct advices advices;

    status_judge(&facts->status, &advices);
    for (size_t i = 0; i < advices.count; i++) {
        struct finding *finding = put(findings, "status");
        found(finding, "%s", advices.at[i].what);
        advise(finding, advices.at[i].urgent ? ILL : NOTE, "%s", advices.at[i].help);
    }
    if (advices.count == 0)
        found(put(findings, "status"), "no finding of `zhitong status`");
}

/* ---- files and settings -------------------------------------------------------------------------------------------------------- */

static void look_at_keys(const struct doctor_path *path, struct finding *finding) {
    found(finding, "%.120s: mode %04o", path->path, path->mode);
    if ((path->mode & 0027) != 0)
        advise(finding, ILL, "chmod 0640 %.200s (or 0600): others can read or change it", path->path);
}

static void look_at_folder(const struct doctor_path *path, struct finding *finding) {
    const int64_t percent = path->total_bytes > 0 ? path->free_bytes * 100 / path->total_bytes : 100;

    found(finding, "%.120s: %" PRId64 " %% free", path->path, percent);
    if (!path->writable)
        advise(finding, ILL, "this user cannot write there; run it as the services' user, or chown it");
    else if (percent < FREE_ILL_PERCENT)
        advise(finding, ILL, "make room: photos and files are refused when it is full");
    else if (percent < FREE_NOTE_PERCENT)
        advise(finding, NOTE, "make room in time");
}

static void look_at_backup(const struct doctor_facts *facts, const struct doctor_path *path, struct finding *finding) {
    const int64_t age = facts->host_now - path->newest_at;

    if (path->newest_at == 0) {
        found(finding, "%.120s holds no base backup", path->path);
        advise(finding, ILL, "deploy/backup base %.200s", path->path);
        return;
    }
    found(finding, "%.120s: the newest base backup is %" PRId64 " hours old", path->path, age / 3600000);
    if (age > BACKUP_ILL_MS)
        advise(finding, ILL, "deploy/backup base %.200s, each night", path->path);
    else if (age > BACKUP_NOTE_MS)
        advise(finding, NOTE, "deploy/backup base %.200s, each night", path->path);
}

static void look_at_path(const struct doctor_facts *facts, const struct doctor_path *path, struct finding *finding) {
    if (path->hung) {
        found(finding, "%.120s: no answer within %d s", path->path, DOCTOR_LOOK_SECONDS_MAX);
        advise(finding, ILL, "%.60s names it: its disk or file server is dead: mount, dmesg", path->name);
        return;
    }
    if (path->trouble[0] != '\0') {
        found(finding, "%.120s: %.100s", path->path, path->trouble);
        advise(finding, ILL, "%.60s names it: make it, or run this as the services' user", path->name);
        return;
    }
    switch (path->kind) {
    case PATH_KEYS:
        look_at_keys(path, finding);
        break;
    case PATH_FOLDER:
        look_at_folder(path, finding);
        break;
    case PATH_BACKUP:
        look_at_backup(facts, path, finding);
        break;
    }
}

static void look_at_service(const struct doctor_service *service, struct finding *finding) {
    if (service->hung) {
        found(finding, "zt-%.60s --check did not end within %d s", service->name, DOCTOR_LOOK_SECONDS_MAX);
        advise(finding, ILL, "run it by hand: what it says last is before what hangs, a database or a store of files");
        return;
    }
    found(finding, "%.200s", service->said);
    if (service->code == 127)
        advise(finding, NOTE, "zt-%.60s is not beside this program: its settings were not checked", service->name);
    else if (service->code != 0)
        advise(finding, ILL, "mend the setting that it names; then zt-%.60s --check", service->name);
}

void doctor_judge(const struct doctor_facts *facts, struct findings *findings) {
    findings->count = 0;
    struct finding *database = put(findings, "database");
    found(database, "can be read");
    const bool known = !facts->database_hung && facts->no_database[0] == '\0';
    if (facts->database_hung) {
        found(database, "no answer within %d s", DOCTOR_LOOK_SECONDS_MAX);
        advise(database, ILL, "it was stopped or its disk hangs: the server's log, dmesg on its host");
    } else if (!known) {
        found(database, "%s", facts->no_database);
        advise(database, ILL, "is PostgreSQL alive, the connection string right, and was it migrated?");
    }
    for (size_t i = 0; known && i < sizeof checks / sizeof checks[0]; i++)
        checks[i].look(facts, put(findings, checks[i].what));
    if (known)
        take_status(facts, findings);
    for (size_t i = 0; i < facts->service_count; i++)
        look_at_service(&facts->services[i], put(findings, "settings"));
    for (size_t i = 0; i < facts->path_count; i++) {
        static const char *const what[] = {[PATH_KEYS] = "keys", [PATH_FOLDER] = "disk", [PATH_BACKUP] = "backup"};
        look_at_path(facts, &facts->paths[i], put(findings, what[facts->paths[i].kind]));
    }
    findings->worst = WELL;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->at[i].health > findings->worst)
            findings->worst = findings->at[i].health;
}
