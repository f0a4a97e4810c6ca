/* What an update that a source sends means for the case. Pure. */
#ifndef ZHITONG_INTAKE_OPEN311_UPDATE_H
#define ZHITONG_INTAKE_OPEN311_UPDATE_H

#include "services/intake/open311_form.h"

#define OPEN311_UPDATE_BYTES_MAX 4000
#define OPEN311_NOTE_BYTES_MAX 240        /* of one command: a longer update goes in several */
#define OPEN311_FUTURE_MS (5 * MINUTE_MS) /* by how much a source's clock may be ahead */

struct open311_update {
    char update_id[121];
    uint64_t case_id;
    bool open; /* which status it has, or is to have */
    char text[OPEN311_UPDATE_BYTES_MAX + 1];
};

/* Reads service_request_id, update_id, updated_datetime, status, description and media_url. Tells every field that is wrong: missing,
 * too long, no such form, or an instant after `now`. */
MUST_CHECK bool open311_update_read(const struct open311_form *form, const struct zone *zone, int64_t now,
                                    struct open311_update *update, struct open311_errors *errors);

/* The move of case_life.def that it is, in the role of the reporter: "reopen" or "appeal" where the case is finished and should be
 * open; "answer" where the reporter was asked; "withdraw" where it should be closed and no unit has it yet; else "note". NULL and the reason: nothing can be said about it now. */
const char *open311_update_move(const char *state, bool open, struct reason *why);

/* The next part of the text from *at on, cut at a character; moves *at. False: there is none. */
bool open311_update_part(const struct open311_update *update, size_t *at, char part[OPEN311_NOTE_BYTES_MAX + 1]);

#endif
