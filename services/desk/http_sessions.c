#include "services/desk/http_sessions.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_address.h"
#include "services/desk/visit.h"

#define WRONG "this login and this password do not belong together"

struct signing_in {
    char login[LOGIN_MAX + 1];
    char password[PASSWORD_MAX + 1];
    char address[HTTP_PEER_BYTES_MAX + 1];
    char token[TOKEN_TEXT_SIZE];
    int32_t post;   /* asked for, then chosen; 0: any */
    bool may;       /* enabled, and has that post */
    bool has_posts; /* enabled, and has posts, whichever were asked for */
    char posts[REASON_TEXT_MAX + 1];
    char name[241], role[25], unit[CODE_MAX + 1];
};

/* The person that a session is for, as every answer about it shows him. */
static json_t *person_json(const struct person *person) {
    static const char *const names[] = {"public", "internal", "restricted"};
    const struct role_spec *role = case_role(person->role);
    json_t *privacy = json_array();
    for (int i = 0; i < 3; i++)
        if (person->privacy & (1 << i))
            json_array_append_new(privacy, json_string(names[i]));
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o, s:I}", "login", person->login, "name", person->name, "post",
                     (int)person->post, "role", person->role, "role_zh", role != NULL ? role->zh : "", "unit",
                     person->unit, "privacy", privacy, "expires_at", (json_int_t)person->expires_at);
}

/* ---- POST /sessions ------------------------------------------------------------------------------------------------------ */

static void take_back(struct visit *visit) {
    const struct signing_in *in = visit->own;
    try_limit_take_back(visit->desk->logins, in->login);
    try_limit_take_back(visit->desk->addresses, in->address);
}

static void refuse_wrong(struct visit *visit) {
    const struct signing_in *in = visit->own;
    struct audit_row row;
    visit_row(visit, "login", &row);
    memcpy(row.login, in->login, sizeof row.login);
    snprintf(row.outcome, sizeof row.outcome, "refused, from %s", in->address);
    visit_answer_written(visit, 401, json_pack("{s:{s:s,s:s}}", "error", "field", "login", "reason", WRONG), &row);
}

/* Only who has shown the password learns which posts there are. It was no guess, so no failure is counted. */
static void refuse_post(struct visit *visit) {
    const struct signing_in *in = visit->own;
    struct audit_row row;
    struct reason why;
    take_back(visit);
    visit_row(visit, "login", &row);
    memcpy(row.login, in->login, sizeof row.login);
    snprintf(row.outcome, sizeof row.outcome, "refused post, from %s", in->address);
    (void)refuse(&why, "post", "is none of yours; yours are %s", in->posts);
    visit_answer_written(visit, 422, json_pack("{s:{s:s,s:s}}", "error", "field", "post", "reason", why.text), &row);
}

static void session_opened(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const struct signing_in *in = visit->own;
    const PGresult *result = visit_result(visit, ask, 0);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        refuse_wrong(visit);
        return;
    }
    char cookie[HTTP_HEADER_BYTES_MAX + 1];
    snprintf(cookie, sizeof cookie, SESSION_COOKIE "=%s; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=%s",
             in->token, visit->desk->life_seconds);
    http_add_header(visit->request, "Set-Cookie", cookie);
    try_limit_forget(visit->desk->logins, in->login);
    try_limit_take_back(visit->desk->addresses, in->address);
    struct audit_row row;
    visit_row(visit, "login", &row);
    memcpy(row.login, in->login, sizeof row.login);
    row.post = in->post;
    snprintf(row.outcome, sizeof row.outcome, "done, from %s", in->address);
    json_t *json = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:I}", "token", in->token, "login", in->login, "name",
                             in->name, "post", (int)in->post, "role", in->role, "unit", in->unit, "expires_at",
                             (json_int_t)db_time(result, 0, 0));
    visit_answer_written(visit, 201, json, &row);
}

static void verified(void *context, bool same) {
    struct visit *visit = context;
    struct signing_in *in = visit->own;
    char post[16], digest[DIGEST_TEXT_SIZE];
    if (same && !in->may && in->has_posts) {
        refuse_post(visit);
        return;
    }
    if (!same || !in->may) {
        refuse_wrong(visit);
        return;
    }
    token_make(in->token, digest);
    snprintf(post, sizeof post, "%" PRId32, in->post);
    struct ask *ask = ask_make(session_opened, visit);
    ask_step(ask, "desk_session_open", (const char *[]){digest, post, visit->desk->life_seconds}, 3);
    visit_put(visit, ASK_WRITE, ask);
}

/* The post that was asked for, else the first. */
static void choose_post(struct signing_in *in, const PGresult *result) {
    for (int row = 0; row < PQntuples(result); row++) {
        if (db_null(result, row, 4) || (in->post != 0 && in->post != db_int4(result, row, 4)))
            continue;
        in->post = db_int4(result, row, 4);
        in->may = db_bool(result, row, 3);
        snprintf(in->name, sizeof in->name, "%s", db_text(result, row, 1));
        snprintf(in->role, sizeof in->role, "%s", db_text(result, row, 5));
        snprintf(in->unit, sizeof in->unit, "%s", db_text(result, row, 6));
        return;
    }
}

