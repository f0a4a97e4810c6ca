/* Looks at everything that `zhitong doctor` judges. Nothing is changed; a file is made and removed in folders that must be writable. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/zone.h"
#include "services/zhitong/doctor.h"
#include "services/zhitong/doctor_bound.h"
#include "services/zhitong/options.h"
#include "services/zhitong/status_read.h"

#define SETTINGS_MAX 128 /* of one file */
#define LINE_BYTES_MAX 4096
#define NO_PROGRAM 127

extern const struct db_query doctor_queries[];

static int64_t host_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the database ------------------------------------------------------------------------------------------------------------ */

static int read_members(struct db *db, struct doctor_facts *facts) {
    SCOPED_RESULT
    *result = db_ask(db, "doctor_members", NULL);
    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result) && facts->member_count < STATUS_MEMBERS_MAX; row++) {
        struct doctor_member *member = &facts->members[facts->member_count++];
        snprintf(member->service, sizeof member->service, "%s", db_text(result, row, 0));
        snprintf(member->version, sizeof member->version, "%s", db_text(result, row, 1));
        snprintf(member->ring, sizeof member->ring, "%s", db_text(result, row, 2));
    }
    return 0;
}

static int read_database(struct db *db, struct doctor_facts *facts) {
    struct zone *zone = NULL;
    struct reason why;
    if (status_prepare(db) != 0 || status_read(db, &facts->status, facts->zone) != 0 || read_members(db, facts) != 0)
        return -1;
    const int64_t from = host_now();
    if (database_facts_read(db, &facts->database) != 0)
        return -1;
    facts->host_now = host_now();
    facts->round_trip_ms = facts->host_now - from;
    facts->zone_known = facts->zone[0] != '\0' && zone_open(&zone, facts->zone, &why) == 0;
    zone_close(&zone);
    return 0;
}

struct database_look {
    const char *url;
    struct doctor_facts *facts;
};

static void look_at_database(void *what) {
    const struct db_query *tables[] = {status_queries, database_facts_queries, doctor_queries, NULL};
    const struct database_look *look = what;
    struct doctor_facts *facts = look->facts;
    struct db *db = NULL;
    struct reason why;
    if (db_open(&db, look->url, "mesh", tables, &why) != 0) {
        snprintf(facts->no_database, sizeof facts->no_database, "%s", why.text);
        return;
    }
    if (read_database(db, facts) != 0)
        snprintf(facts->no_database, sizeof facts->no_database, "%s", db_reason(db)->text);
    db_close(&db);
}

/* ---- files and folders ----------------------------------------------------------------------------------------------------------- */

static struct doctor_path *add_path(struct doctor_facts *facts, enum path_kind kind, const char *name,
                                    const char *path) {
    for (size_t i = 0; i < facts->path_count; i++)
        if (facts->paths[i].kind == kind && strcmp(facts->paths[i].path, path) == 0)
            return NULL; /* several services name the same one */
    if (facts->path_count == DOCTOR_PATHS_MAX)
        return NULL;
    struct doctor_path *added = &facts->paths[facts->path_count++];
    *added = (struct doctor_path){.kind = kind};
    snprintf(added->name, sizeof added->name, "%s", name);
    snprintf(added->path, sizeof added->path, "%s", path);
    return added;
}

static void look_at_keys(struct doctor_path *path) {
    struct stat about;
    if (stat(path->path, &about) != 0 || access(path->path, R_OK) != 0)
        snprintf(path->trouble, sizeof path->trouble, "%s", strerror(errno));
    else if (!S_ISREG(about.st_mode))
        snprintf(path->trouble, sizeof path->trouble, "is no file");
    else
        path->mode = about.st_mode & 07777;
}

static void look_at_folder(struct doctor_path *path) {
    struct statvfs room;
    char probe[DOCTOR_TEXT_MAX + 24];
    if (statvfs(path->path, &room) != 0) {
        snprintf(path->trouble, sizeof path->trouble, "%s", strerror(errno));
        return;
    }
    path->free_bytes = (int64_t)room.f_bavail * (int64_t)room.f_frsize;
    path->total_bytes = (int64_t)room.f_blocks * (int64_t)room.f_frsize;
    snprintf(probe, sizeof probe, "%s/.doctor-XXXXXX", path->path);
    const int fd = mkstemp(probe);
    path->writable = fd >= 0;
    if (fd >= 0) {
        close(fd);
        unlink(probe);
    }
}

/* The newest of base/, where deploy/backup puts them; their names are instants, so the last name is the newest. */
static void look_at_backup(struct doctor_path *path) {
    char folder[DOCTOR_TEXT_MAX + 8], newest[64] = "";
    struct tm parts = {0};
    snprintf(folder, sizeof folder, "%s/base", path->path);
    DIR *base = opendir(folder);
    if (base == NULL) {
        snprintf(path->trouble, sizeof path->trouble, "base: %s", strerror(errno));
        return;
    }
    for (const struct dirent *entry = readdir(base); entry != NULL; entry = readdir(base))
        if (entry->d_name[0] == '2' && strcmp(entry->d_name, newest) > 0)
            snprintf(newest, sizeof newest, "%.60s", entry->d_name);
    closedir(base);
    if (strptime(newest, "%Y%m%dT%H%M%S", &parts) != NULL)
        path->newest_at = (int64_t)timegm(&parts) * 1000;
}

static void look_at_path(void *what) {
    static void (*const looks[])(struct doctor_path * path) = {
        [PATH_KEYS] = look_at_keys, [PATH_FOLDER] = look_at_folder, [PATH_BACKUP] = look_at_backup};
    struct doctor_path *path = what;
    looks[path->kind](path);
}

