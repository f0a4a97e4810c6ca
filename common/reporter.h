/* What a report says of who reports: whether it can be taken, how it is sealed and found again. Pure. */
#ifndef ZHITONG_REPORTER_H
#define ZHITONG_REPORTER_H

#include "common/secret_keys.h"

/* True when the report says something of the reporter that must be sealed. */
bool reporter_is_named(const struct submit *submit);

/* Holds name, telephone, e-mail, account and language to their forms: a telephone number (ITU-T E.164 has at most 15 digits; short
 * numbers have 3), an address as in RFC 5321 without quoting, a language tag of BCP 47. Refuses with the field; also, with
 * "reporter_…", when something is said and there is no keyring to seal it with (`has_keys`). */
MUST_CHECK int reporter_check(const struct submit *submit, bool has_keys, struct reason *why);

struct reporter { /* what is written of a reporter; indexes are all zero where nothing was said */
    uint8_t person[SECRET_INDEX_BYTES], phone[SECRET_INDEX_BYTES], email[SECRET_INDEX_BYTES],
        account[SECRET_INDEX_BYTES];
};

/* What somebody said of himself. An account is one of the client's that hands it in. */
struct reporter_details {
    char name[121], phone[41], email[161], account[121], client[65];
};
void reporter_details_of(const struct submit *submit, const char *client, struct reporter_details *details);

/* The blind indexes with the nth key: of each detail in its normal form (a number without separators, small letters, an account with
 * its client), and of all of them. */
void reporter_index(const struct secret_keys *keys, size_t nth, const struct reporter_details *details,
                    struct reporter *reporter);
/* The same of one detail, as somebody says it, with each key of the ring: kind is "phone" or "email". Refuses with the kind as
 * field. */
MUST_CHECK int reporter_indexes_of(const struct secret_keys *keys, const char *kind, const char *text,
                                   uint8_t indexes[SECRET_KEYS_MAX][SECRET_INDEX_BYTES], struct reason *why);

/* Appends the sealed details of this reporter; opens them again. reporter_open refuses as secret_open does. */
void reporter_seal(const struct secret_keys *keys, uint64_t reporter, const struct reporter_details *details,
                   struct bytes *out);
MUST_CHECK int reporter_open(const struct secret_keys *keys, uint64_t reporter, const struct bytes *sealed,
                             struct reporter_details *details, struct reason *why);

#endif
