#include "services/zhitong/doctor_bound.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

/* The other end is closed with the last process that has it, so none that the look starts may keep it: it is closed by exec. */
static bool ends_in_time(int closes) {
    const int64_t end = clock_monotonic_ms() + DOCTOR_LOOK_SECONDS_MAX * 1000;
    struct pollfd poll_it = {.fd = closes, .events = POLLIN};
    for (int64_t left; (left = end - clock_monotonic_ms()) > 0;)
        if (poll(&poll_it, 1, (int)left) > 0)
            return true;
    return false;
}

bool doctor_bounded(void (*look)(void *what), void *what) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    const pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* an operator who ends the doctor ends this, too */
        look(what);
        _exit(0);
    }
    close(ends[1]);
    const bool done = child > 0 && ends_in_time(ends[0]);
    close(ends[0]);
    if (child > 0 && !done)
        kill(child, SIGKILL);
    /* One that waits for a dead disk cannot be killed: nobody waits for it. */
    if (child > 0)
        waitpid(child, NULL, done ? 0 : WNOHANG);
    return done;
}
