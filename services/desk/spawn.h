/* Reports that a council meeting hands in: a client of intake's public endpoint, with a client's key like any other. */
#ifndef ZHITONG_DESK_SPAWN_H
#define ZHITONG_DESK_SPAWN_H

#include "common/settings.h"
#include "common/submit_client.h"

enum spawn_outcome { SPAWN_ACCEPTED, SPAWN_REFUSED, SPAWN_UNKNOWN };
struct spawn_answer {
    enum spawn_outcome outcome;
    bool repeated;
    uint64_t case_id;  /* when accepted */
    char receipt[25];  /* the same; may be empty */
    struct reason why; /* when refused */
};
typedef void spawn_done(void *context, const struct spawn_answer *answer);

struct spawn;
/* *out is NULL where no key is set. Refuses settings that do not fit together. */
MUST_CHECK int spawn_open(struct spawn **out, const struct settings *settings, void *zmq, struct reason *why);
void spawn_close(struct spawn **spawn);
/* Refuses what intake would refuse for its form, and when too many are under way (field ""). */
MUST_CHECK int spawn_send(struct spawn *spawn, const struct submit *report, spawn_done *done, void *context,
                          struct reason *why);
void spawn_turn(struct spawn *spawn);
size_t spawn_sockets(const struct spawn *spawn, void **sockets, size_t room);
size_t spawn_waiting(const struct spawn *spawn);

#endif
