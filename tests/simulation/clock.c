/* The clock, replaced (common/clock.h): both of its times are the simulation's. */
#include "common/clock.h"

#include "tests/simulation/world.h"

bool clock_sync(int64_t now_ms, double speed) {
    (void)now_ms;
    (void)speed;
    return false;
}

bool clock_known(void) {
    return true;
}

int64_t clock_now(void) {
    return world.city_at + (int64_t)((double)(world.now_ms - world.city_since) * world.city_speed);
}

double clock_speed(void) {
    return world.city_speed;
}

void clock_sync_real(int64_t now_ms) {
    (void)now_ms;
}

int64_t clock_real(void) {
    return world.now_ms;
}

int64_t clock_monotonic_ms(void) {
    return world.now_ms;
}

static void set(int64_t at, double speed) {
    world.city_at = at;
    world.city_since = world.now_ms;
    world.city_speed = speed;
}

void clock_jump(int64_t milliseconds) {
    set(clock_now() + milliseconds, world.city_speed);
}

void clock_drive(double speed) {
    set(clock_now(), speed);
}