/* One that was looked at already is not looked at again. */
static void look_at_named(struct doctor_facts *facts, enum path_kind kind, const char *name, const char *path) {
    struct doctor_path *added = add_path(facts, kind, name, path);
    if (added != NULL)
        added->hung = !doctor_bounded(look_at_path, added);
}

/* ---- settings --------------------------------------------------------------------------------------------------------------------- */

struct environment { /* "NAME=VALUE", NULL-ended; each is freed */
    char *at[SETTINGS_MAX + 2];
    size_t count;
};

/* As systemd reads an EnvironmentFile, without continuation lines. */
static int read_environment(const char *path, struct environment *to) {
    char line[LINE_BYTES_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL && to->count < SETTINGS_MAX) {
        char *name = line + strspn(line, " \t");
        name[strcspn(name, "\r\n")] = '\0';
        char *equals = strchr(name, '=');
        if (*name == '#' || *name == ';' || equals == NULL)
            continue;
        char *value = equals + 1;
        const size_t size = strlen(value);
        if (size >= 2 && (*value == '"' || *value == '\'') && value[size - 1] == *value) {
            value[size - 1] = '\0';
            memmove(value, value + 1, size - 1);
        }
        to->at[to->count++] = strdup(name);
    }
    fclose(file);
    return 0;
}

static void close_environment(struct environment *environment) {
    for (size_t i = 0; i < environment->count; i++)
        free(environment->at[i]);
}

static const struct {
    const char *name;
    enum path_kind kind;
} named[] = {{"ZHITONG_SECRET_KEYS", PATH_KEYS},       {"ZHITONG_PUBLIC_KEYS", PATH_KEYS},
             {"ZHITONG_INTAKE_KEY", PATH_KEYS},        {"ZHITONG_DATABASE_URL_FILE", PATH_KEYS},
             {"ZHITONG_FILES_S3_KEY_FILE", PATH_KEYS}, {"ZHITONG_FILES_FOLDER", PATH_FOLDER}};

static void look_at_setting(const char *setting, struct doctor_facts *facts) {
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const size_t size = strlen(named[i].name);
        if (strncmp(setting, named[i].name, size) != 0 || setting[size] != '=' || setting[size + 1] == '\0')
            continue;
        look_at_named(facts, named[i].kind, named[i].name, setting + size + 1);
    }
}

/* Beside this program. False: it is not known where that is. */
static bool program_of(const char *service, char path[LINE_BYTES_MAX]) {
    const ssize_t size = readlink("/proc/self/exe", path, LINE_BYTES_MAX - 80);
    if (size <= 0)
        return false;
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash, 80, "/zt-%.60s", service);
    return true;
}

/* `zt-NAME --check`: it reads its settings, connects and prepares every query. The last line of what it says is kept. */
struct check_look {
    const struct environment *environment;
    struct doctor_service *service;
};

static void run_check(void *what) {
    const struct check_look *look = what;
    struct doctor_service *service = look->service;
    char path[LINE_BYTES_MAX], text[LINE_BYTES_MAX] = "";
    int ends[2], status;
    if (!program_of(service->name, path) || access(path, X_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
        service->code = NO_PROGRAM;
        strcpy(service->said, "there is no program to check these settings with");
        return;
    }
    const pid_t child = fork();
    if (child == 0) {
        char check[] = "--check";
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends with this look */
        char *words[] = {path, check, NULL};
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execve(path, words, look->environment->at);
        _exit(NO_PROGRAM);
    }
    close(ends[1]);
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size<sizeof text - 1; size += got> 0 ? (size_t)got : 0)
        got = read(ends[0], text + size, sizeof text - 1 - size);
    close(ends[0]);
    service->code = child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ? NO_PROGRAM
                                                                                      : WEXITSTATUS(status);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    const char *last = strrchr(text, '\n');
    snprintf(service->said, sizeof service->said, "%.250s", last != NULL ? last + 1 : text);
}

/* The service is told by the file's name: /etc/zhitong/intake.env. */
static void look_at_environment(const char *path, struct doctor_facts *facts) {
    struct environment environment = {.count = 0};
    if (facts->service_count == DOCTOR_SERVICES_MAX)
        return;
    struct doctor_service *service = &facts->services[facts->service_count++];
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    *service = (struct doctor_service){.code = 0};
    const size_t size = strcspn(name, ".");
    memcpy(service->name, name, size < STATUS_NAME_MAX ? size : STATUS_NAME_MAX);
    if (read_environment(path, &environment) != 0) {
        service->code = 1;
        snprintf(service->said, sizeof service->said, "%.150s: %s", path, strerror(errno));
        return;
    }
    for (size_t i = 0; i < environment.count; i++)
        look_at_setting(environment.at[i], facts);
    struct check_look look = {&environment, service};
    service->hung = !doctor_bounded(run_check, &look);
    close_environment(&environment);
}

void doctor_look(const struct doctor_options *options, struct doctor_facts *facts) {
    struct doctor_facts *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(shared != MAP_FAILED);
    struct database_look database = {options->url, shared};
    shared->host_now = host_now();
    shared->database_hung = !doctor_bounded(look_at_database, &database);
    for (size_t i = 0; i < options->environment_count; i++)
        look_at_environment(options->environments[i], shared);
    for (char **setting = environ; options->environment_count == 0 && *setting != NULL; setting++)
        look_at_setting(*setting, shared);
    if (options->backup != NULL)
        look_at_named(shared, PATH_BACKUP, "--backup", options->backup);
    *facts = *shared;
    munmap(shared, sizeof *shared);
}
