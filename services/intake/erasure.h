/* Erasure: what is kept of reporters whose period is over and whose cases are finished goes, some rows a turn. Every replica does it;
 * two never take the same row. */
#ifndef ZHITONG_INTAKE_ERASURE_H
#define ZHITONG_INTAKE_ERASURE_H

#include "common/asks.h"

#define SETTING_OF_ERASURE \
    { \
        "ZHITONG_ERASE_SECONDS", SETTING_NUMBER, "s", "60", 1, 86400, \
            "how often personal data whose period is over is looked for" \
    }

struct erasure;
struct erasure *erasure_open(struct asks *asks, int64_t every_ms);
/* Waits for nobody: an ask that is under way must have been answered (asks_under_way). */
void erasure_close(struct erasure **erasure);
void erasure_turn(struct erasure *erasure);
int erasure_wait_ms(const struct erasure *erasure); /* until the next look */

#endif
