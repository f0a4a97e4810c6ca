#include "common/process_metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STAT_BYTES_MAX 1024
#define FIELDS_MAX 24
#define FIRST_FIELD 3 /* behind the name in parentheses, proc(5) */

enum process_metric { CPU, RESIDENT, VIRTUAL, THREADS, STARTED, OPEN_FDS, MAX_FDS, PROCESS_METRIC_COUNT };

static const struct {
    const char *name, *type, *unit, *meaning;
} rows[PROCESS_METRIC_COUNT] = {
    [CPU] = {"process_cpu_seconds_total", "counter", "seconds", "CPU time of the process, user and system"},
    [RESIDENT] = {"process_resident_memory_bytes", "gauge", "bytes", "resident memory"},
    [VIRTUAL] = {"process_virtual_memory_bytes", "gauge", "bytes", "virtual memory"},
    [THREADS] = {"process_threads", "gauge", "threads", "threads of the process"},
    [STARTED] = {"process_start_time_seconds", "gauge", "seconds", "when it was started, seconds since 1970"},
    [OPEN_FDS] = {"process_open_fds", "gauge", "descriptors", "open file descriptors"},
    [MAX_FDS] = {"process_max_fds", "gauge", "descriptors", "how many it may have open"},
};

const char *process_version(void) {
    return ZHITONG_VERSION;
}

struct readings {
    double values[PROCESS_METRIC_COUNT];
    bool known[PROCESS_METRIC_COUNT];
};

static void set(struct readings *readings, enum process_metric which, double value) {
    readings->values[which] = value;
    readings->known[which] = true;
}

static size_t read_file(const char *path, char *text, size_t room) {
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(text, 1, room - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    text[size] = '\0';
    return size;
}

/* The numbers of /proc/self/stat, by their place in proc(5). False when it cannot be read. */
static bool read_stat(unsigned long long fields[FIELDS_MAX + 1]) {
    char text[STAT_BYTES_MAX];
    if (read_file("/proc/self/stat", text, sizeof text) == 0)
        return false;
    char *at = strrchr(text, ')'); /* behind the name, which may have any letters */
    char *rest = NULL;
    int field = FIRST_FIELD;
    for (char *word = at != NULL ? strtok_r(at + 1, " ", &rest) : NULL; word != NULL && field <= FIELDS_MAX;
         word = strtok_r(NULL, " ", &rest), field++)
        if (sscanf(word, "%llu", &fields[field]) != 1)
            fields[field] = 0; /* a letter, or less than nothing */
    return field > FIELDS_MAX;
}

static bool read_boot_time(double *seconds) {
    char text[16384];
    (void)read_file("/proc/stat", text, sizeof text);
    const char *line = strstr(text, "\nbtime ");
    return line != NULL && sscanf(line, "\nbtime %lf", seconds) == 1;
}

static void read_descriptors(struct readings *readings) {
    struct rlimit limit;
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    for (const struct dirent *entry = folder != NULL ? readdir(folder) : NULL; entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    if (folder != NULL) {
        set(readings, OPEN_FDS, count - 1); /* without the folder's own */
        closedir(folder);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        set(readings, MAX_FDS, (double)limit.rlim_cur);
}

static void read_all(struct readings *readings) {
    enum {
        USER_TIME = 14,
        SYSTEM_TIME = 15,
        THREAD_COUNT = 20,
        START_TIME = 22,
        VIRTUAL_BYTES = 23,
        RESIDENT_PAGES = 24
    };
    unsigned long long fields[FIELDS_MAX + 1];
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    double boot;
    read_descriptors(readings);
    if (!read_stat(fields))
        return;
    set(readings, CPU, (double)(fields[USER_TIME] + fields[SYSTEM_TIME]) / ticks);
    set(readings, RESIDENT, (double)fields[RESIDENT_PAGES] * (double)sysconf(_SC_PAGESIZE));
    set(readings, VIRTUAL, (double)fields[VIRTUAL_BYTES]);
    set(readings, THREADS, (double)fields[THREAD_COUNT]);
    if (read_boot_time(&boot))
        set(readings, STARTED, boot + (double)fields[START_TIME] / ticks);
}

void process_metrics_write(FILE *out, const char *service) {
    struct readings readings = {.known = {false}};
    read_all(&readings);
    for (int i = 0; i < PROCESS_METRIC_COUNT; i++) {
        if (!readings.known[i])
            continue;
        fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[i].name, rows[i].meaning, rows[i].name, rows[i].type);
        fprintf(out, "%s{service=\"%s\"} %.15g\n", rows[i].name, service, readings.values[i]);
    }
    fprintf(out, "# HELP zhitong_build_info which version runs; always 1\n# TYPE zhitong_build_info gauge\n");
    fprintf(out, "zhitong_build_info{service=\"%s\",version=\"%s\"} 1\n", service, ZHITONG_VERSION);
}

void process_metrics_markdown(FILE *out) {
    for (int i = 0; i < PROCESS_METRIC_COUNT; i++)
        fprintf(out, "| `%s` | %s | %s | %s |\n", rows[i].name, rows[i].type, rows[i].unit, rows[i].meaning);
    fputs("| `zhitong_build_info{version}` | gauge |  | which version runs; always 1 |\n", out);
}
