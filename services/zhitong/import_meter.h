/* What an import shows on stderr: a line that is written over on a terminal, plain lines elsewhere. */
#ifndef ZHITONG_IMPORT_METER_H
#define ZHITONG_IMPORT_METER_H

#include "common/submit_client.h"
#include "services/zhitong/import_progress.h"

struct import_meter {
    bool terminal;
    int64_t began_ms, shown_ms; /* monotonic */
    uint64_t began_rows;        /* answered in earlier runs */
    uint64_t shown_rows;
    double rows_per_second; /* smoothed */
};

struct import_state {
    const struct import_progress *progress;
    const struct submit_client *client;
    double share;          /* of the file that was read, 0 to 1 */
    const char *waits_for; /* why nothing is sent just now, or "" */
};

void import_meter_open(struct import_meter *meter, const struct import_progress *resumed);
/* Shows something when it is time to, or when `last`. */
void import_meter_show(struct import_meter *meter, const struct import_state *state, bool last);
/* A remark on a line of its own. */
void import_meter_note(const struct import_meter *meter, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
