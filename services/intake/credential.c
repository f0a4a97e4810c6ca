#include "services/intake/credential.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/secret_keys.h"

#define DIGEST_BYTES 32
#define DAY_SECONDS 86400
#define BEARER "Bearer "

struct credential {
    char name[33], source[CODE_MAX + 1];
    bool is_key;
    uint8_t digest[DIGEST_BYTES]; /* of a key */
    struct webhook_secret secret; /* else */
    int64_t expires_at;           /* unix seconds; 0: never */
    int64_t used_day;             /* days since 1970 that we have written down */
};

struct credentials {
    struct credential *rows;
    size_t count;
    bool known, asked;
    const struct mesh_view *seen; /* for comparing only */
    int64_t read_at;              /* monotonic ms */
};

/* ---- reading them ------------------------------------------------------------------------------------------------------- */

/* False, with a line in the journal, when the secret cannot be opened. keys: NULL where no keyring is set. */
static bool read_secret(const struct secret_keys *keys, struct credential *row, const PGresult *result, int number) {
    const struct secret_about about = {"credential.sealed", row->name};
    struct bytes sealed = {0}, plain = {0};
    struct reason why = {.text = "no keyring is set"};
    size_t size;
    const uint8_t *data = db_bytea(result, number, 4, &size);
    bytes_append(&sealed, data, size);
    bool good = keys != NULL && secret_open(keys, &about, &sealed, &plain, &why) == 0 &&
                plain.size <= WEBHOOK_SECRET_MAX;
    if (good) {
        memcpy(row->secret.bytes, plain.data, plain.size);
        row->secret.size = plain.size;
        sodium_memzero(plain.data, plain.size);
    } else {
        journal_say(JOURNAL_WARNING, "credential_unread", "%s of %s: %s", row->name, row->source, why.text);
    }
    bytes_close(&sealed);
    bytes_close(&plain);
    return good;
}

static bool read_row(const struct secret_keys *keys, struct credential *row, const PGresult *result, int number) {
    const char *kind = db_text(result, number, 2);
    snprintf(row->name, sizeof row->name, "%s", db_text(result, number, 0));
    snprintf(row->source, sizeof row->source, "%s", db_text(result, number, 1));
    row->is_key = strcmp(kind, "key") == 0;
    row->secret.form = strcmp(kind, "hmac-body") == 0 ? WEBHOOK_BODY : WEBHOOK_STANDARD;
    row->expires_at = db_null(result, number, 5) ? 0 : db_int8(result, number, 5);
    row->used_day = db_null(result, number, 6) ? 0 : db_int8(result, number, 6);
    if (!row->is_key)
        return read_secret(keys, row, result, number);
    size_t size;
    const uint8_t *digest = db_bytea(result, number, 3, &size);
    if (size != DIGEST_BYTES)
        return false;
    memcpy(row->digest, digest, size);
    return true;
}

static void forget(struct credentials *own) {
    if (own->rows != NULL)
        sodium_memzero(own->rows, own->count * sizeof *own->rows);
    free(own->rows);
    own->rows = NULL;
    own->count = 0;
}

static void rows_read(void *context, const struct ask *ask) {
    struct intake *intake = context;
    struct credentials *own = intake->credentials;
    const PGresult *result = ask_result(ask, 0);
    own->asked = false;
    if (result == NULL)
        return; /* the old ones hold; asked again soon */
    intake_refresh_keys(intake);
    forget(own);
    own->rows = calloc((size_t)PQntuples(result) + 1, sizeof *own->rows);
    assert(own->rows != NULL);
    for (int row = 0; row < PQntuples(result); row++)
        own->count += read_row(intake->keys, &own->rows[own->count], result, row);
    own->known = true;
}

