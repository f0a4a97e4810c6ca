#include "common/reporter.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/contact.h"

#define BETWEEN "\x1f" /* no text of a message holds it */

bool reporter_is_named(const struct submit *submit) {
    return submit->reporter_name[0] != '\0' || submit->reporter_phone[0] != '\0' || submit->reporter_email[0] != '\0' ||
           submit->reporter_account[0] != '\0';
}

/* ---- forms ------------------------------------------------------------------------------------------------------------ */

/* Letters and digits in parts of at most 8, the first of letters (BCP 47, section 2.1). */
static bool is_language(const char *tag) {
    size_t size = strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (size < 2 || size > 8)
        return false;
    while (tag[size] == '-') {
        tag += size + 1;
        size = strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        if (size < 1 || size > 8)
            return false;
    }
    return tag[size] == '\0';
}

static const char *first_said(const struct submit *submit) {
    if (submit->reporter_name[0] != '\0')
        return "reporter_name";
    if (submit->reporter_phone[0] != '\0')
        return "reporter_phone";
    return submit->reporter_email[0] != '\0' ? "reporter_email" : "reporter_account";
}

int reporter_check(const struct submit *submit, bool has_keys, struct reason *why) {
    char normal[CONTACT_BYTES_MAX + 1];
    if (submit->language[0] != '\0' && !is_language(submit->language))
        return refuse(why, "language", "must be a language tag like zh, en or zh-Hant (BCP 47)");
    if (submit->reporter_phone[0] != '\0' && !contact_normal("phone", submit->reporter_phone, normal))
        return refuse(why, "reporter_phone", "must be %s", contact_form("phone"));
    if (submit->reporter_email[0] != '\0' && !contact_normal("email", submit->reporter_email, normal))
        return refuse(why, "reporter_email", "must be %s", contact_form("email"));
    if (submit->reporter_name[0] != '\0' && submit->reporter_name[strspn(submit->reporter_name, " \t\n")] == '\0')
        return refuse(why, "reporter_name", "is blank; leave it out to report without a name");
    if (reporter_is_named(submit) && !has_keys)
        return refuse(
            why, first_said(submit),
            "personal data cannot be kept here: the operator must set ZHITONG_SECRET_KEYS; a report without it is taken");
    return 0;
}

/* ---- indexes ---------------------------------------------------------------------------------------------------------------- */

void reporter_details_of(const struct submit *submit, const char *client, struct reporter_details *details) {
    *details = (struct reporter_details){{0}, {0}, {0}, {0}, {0}};
    memcpy(details->name, submit->reporter_name, sizeof details->name);
    memcpy(details->phone, submit->reporter_phone, sizeof details->phone);
    memcpy(details->email, submit->reporter_email, sizeof details->email);
    memcpy(details->account, submit->reporter_account, sizeof details->account);
    if (details->account[0] != '\0')
        snprintf(details->client, sizeof details->client, "%s", client);
}

/* The index of one detail that may not have been said; `normal` is its normal form, "" then. */
static void index_contact(const struct secret_keys *keys, size_t nth, const char *kind, const char *normal,
                          uint8_t index[SECRET_INDEX_BYTES]) {
    if (normal[0] != '\0')
        secret_index(keys, nth, kind, normal, index);
}

void reporter_index(const struct secret_keys *keys, size_t nth, const struct reporter_details *details,
                    struct reporter *reporter) {
    char phone[CONTACT_BYTES_MAX + 1], email[CONTACT_BYTES_MAX + 1];
    char account[sizeof details->client + sizeof details->account] = "";
    char all[sizeof details->name + sizeof phone + sizeof email + sizeof account + 3];
    *reporter = (struct reporter){{0}, {0}, {0}, {0}};
    if (!contact_normal("phone", details->phone, phone))
        phone[0] = '\0';
    if (!contact_normal("email", details->email, email))
        email[0] = '\0';
    if (details->account[0] != '\0')
        snprintf(account, sizeof account, "%s" BETWEEN "%s", details->client, details->account);
    index_contact(keys, nth, "phone", phone, reporter->phone);
    index_contact(keys, nth, "email", email, reporter->email);
    index_contact(keys, nth, "account", account, reporter->account);
    snprintf(all, sizeof all, "%s" BETWEEN "%s" BETWEEN "%s" BETWEEN "%s", details->name, phone, email, account);
    secret_index(keys, nth, "person", all, reporter->person);
    sodium_memzero(all, sizeof all);
}

int reporter_indexes_of(const struct secret_keys *keys, const char *kind, const char *text,
                        uint8_t indexes[SECRET_KEYS_MAX][SECRET_INDEX_BYTES], struct reason *why) {
    char normal[CONTACT_BYTES_MAX + 1];
    if (!contact_normal(kind, text, normal))
        return refuse(why, kind, "must be %s", contact_form(kind));
    for (size_t i = 0; i < secret_keys_count(keys); i++)
        secret_index(keys, i, kind, normal, indexes[i]);
    return 0;
}

/* ---- sealing ------------------------------------------------------------------------------------------------------------------ */

#define FIELDS 5
static char *field(struct reporter_details *details, int nth, size_t *room) {
    char *const fields[FIELDS] = {details->name, details->phone, details->email, details->account, details->client};
    static const size_t rooms[FIELDS] = {sizeof details->name, sizeof details->phone, sizeof details->email,
                                         sizeof details->account, sizeof details->client};
    *room = rooms[nth];
    return fields[nth];
}

static void row_of(uint64_t reporter, char row[24]) {
    snprintf(row, 24, "%" PRIu64, reporter);
}

/* The fields one after the other, each with its NUL. */
void reporter_seal(const struct secret_keys *keys, uint64_t reporter, const struct reporter_details *details,
                   struct bytes *out) {
    struct reporter_details copy = *details;
    struct bytes plain = {0};
    char row[24];
    row_of(reporter, row);
    for (int i = 0; i < FIELDS; i++) {
        size_t room;
        const char *text = field(&copy, i, &room);
        bytes_append(&plain, text, strlen(text) + 1);
    }
    secret_seal(keys, &(struct secret_about){"reporter.sealed", row}, &plain, out);
    sodium_memzero(plain.data, plain.size);
    sodium_memzero(&copy, sizeof copy);
    bytes_close(&plain);
}

static int split(struct reporter_details *details, const struct bytes *plain, struct reason *why) {
    size_t at = 0;
    if (plain->size == 0)
        return refuse(why, "reporter.sealed", "holds nothing");
    for (int i = 0; i < FIELDS; i++) {
        size_t room, size = strnlen((const char *)plain->data + at, plain->size - at);
        char *text = field(details, i, &room);
        if (size == plain->size - at || size >= room)
            return refuse(why, "reporter.sealed", "holds what no version has written");
        memcpy(text, plain->data + at, size + 1);
        at += size + 1;
    }
    return 0;
}

int reporter_open(const struct secret_keys *keys, uint64_t reporter, const struct bytes *sealed,
                  struct reporter_details *details, struct reason *why) {
    struct bytes plain = {0};
    char row[24];
    row_of(reporter, row);
    int status = secret_open(keys, &(struct secret_about){"reporter.sealed", row}, sealed, &plain, why);
    if (status == 0) {
        status = split(details, &plain, why);
        sodium_memzero(plain.data, plain.size);
    }
    bytes_close(&plain);
    return status;
}
