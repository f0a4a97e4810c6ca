#include "common/fault_point.h"

#ifdef ZHITONG_FAULT_POINTS

#    include <errno.h>
#    include <pthread.h>
#    include <signal.h>
#    include <stdio.h>
#    include <stdlib.h>
#    include <string.h>
#    include <time.h>
#    include <unistd.h>

#    define LINE_BYTES_MAX 128
#    define SLEEP_MS_MAX 60000

static const char *const names[FAULT_POINT_COUNT] = {
#    define POINT(name, meaning) #    name,
#    include "common/fault_points.def"
#    undef POINT
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char seen[LINE_BYTES_MAX]; /* what the file said at the last visit */
static int visits;                /* of the armed point since then */

/* The action that is due now; false: none. */
static bool take_action(enum fault_point point, char action[LINE_BYTES_MAX]) {
    const char *path = getenv("FAULT_POINT_FILE");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char line[LINE_BYTES_MAX] = "", name[LINE_BYTES_MAX];
    int nth = 1;
    if (file == NULL) {
        seen[0] = '\0';
        return false;
    }
    bool read = fgets(line, sizeof line, file) != NULL && sscanf(line, "%127s %127s %d", name, action, &nth) == 3;
    fclose(file);
    if (strcmp(line, seen) != 0)
        visits = 0;
    strcpy(seen, line);
    return read && strcmp(name, names[point]) == 0 && ++visits >= nth && unlink(path) == 0;
}

static void sleep_ms(long ms) {
    if (ms < 0 || ms > SLEEP_MS_MAX)
        ms = SLEEP_MS_MAX;
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* raise() and not kill(): this thread goes no step further. */
static void act(const char *action) {
    if (strcmp(action, "kill") == 0)
        raise(SIGKILL);
    else if (strcmp(action, "stop") == 0)
        raise(SIGSTOP);
    else if (strncmp(action, "sleep:", 6) == 0)
        sleep_ms(strtol(action + 6, NULL, 10));
}

bool fault_point(enum fault_point point) {
    char action[LINE_BYTES_MAX];
    int before = errno; /* the caller's reason may still be in it */
    pthread_mutex_lock(&lock);
    bool due = take_action(point, action);
    pthread_mutex_unlock(&lock);
    if (due)
        act(action);
    errno = before;
    return due && strcmp(action, "fail") == 0;
}

#endif
