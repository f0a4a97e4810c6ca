#include "services/intake/open311_update.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/ids.h"
#include "proto/case_life.h"

static void wrong(struct open311_errors *errors, int status, const char *field, const char *text) {
    struct reason why;
    (void)refuse(&why, field, "%s", text);
    open311_error(errors, status, &why);
}

/* The value, which must be there and shorter than the room; NULL: told. */
static const char *needed(const struct open311_form *form, const char *name, size_t room,
                          struct open311_errors *errors) {
    const char *text = open311_form_value(form, name);
    char said[64];
    if (text == NULL) {
        wrong(errors, 400, name, "is missing");
        return NULL;
    }
    if (strlen(text) < room)
        return text;
    snprintf(said, sizeof said, "is longer than %zu bytes", room - 1);
    wrong(errors, 400, name, said);
    return NULL;
}

static void read_text(const struct open311_form *form, struct open311_update *update, struct open311_errors *errors) {
    const char *text = needed(form, "description", sizeof update->text, errors),
               *media = open311_form_value(form, "media_url");
    if (text == NULL)
        return;
    strcpy(update->text, text);
    if (media == NULL)
        return;
    if (strncmp(media, "http://", 7) != 0 && strncmp(media, "https://", 8) != 0)
        wrong(errors, 400, "media_url", "must begin with http:// or https://");
    else if (strlen(text) + strlen(media) + 2 > sizeof update->text)
        wrong(errors, 400, "media_url", "is too long together with description");
    else
        strcat(strcat(update->text, "\n"), media);
}

bool open311_update_read(const struct open311_form *form, const struct zone *zone, int64_t now,
                         struct open311_update *update, struct open311_errors *errors) {
    const char *id = needed(form, "service_request_id", 24, errors),
               *when = needed(form, "updated_datetime", 64, errors);
    const char *number = needed(form, "update_id", sizeof update->update_id, errors),
               *status = needed(form, "status", 64, errors);
    struct reason why;
    int64_t at;
    *update = (struct open311_update){.case_id = 0};
    open311_form_once(form, errors);
    if (number != NULL)
        strcpy(update->update_id, number);
    if (id != NULL && !is_id(id))
        wrong(errors, 404, "service_request_id", "there is no such request");
    else if (id != NULL)
        update->case_id = strtoull(id, NULL, 10);
    if (when != NULL && open311_time_read(zone, "updated_datetime", when, &at, &why) != 0)
        open311_error(errors, 400, &why);
    else if (when != NULL && at > now + OPEN311_FUTURE_MS)
        wrong(errors, 400, "updated_datetime", "lies in the future");
    if (status != NULL && strcasecmp(status, "open") != 0 && strcasecmp(status, "closed") != 0)
        wrong(errors, 400, "status", "must be open or closed");
    update->open = status != NULL && strcasecmp(status, "open") == 0;
    read_text(form, update, errors);
    return errors->count == 0;
}

/* Whether somebody with the hat of the reporter may make this move from there. */
static bool may(const char *move, enum case_state from) {
    for (const struct move_spec *line = case_move(move, from); line != NULL; line = case_move_next(line, from))
        if (line->hats & HAT_reporter)
            return true;
    return false;
}

const char *open311_update_move(const char *state, bool open, struct reason *why) {
    static const char *const says[] = {"answer", "note", NULL}, *const done_with[] = {"withdraw", "note", NULL},
                             *const again[] = {"reopen", "appeal", NULL};
    enum case_state from = case_state_named(state);
    if (from == CASE_STATE_COUNT) {
        (void)refuse(why, "service_request_id", "the request is not handed on yet; send the update again in a second");
        return NULL;
    }
    bool is_open = case_state_spec(from)->open;
    const char *const *moves = !is_open ? again : open ? says : done_with;
    for (; (is_open || open) && *moves != NULL; moves++)
        if (may(*moves, from))
            return *moves;
    (void)refuse(why, "status",
                 is_open || open ? "nothing can be said about this request now"
                                 : "the request is closed already; status open asks to take it up again");
    return NULL;
}

bool open311_update_part(const struct open311_update *update, size_t *at, char part[OPEN311_NOTE_BYTES_MAX + 1]) {
    const char *text = update->text + *at;
    size_t size = strlen(text);
    if (size == 0)
        return false;
    if (size > OPEN311_NOTE_BYTES_MAX)
        for (size = OPEN311_NOTE_BYTES_MAX; (text[size] & 0xc0) == 0x80;)
            size--;
    memcpy(part, text, size);
    part[size] = '\0';
    *at += size;
    return true;
}
