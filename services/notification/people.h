/* What people are told, and when: what the courier asks before something goes out by a carrier for people. Pure but for people_find. */
#ifndef ZHITONG_NOTIFICATION_PEOPLE_H
#define ZHITONG_NOTIFICATION_PEOPLE_H

#include "common/db.h"
#include "common/secret_keys.h"
#include "services/notification/carrier_settings.h"
#include "services/notification/endpoint.h"

#define PEOPLE_BUNDLE_MAX 50 /* entries in one parcel */
#define PEOPLE_URL_MAX 400

enum people_when {
    PEOPLE_SKIP, /* nothing is to be told of this entry */
    PEOPLE_NOW,
    PEOPLE_HELD /* until `until`, and then with whatever else is held for this endpoint */
};
struct people_plan {
    enum people_when when;
    int64_t until; /* real time, unix ms */
    bool urgent;
};
/* `now` is real time. `city` is NULL while none is loaded: nothing is known of quiet hours then. 0; -1 is our own bug. */
MUST_CHECK int people_plan(const struct endpoint *endpoint, const struct case_moved *moved, const struct city *city,
                           int64_t now, struct people_plan *plan);

/* When this may be told, where it may not now because of quiet hours; 0: now. Asked once more before it goes out, since it may have
 * waited meanwhile. `now` as above. */
int64_t people_quiet_until(const struct endpoint *endpoint, const struct case_moved *moved, const struct city *city,
                           int64_t now);

struct people_house { /* what the service knows besides; borrowed */
    const struct carrier_settings *settings;
    const struct secret_keys *keys; /* NULL: none are set, so that there are no receipts and nobody is found */
};

struct people_entries { /* one or several of one endpoint, in their order */
    const struct people_house *house;
    const struct endpoint *endpoint; /* with the language and the carrier that bring it */
    const struct city *city;         /* may be NULL */
    const struct case_moved *const *moved;
    int count;
};
struct people_words {                 /* zeroed before; the caller closes it */
    struct bytes subject, text, html; /* UTF-8, NUL-terminated */
    char end_url[PEOPLE_URL_MAX + 1];
    bool urgent;
};
/* Refuses what has no words; it becomes a dead letter with this reason. */
MUST_CHECK int people_render(const struct people_entries *entries, struct people_words *words, struct reason *why);

struct people_announcement { /* no entry of a stream: "test", or "disabled" about another endpoint */
    const char *kind, *about, *unit, *why;
};
/* `to` has no entries. */
MUST_CHECK int people_announce(const struct people_entries *to, const struct people_announcement *announcement,
                               struct people_words *words, struct reason *why);
void people_words_close(struct people_words *words);

/* Where an endpoint without an address of its own (found_per_entry) tells this entry: of reporters, the address is opened and the look
 * at it logged, in one transaction on `db`. */
struct people_found {
    const struct carrier *carrier; /* NULL: nobody is to be told */
    const char *nobody;            /* and why: a word for the attempt */
    struct destination to;
    char shown[ENDPOINT_SHOWN_MAX + 1];
    char language[ENDPOINT_LANGUAGE_MAX + 1];
};
MUST_CHECK int people_find(struct db *db, const struct people_house *house, const struct case_moved *moved,
                           struct people_found *found, struct reason *why);

/* Of what somebody left, which carrier brings it, and what lists may show of it: e-mail where there is a mail server, else SMS where
 * there is a gateway. Pure; carrier NULL with `nobody` where there is neither. */
struct reporter_details;
void people_choose(const struct carrier_settings *settings, const struct reporter_details *details,
                   struct people_found *found);

#endif