void credentials_turn(struct intake *intake) {
    struct credentials *own = intake->credentials;
    int64_t now = clock_monotonic_ms();
    const struct mesh_view *view = intake->loop->view;
    bool announced = view != own->seen;
    if (own->asked || intake->loop->stopping || view == NULL || (!announced && now - own->read_at < CREDENTIALS_MS))
        return;
    struct ask *ask = ask_make(rows_read, intake);
    ask_step(ask, "intake_credentials", NULL, 0);
    own->asked = asks_put(intake->asks, ASK_QUICK, ask);
    own->seen = view;
    own->read_at = now;
}

struct credentials *credentials_open(void) {
    struct credentials *own = calloc(1, sizeof *own);
    assert(own != NULL);
    return own;
}

void credentials_close(struct credentials **credentials) {
    if (*credentials == NULL)
        return;
    forget(*credentials);
    free(*credentials);
    *credentials = NULL;
}

bool credentials_known(const struct intake *intake) {
    return intake->credentials->known;
}

/* ---- using them ------------------------------------------------------------------------------------------------------------ */

static bool is_good(const struct credential *row, int64_t now) {
    return row->expires_at == 0 || now < row->expires_at;
}

static void written(void *context, const struct ask *ask) {
    (void)context;
    (void)ask;
}

/* Once a day and credential; whether it is written is not waited for. */
static void note_use(struct intake *intake, struct credential *row, int64_t now) {
    if (row->used_day >= now / DAY_SECONDS)
        return;
    row->used_day = now / DAY_SECONDS;
    struct ask *ask = ask_make(written, NULL);
    ask_step(ask, "intake_credential_used", (const char *[]){row->name}, 1);
    if (!asks_put(intake->asks, ASK_WRITE, ask))
        row->used_day = 0; /* too busy: next time */
}

const char *api_key_of(const struct http_request *request) {
    const char *header = http_header(request, "Authorization");
    if (header != NULL && strncasecmp(header, BEARER, strlen(BEARER)) == 0)
        return header + strlen(BEARER);
    return http_header(request, "X-API-Key");
}

/* Every row is compared in full, so that the time tells nothing about them. */
const char *source_of_key(struct intake *intake, const char *api_key) {
    struct credentials *own = intake->credentials;
    struct credential *found = NULL;
    uint8_t digest[DIGEST_BYTES];
    int64_t now = clock_real() / 1000;
    size_t length = api_key != NULL ? strlen(api_key) : 0;
    if (length == 0 || length > API_KEY_TEXT_MAX)
        return NULL;
    crypto_generichash(digest, sizeof digest, (const uint8_t *)api_key, length, NULL, 0);
    for (size_t i = 0; i < own->count; i++)
        if (own->rows[i].is_key && sodium_memcmp(own->rows[i].digest, digest, sizeof digest) == 0)
            found = &own->rows[i];
    if (found == NULL || !is_good(found, now))
        return NULL;
    note_use(intake, found, now);
    return found->source;
}

int source_of_caller(struct intake *intake, const struct http_request *request, const struct source **source,
                     struct reason *why) {
    const char *key = api_key_of(request), *code = source_of_key(intake, key);
    const struct city *city = intake_city(intake);
    *source = code != NULL && city != NULL ? city_source(city, code) : NULL;
    if (key == NULL || *source != NULL)
        return 0;
    return refuse(why, "Authorization", "this key is no source's, or it is revoked or expired");
}

int source_check_signed(struct intake *intake, const char *source, const struct webhook_signed *request,
                        struct reason *why) {
    struct credentials *own = intake->credentials;
    int64_t now = clock_real() / 1000;
    if (webhook_headers_check(request, now, why) != 0)
        return -1;
    for (size_t i = 0; i < own->count; i++) {
        struct credential *row = &own->rows[i];
        if (row->is_key || strcmp(row->source, source) != 0 || !is_good(row, now) ||
            !webhook_signed_with(request, &row->secret))
            continue;
        note_use(intake, row, now);
        return 0;
    }
    return refuse(why, request->signature != NULL ? "webhook-signature" : "X-Signature",
                  "no secret of the source made it, or that is revoked or expired");
}