/* "3 (caller of mill_1), 5 (…)", as far as a sentence holds them. */
static void list_posts(struct signing_in *in, const PGresult *result) {
    size_t used = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        if (db_null(result, row, 4) || !db_bool(result, row, 3) || used >= sizeof in->posts)
            continue;
        in->has_posts = true;
        used += (size_t)snprintf(in->posts + used, sizeof in->posts - used, "%s%" PRId32 " (%s of %s)",
                                 used > 0 ? ", " : "", db_int4(result, row, 4), db_text(result, row, 5),
                                 db_text(result, row, 6));
    }
}

static void login_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    struct signing_in *in = visit->own;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL) {
        take_back(visit);
        (void)visit_result(visit, ask, 0);
        return;
    }
    choose_post(in, result);
    list_posts(in, result);
    const char *hash = PQntuples(result) > 0 ? db_text(result, 0, 2) : "";
    bool taken = hasher_verify(visit->desk->hasher, in->password, hash, verified, visit);
    sodium_memzero(in->password, sizeof in->password);
    if (taken)
        return;
    take_back(visit);
    visit_refuse(visit, 503, "", "too many sign in just now; try again");
}

static int read_text(const json_t *json, const char *field, char *text, size_t room, struct reason *why) {
    const json_t *value = json_object_get(json, field);
    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) >= room ||
        strlen(json_string_value(value)) != json_string_length(value))
        return refuse(why, field, "must be a text of 1 to %zu bytes", room - 1);
    memcpy(text, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

static int read_signing_in(const json_t *json, struct signing_in *in, struct reason *why) {
    const json_t *post = json_object_get(json, "post");
    if (read_text(json, "login", in->login, sizeof in->login, why) != 0 ||
        read_text(json, "password", in->password, sizeof in->password, why) != 0)
        return -1;
    if (post != NULL &&
        (!json_is_integer(post) || json_integer_value(post) < 1 || json_integer_value(post) > INT32_MAX))
        return refuse(why, "post", "must be the number of a post");
    in->post = post != NULL ? (int32_t)json_integer_value(post) : 0;
    return 0;
}

/* True when both the login and the address may try; else answered. */
static bool may_try(struct visit *visit) {
    const struct signing_in *in = visit->own;
    int64_t now = clock_monotonic_ms();
    const char *field = "login";
    int64_t wait_ms = try_limit_try(visit->desk->logins, in->login, now);
    if (wait_ms == 0) {
        field = "address";
        wait_ms = try_limit_try(visit->desk->addresses, in->address, now);
        if (wait_ms == 0)
            return true;
        try_limit_take_back(visit->desk->logins, in->login);
    }
    http_add_retry_after(visit->request, wait_ms);
    visit_refuse(visit, 429, field, "too many tries from or for this %s; try again in %" PRId64 " seconds", field,
                 (wait_ms + 999) / 1000);
    return false;
}

/* A page of another site could send a form that signs its visitor in as somebody else: whatever the visitor does then is done in
 * that name. Every other write needs a header that a form cannot send. Only browsers say from where a request comes. */
static bool is_from_elsewhere(const struct visit *visit) {
    const char *site = http_header(visit->request, "Sec-Fetch-Site");
    return site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

static void sign_in(struct visit *visit) {
    struct reason why;
    if (is_from_elsewhere(visit)) {
        visit_refuse(visit, 403, "Sec-Fetch-Site", "another site's page cannot sign anybody in; sign in on desk's own");
        return;
    }
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    struct signing_in *in = calloc(1, sizeof *in);
    assert(in != NULL);
    visit->own = in;
    int status = read_signing_in(json, in, &why);
    json_decref(json);
    if (status != 0) {
        visit_refuse_why(visit, 422, &why);
        return;
    }
    http_address(visit->request, visit->desk->behind_proxy, in->address);
    if (!may_try(visit))
        return;
    struct ask *ask = ask_make(login_read, visit);
    ask_step(ask, "desk_login", (const char *[]){in->login}, 1);
    visit_put(visit, ASK_QUICK, ask);
}

void desk_post_session(struct http_request *request, void *context) {
    visit_begin_open(context, request, sign_in);
}

/* ---- of the session at hand -------------------------------------------------------------------------------------------------- */

static void show(struct visit *visit) {
    visit_json(visit, 200, person_json(&visit->person));
}

void desk_get_session(struct http_request *request, void *context) {
    visit_begin(context, request, show);
}

static void ended(void *context, const struct ask *ask) {
    struct visit *visit = context;
    struct audit_row row;
    if (visit_result(visit, ask, 0) == NULL)
        return;
    session_cache_drop(visit->desk->sessions, visit->digest);
    http_add_header(visit->request, "Set-Cookie",
                    SESSION_COOKIE "=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0");
    visit_row(visit, "logout", &row);
    snprintf(row.outcome, sizeof row.outcome, "done");
    visit_answer_written(visit, 200, json_pack("{s:b}", "ended", 1), &row);
}

static void sign_out(struct visit *visit) {
    struct ask *ask = ask_make(ended, visit);
    ask_step(ask, "desk_session_end", (const char *[]){visit->digest}, 1);
    visit_put(visit, ASK_WRITE, ask);
}

void desk_delete_session(struct http_request *request, void *context) {
    visit_begin(context, request, sign_out);
}
