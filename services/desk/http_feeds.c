#include "services/desk/http_feeds.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/http_tag.h"
#include "common/ids.h"
#include "common/json_parts.h"
#include "common/loop.h"

#define FEEDS_OF_A_POST_MAX 20
#define FEED_NAME_BYTES_MAX 120

/* ---- POST, GET and DELETE /feeds ---------------------------------------------------------------------------------------- */

static void desk_url(const struct visit *visit, char url[FEED_URL_SIZE]) {
    const char *said = settings_text(visit->desk->loop->settings, "ZHITONG_DESK_URL");
    if (*said != '\0')
        snprintf(url, FEED_URL_SIZE, "%s", said);
    else
        snprintf(url, FEED_URL_SIZE, "http://%.255s", http_header(visit->request, "Host"));
}

struct made {
    char token[TOKEN_TEXT_SIZE];
};

static void added(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const struct made *made = visit->own;
    const PGresult *result = visit_result(visit, ask, 0);
    char url[FEED_URL_SIZE], atom[FEED_URL_SIZE + 80], calendar[FEED_URL_SIZE + 80];
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        visit_refuse(visit, 422, "name", "a post may have %d feeds: end one first", FEEDS_OF_A_POST_MAX);
        return;
    }
    desk_url(visit, url);
    snprintf(atom, sizeof atom, "%s/feeds/%s/cases.atom", url, made->token);
    snprintf(calendar, sizeof calendar, "%s/feeds/%s/deadlines.ics", url, made->token);
    struct audit_row row;
    visit_row(visit, "feed", &row);
    snprintf(row.outcome, sizeof row.outcome, "added %" PRId64, db_int8(result, 0, 0));
    visit_answer_written(visit, 201,
                         json_pack("{s:o, s:s, s:s, s:s, s:I}", "feed", id_json((uint64_t)db_int8(result, 0, 0)),
                                   "token", made->token, "atom", atom, "calendar", calendar, "added_at",
                                   (json_int_t)db_time(result, 0, 1)),
                         &row);
}

static void add(struct visit *visit) {
    char digest[DIGEST_TEXT_SIZE], post[16], most[16];
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    const char *name = json_string_value(json_object_get(json, "name"));
    if (json_object_size(json) != 1 || name == NULL || *name == '\0' || strlen(name) > FEED_NAME_BYTES_MAX) {
        visit_refuse(visit, 422, "name", "is needed, and nothing else: where the feed is used, 1 to %d bytes",
                     FEED_NAME_BYTES_MAX);
        json_decref(json);
        return;
    }
    struct made *made = calloc(1, sizeof *made);
    assert(made != NULL);
    visit->own = made;
    token_make(made->token, digest);
    snprintf(post, sizeof post, "%" PRId32, visit->person.post);
    snprintf(most, sizeof most, "%d", FEEDS_OF_A_POST_MAX);
    struct ask *ask = ask_make(added, visit);
    ask_step(ask, "desk_feed_add", (const char *[]){digest, post, name, most}, 4);
    json_decref(json);
    visit_put(visit, ASK_WRITE, ask);
}

void desk_post_feed(struct http_request *request, void *context) {
    visit_begin(context, request, add);
}

static void listed(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 0);
    if (result == NULL)
        return;
    json_t *feeds = json_array();
    for (int row = 0; row < PQntuples(result); row++)
        json_array_append_new(feeds,
                              json_pack("{s:o, s:s, s:I}", "feed", id_json((uint64_t)db_int8(result, row, 0)), "name",
                                        db_text(result, row, 1), "added_at", (json_int_t)db_time(result, row, 2)));
    visit_json(visit, 200, json_pack("{s:o}", "feeds", feeds));
}

static void list(struct visit *visit) {
    char post[16];
    snprintf(post, sizeof post, "%" PRId32, visit->person.post);
    struct ask *ask = ask_make(listed, visit);
    ask_step(ask, "desk_feeds", (const char *[]){post}, 1);
    visit_put(visit, ASK_QUICK, ask);
}

void desk_get_feeds(struct http_request *request, void *context) {
    visit_begin(context, request, list);
}

static void ended(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 0);
    struct audit_row row;
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        visit_refuse(visit, 404, "feed", "there is no such feed, or it is none of this post's");
        return;
    }
    visit_row(visit, "feed", &row);
    snprintf(row.outcome, sizeof row.outcome, "ended %" PRId64, db_int8(result, 0, 0));
    visit_answer_written(visit, 200, json_pack("{s:o}", "feed", id_json((uint64_t)db_int8(result, 0, 0))), &row);
}

static void end(struct visit *visit) {
    const char *number = http_path_part(visit->request, 0);
    char post[16];
    if (!is_id(number)) {
        visit_refuse(visit, 404, "feed", "must be a number of at most %d digits", ID_DIGITS_MAX);
        return;
    }
    snprintf(post, sizeof post, "%" PRId32, visit->person.post);
    struct ask *ask = ask_make(ended, visit);
    ask_step(ask, "desk_feed_end", (const char *[]){number, post}, 2);
    visit_put(visit, ASK_WRITE, ask);
}

void desk_delete_feed(struct http_request *request, void *context) {
    visit_begin(context, request, end);
}

/* ---- who asks with a token ------------------------------------------------------------------------------------------------ */

struct ask *feed_ask(struct visit *visit, ask_done *done) {
    char header[TOKEN_TEXT_SIZE + 8];
    struct ask *ask = ask_make(done, visit);
    /* What is no token gets the digest of none. */
    snprintf(header, sizeof header, "Bearer %.43s", http_path_part(visit->request, 0));
    if (strlen(http_path_part(visit->request, 0)) != TOKEN_TEXT_SIZE - 1 || !token_read(header, NULL, visit->digest))
        visit->digest[0] = '\0';
    ask_step(ask, "desk_feed_scope", (const char *[]){visit->digest}, 1);
    return ask;
}

/* The first of two languages that the reader names. */
static bool wants_chinese(const struct visit *visit) {
    const char *lang = http_query(visit->request, "lang");
    if (lang == NULL)
        lang = http_header(visit->request, "Accept-Language");
    return lang != NULL && strncasecmp(lang, "zh", 2) == 0;
}

bool feed_read(struct visit *visit, const struct ask *ask, struct feed_reader *reader) {
    const PGresult *result = visit_result(visit, ask, 0);
    if (result == NULL)
        return false;
    if (PQntuples(result) == 0) {
        visit_refuse(visit, 404, "token", "there is no such feed: it was ended, or the post that had it was");
        return false;
    }
    *reader = (struct feed_reader){.privacy = privacy_read(db_text(result, 0, 1)), .chinese = wants_chinese(visit)};
    snprintf(reader->unit, sizeof reader->unit, "%s", db_text(result, 0, 0));
    snprintf(reader->name, sizeof reader->name, "%s", db_text(result, 0, reader->chinese ? 3 : 2));
    desk_url(visit, reader->url);
    return true;
}

void feed_answer(struct visit *visit, const char *type, const struct bytes *body) {
    http_add_header(visit->request, "Cache-Control", "private, no-cache");
    http_answer_tagged(visit->request, type, (const char *)body->data, body->size);
    visit_end(visit);
}
