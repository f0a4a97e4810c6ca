/* Named points where a test lets a program die, stop, sleep or fail. Compiled in with the CMake option ZHITONG_FAULT_POINTS only
 * (preset `faults`); otherwise FAULT_POINT is false and no name of a point is in the program.
 *
 * The file that the environment variable FAULT_POINT_FILE names arms one point with one line, which is read at every point:
 *
 *     POINT kill|stop|fail|sleep:MS NTH
 *
 * At the NTH visit of that point since the file appeared it is removed and the action done, once. */
#ifndef ZHITONG_FAULT_POINT_H
#define ZHITONG_FAULT_POINT_H

#include <stdbool.h>

#ifdef ZHITONG_FAULT_POINTS

enum fault_point {
#    define POINT(name, meaning) FAULT_AT_##name,
#    include "common/fault_points.def"
#    undef POINT
    FAULT_POINT_COUNT
};

/* True when the caller shall behave as if its database connection had broken. From any thread. */
bool fault_point(enum fault_point point);
#    define FAULT_POINT(name) fault_point(FAULT_AT_##name)

#else

static inline bool fault_never(void) {
    return false;
}
#    define FAULT_POINT(name) fault_never()

#endif
#endif
