/* Peers that hang while their connections live (a stopped process or virtual machine): they keep their lock and their rows' locks. Their
 * sessions are ended; then they are dead like any other, and when they go on they meet the fence (docs/decisions/0019). */
#ifndef ZHITONG_HUNG_H
#define ZHITONG_HUNG_H

#include "common/db.h"
#include "common/reader.h"

#define HUNG_LOOK_MS 1000 /* how often is looked for them */

struct hung { /* who seemed to hang at the last look; zero-initialise, free with hung_close */
    struct column sessions, since;
};

/* One look, HUNG_LOOK_MS after the last one. Ends the sessions of the connection's own role that said nothing for silence_ms and were
 * silent at the last look too, and tells the journal. -1: the database failed, see db_reason. */
MUST_CHECK int hung_cut(struct hung *hung, struct db *db, const char *service, int silence_ms);
void hung_close(struct hung *hung);

#endif
