#include "services/intake/http_unsubscribe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/city_notices.h"
#include "common/city_questions.h"
#include "common/end_token.h"
#include "common/http_json.h"
#include "services/intake/intake.h"

#define TOKEN_LETTERS 32 /* of an endpoint */

struct ending {
    struct http_request *request;
    struct intake *intake;
    enum notice_audience audience;
    char number[24]; /* of a reporter's case */
    bool posted;
};

/* ---- the page ------------------------------------------------------------------------------------------------------------------ */

static void add(struct bytes *page, const char *text) {
    bytes_append(page, text, strlen(text));
}

static void add_escaped(struct bytes *page, const char *text) {
    for (; *text != '\0'; text++) {
        const char *coded = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '"' ? "&quot;" : NULL;
        bytes_append(page, coded != NULL ? coded : text, coded != NULL ? strlen(coded) : 1);
    }
}

static void add_button(struct bytes *page, const struct notice_text *words, const char *query) {
    if (words == NULL)
        return;
    add(page, "<form method=\"post\" action=\"");
    add(page, query);
    add(page, "\"><p><button>");
    add_escaped(page, *words->sms != '\0' ? words->sms : words->subject);
    add(page, "</button></p></form>\n");
}

static void add_page(const struct ending *ending, const struct notice_text *words, bool asks, struct bytes *page) {
    add(page, "<!doctype html>\n<html lang=\"");
    add_escaped(page, words->language);
    add(page, "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
    add_escaped(page, words->subject);
    add(page,
        "</title></head>\n<body style=\"font:1.1em/1.5 sans-serif;max-width:32em;margin:2em auto;padding:0 1em\"><main>\n<h1>");
    add_escaped(page, words->subject);
    add(page, "</h1>\n<p>");
    add_escaped(page, words->text);
    add(page, "</p>\n");
    if (asks) {
        const struct city *city = intake_city(ending->intake);
        add_button(page, words, "?");
        add_button(page, city_notice(city, ending->audience, NOTICE_end_good, words->language), "?all=yes");
    }
    add(page, "</main></body></html>\n");
}

/* A city without words for the page still ends what it is asked to. */
static void show(const struct ending *ending, const char *language, bool ended) {
    const struct city *city = intake_city(ending->intake);
    enum notice_event event = ended ? NOTICE_end_done : NOTICE_end_ask;
    const struct notice_text *words = city != NULL ? city_notice(city, ending->audience, event, language) : NULL;
    struct bytes page = {0};
    http_add_header(ending->request, "Cache-Control", "no-store");
    http_add_header(ending->request, "Referrer-Policy", "no-referrer");
    http_add_header(ending->request, "Content-Security-Policy",
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'");
    if (words == NULL) {
        http_answer_json(ending->request, 200, json_pack("{s:b}", "ended", ended));
        return;
    }
    add_page(ending, words, !ended, &page);
    http_answer(ending->request, 200, "text/html; charset=utf-8", (const char *)page.data, page.size);
    bytes_close(&page);
}

/* ---- asking ---------------------------------------------------------------------------------------------------------------------- */

static void got(void *context, const struct ask *ask) {
    struct ending *ending = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL)
        http_refuse_field(ending->request, 503, "", "the database does not answer; try again");
    else if (PQntuples(result) == 0)
        http_refuse_field(ending->request, 404, "token", "nothing is sent with this link any more");
    else
        show(ending, db_text(result, 0, 0), db_bool(result, 0, 1));
    free(ending);
}

static bool is_of_endpoint(const char *token) {
    return strlen(token) == TOKEN_LETTERS && strspn(token, "0123456789abcdef") == TOKEN_LETTERS;
}

static void ask_for(struct ending *ending, const char *token) {
    const char *all = http_query(ending->request, "all") != NULL ? "true" : "false";
    bool reporter = ending->audience == AUDIENCE_reporter;
    struct http_request *request = ending->request;
    enum ask_lane lane = ending->posted ? ASK_WRITE : ASK_QUICK;
    struct ask *ask = ask_make(got, ending);
    if (reporter && ending->posted)
        ask_step(ask, "intake_end_reporter", (const char *[]){ending->number, all}, 2);
    else if (reporter)
        ask_step(ask, "intake_reporter_ended", (const char *[]){ending->number}, 1);
    else
        ask_step(ask, ending->posted ? "intake_unsubscribe" : "intake_unsubscribe_look", (const char *[]){token}, 1);
    if (asks_put(ending->intake->asks, lane, ask))
        return;
    free(ending);
    http_refuse_field(request, 503, "", "too busy now; try again");
}

static void begin(struct http_request *request, void *context, bool posted) {
    const char *token = http_path_rest(request);
    struct intake *intake = intake_of(context);
    uint64_t case_id;
    intake_refresh_keys(intake);
    bool reporter = intake->keys != NULL && end_token_read(intake->keys, token, &case_id);
    if (!reporter && !is_of_endpoint(token)) {
        http_refuse_field(request, 404, "token", "is none that was given");
        return;
    }
    struct ending *ending = calloc(1, sizeof *ending);
    assert(ending != NULL);
    *ending = (struct ending){request, intake, reporter ? AUDIENCE_reporter : AUDIENCE_unit, "", posted};
    if (reporter)
        snprintf(ending->number, sizeof ending->number, "%" PRIu64, case_id);
    ask_for(ending, token);
}

void intake_get_unsubscribe(struct http_request *request, void *context) {
    begin(request, context, false);
}

void intake_post_unsubscribe(struct http_request *request, void *context) {
    begin(request, context, true);
}
