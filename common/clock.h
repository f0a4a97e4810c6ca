/* What time it is: PostgreSQL's, possibly driven faster. Nothing else in the system asks.
 *
 * The mesh thread reads mesh.clock once a second and calls clock_sync; between two readings time runs on by the
 * monotonic clock times the speed. Time never goes back: a smaller reading holds it still until it is reached.
 * A reading that differs by more than CLOCK_JUMP_MS (times the speed) is reported as a jump. Thread-safe.
 *
 * What the world outside must agree with (the instant under a signature, when something is tried again) is real time, which is
 * never driven. It is the database's, too: a host whose own clock is wrong neither signs for another hour nor plans for one. */
#ifndef ZHITONG_CLOCK_H
#define ZHITONG_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_JUMP_MS 2000

/* now_ms: unix ms the database says; speed: 1.0 in service, 3600.0 makes an hour pass in a second.
 * Returns true when this reading is a jump (never for the first reading or after a change of speed). */
bool clock_sync(int64_t now_ms, double speed);
bool clock_known(void);  /* false before the first reading */
int64_t clock_now(void); /* unix ms; asserts clock_known() */
double clock_speed(void);
void clock_sync_real(int64_t now_ms); /* what the database says; followed at once, also back */
int64_t clock_real(void);             /* unix ms; this host's before the first reading */
int64_t clock_monotonic_ms(void);     /* for timers and timeouts; never driven */

#endif
