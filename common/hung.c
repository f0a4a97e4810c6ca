#include "common/hung.h"

#include "common/journal.h"
#include "common/metrics.h"

/* Session 0 is nobody's: a column without a value cannot be sent. */
static void remember(struct hung *hung, const PGresult *silent) {
    column_reset(&hung->sessions);
    column_reset(&hung->since);
    column_int4(&hung->sessions, 0);
    column_int8(&hung->since, 0);
    for (int row = 0; silent != NULL && row < PQntuples(silent); row++) {
        column_int4(&hung->sessions, db_int4(silent, row, 0));
        column_int8(&hung->since, db_int8(silent, row, 1));
    }
}

int hung_cut(struct hung *hung, struct db *db, const char *service, int silence_ms) {
    struct params params = {0};
    int ended = 0;
    if (hung->sessions.count == 0)
        remember(hung, NULL);
    params_int4(&params, silence_ms - HUNG_LOOK_MS); /* of the first of two looks */
    params_column(&params, &hung->sessions);
    params_column(&params, &hung->since);
    SCOPED_RESULT
    *silent = db_ask(db, "mesh_cut_hung", &params);
    remember(hung, silent);
    if (silent == NULL)
        return -1;
    for (int row = 0; row < PQntuples(silent); row++) {
        if (!db_bool(silent, row, 2))
            continue;
        ended++;
        journal_say(JOURNAL_WARNING, "replica_hung", "session %d of a %s replica said nothing for %d ms and was ended",
                    (int)db_int4(silent, row, 0), service, silence_ms);
    }
    metric_add(METRIC_hung_sessions_total, ended);
    return 0;
}

void hung_close(struct hung *hung) {
    column_close(&hung->sessions);
    column_close(&hung->since);
}
