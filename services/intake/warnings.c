#include "services/intake/warnings.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/atom.h"
#include "common/clock.h"
#include "common/http_tag.h"
#include "common/loop.h"
#include "services/intake/warning_cap.h"

#define URL_SIZE 320
#define TAGS_SINCE "2026-11-25"        /* when the names of these feeds were made (RFC 4151) */
#define SHARED_FOR "public, max-age=5" /* as long as WARNINGS_KEPT_MS */

enum {
    AT_CASE,
    AT_NUMBER,
    AT_KIND,
    AT_SENT,
    AT_EXPIRES,
    AT_SEVERITY,
    AT_AREA,
    AT_BEFORE,
    AT_CATEGORY,
    AT_URGENCY,
    AT_CERTAINTY,
    AT_EVENT,
    AT_INSTRUCTION = AT_EVENT + 2,
    AT_AREA_NAME = AT_INSTRUCTION + 2,
    AT_METRES = AT_AREA_NAME + 2,
    AT_RINGS
}; /* columns of warnings_read */

struct asking { /* a request that waits for the rows */
    struct asking *next;
    struct http_request *request;
    void (*answer)(struct warnings *warnings, struct http_request *request);
};

struct warnings {
    struct intake *intake;
    PGresult *rows;  /* NULL: none have been read */
    int64_t read_at; /* monotonic ms */
    bool reading;
    struct asking *first;
};

/* ---- one warning ---------------------------------------------------------------------------------------------------------- */

static void read_warning(const struct warnings *warnings, int row, struct warning *warning) {
    const PGresult *rows = warnings->rows;
    const struct area *area = city_area(intake_city(warnings->intake), db_text(rows, row, AT_AREA));
    *warning = (struct warning){.case_id = (uint64_t)db_int8(rows, row, AT_CASE),
                                .number = db_int4(rows, row, AT_NUMBER),
                                .kind = db_text(rows, row, AT_KIND),
                                .severity = db_text(rows, row, AT_SEVERITY),
                                .sent_at = db_time(rows, row, AT_SENT),
                                .expires_at = db_time(rows, row, AT_EXPIRES),
                                .before = db_text(rows, row, AT_BEFORE),
                                .category = db_text(rows, row, AT_CATEGORY),
                                .urgency = db_text(rows, row, AT_URGENCY),
                                .certainty = db_text(rows, row, AT_CERTAINTY),
                                .area = db_text(rows, row, AT_AREA),
                                .lat = area != NULL ? area->lat : NAN,
                                .lon = area != NULL ? area->lon : NAN,
                                .metres = (unsigned)strtoul(db_text(rows, row, AT_METRES), NULL, 10),
                                .rings = db_text(rows, row, AT_RINGS)};
    for (int language = 0; language < 2; language++) {
        warning->event[language] = db_text(rows, row, AT_EVENT + language);
        warning->instruction[language] = db_text(rows, row, AT_INSTRUCTION + language);
        warning->area_name[language] = db_text(rows, row, AT_AREA_NAME + language);
    }
}

static void public_url(const struct warnings *warnings, const struct http_request *request, char url[URL_SIZE]) {
    const char *said = settings_text(warnings->intake->loop->settings, "ZHITONG_WARNINGS_URL");
    if (*said != '\0')
        snprintf(url, URL_SIZE, "%s", said);
    else
        snprintf(url, URL_SIZE, "http://%.255s", http_header(request, "Host"));
}

static void warning_url(const char *url, const struct warning *warning, char text[URL_SIZE + 60]) {
    snprintf(text, URL_SIZE + 60, "%s/warnings/%" PRIu64 "-%d.xml", url, warning->case_id, warning->number);
}

/* "CASE-NUMBER.xml" as the feed writes it. */
static int row_of(const struct warnings *warnings, const char *name) {
    for (int row = 0; row < PQntuples(warnings->rows); row++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "%" PRId64 "-%d.xml", db_int8(warnings->rows, row, AT_CASE),
                 db_int4(warnings->rows, row, AT_NUMBER));
        if (strcmp(wanted, name) == 0)
            return row;
    }
    return -1;
}

static void answer_warning(struct warnings *warnings, struct http_request *request) {
    const struct city *city = intake_city(warnings->intake);
    const char *sender = settings_text(warnings->intake->loop->settings, "ZHITONG_CAP_SENDER");
    struct emit emit = {.format = EMIT_XML};
    struct warning warning;
    char url[URL_SIZE], web[URL_SIZE + 60], made[CODE_MAX + 20];
    int row = row_of(warnings, http_path_part(request, 0));
    if (row < 0) {
        http_refuse_field(request, 404, "warning",
                          "there is none of this name, or it holds no more; see /warnings.atom");
        return;
    }
    read_warning(warnings, row, &warning);
    public_url(warnings, request, url);
    warning_url(url, &warning, web);
    snprintf(made, sizeof made, "%s.zhitong.invalid", city_code(city));
    warning_write(&emit, &warning,
                  &(struct warning_origin){.city = city_code(city),
                                           .sender = *sender != '\0' ? sender : made,
                                           .sender_name = city_name(city),
                                           .zone = city_zone(city),
                                           .web = web});
    http_add_header(request, "Cache-Control", SHARED_FOR);
    http_answer_tagged(request, WARNING_TYPE, (const char *)emit.out.data, emit.out.size);
    bytes_close(&emit.out);
}

/* ---- the feed ------------------------------------------------------------------------------------------------------------- */

static void add_entry(struct emit *emit, const struct warnings *warnings, const char *url, int row) {
    char id[WARNING_ID_SIZE + 80], name[WARNING_ID_SIZE], title[1300], link[URL_SIZE + 60];
    const char *city = city_code(intake_city(warnings->intake));
    struct warning warning;
    read_warning(warnings, row, &warning);
    warning_id(city, warning.case_id, warning.number, name);
    snprintf(id, sizeof id, "tag:%s.zhitong.invalid," TAGS_SINCE ":warning/%s", city, name);
    warning_headline(&warning, 0, title, 600);
    if (warning.event[1][0] != '\0') {
        strcat(title, " / ");
        warning_headline(&warning, 1, title + strlen(title), 600);
    }
    warning_url(url, &warning, link);
    atom_add(emit, &(struct atom_entry){.id = id,
                                        .title = title,
                                        .link = link,
                                        .link_type = "application/cap+xml",
                                        .summary = warning.instruction[0],
                                        .category = warning.kind,
                                        .updated_at = warning.sent_at});
}

static void answer_feed(struct warnings *warnings, struct http_request *request) {
    const struct city *city = intake_city(warnings->intake);
    struct emit emit = {.format = EMIT_XML};
    char id[CODE_MAX + 80], url[URL_SIZE], self[URL_SIZE + 20];
    int count = PQntuples(warnings->rows);
    public_url(warnings, request, url);
    snprintf(id, sizeof id, "tag:%s.zhitong.invalid," TAGS_SINCE ":warnings", city_code(city));
    snprintf(self, sizeof self, "%s/warnings.atom", url);
    atom_begin(&emit, &(struct atom_feed){.id = id,
                                          .title = city_name(city),
                                          .author = city_name(city),
                                          .self = self,
                                          .updated_at = count > 0 ? db_time(warnings->rows, 0, AT_SENT) : 0});
    for (int row = 0; row < count; row++)
        add_entry(&emit, warnings, url, row);
    atom_end(&emit);
    http_add_header(request, "Cache-Control", SHARED_FOR);
    http_answer_tagged(request, ATOM_TYPE, (const char *)emit.out.data, emit.out.size);
    bytes_close(&emit.out);
}

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

static void answer_all(struct warnings *warnings, bool read) {
    while (warnings->first != NULL) {
        struct asking *asking = warnings->first;
        warnings->first = asking->next;
        if (read && intake_city(warnings->intake) != NULL)
            asking->answer(warnings, asking->request);
        else
            http_refuse_field(asking->request, 503, "", "the database does not answer; try again");
        free(asking);
    }
}

static void took_rows(void *context, const struct ask *ask) {
    struct warnings *warnings = context;
    const PGresult *rows = ask_result(ask, 1);
    warnings->reading = false;
    if (rows != NULL) {
        PQclear(warnings->rows);
        warnings->rows = PQcopyResult(rows, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
        assert(warnings->rows != NULL);
        warnings->read_at = clock_monotonic_ms();
    }
    answer_all(warnings, rows != NULL);
}

static void with_rows(struct http_request *request, void *context,
                      void (*answer)(struct warnings *warnings, struct http_request *request)) {
    struct warnings *warnings = intake_of(context)->warnings;
    if (intake_city(warnings->intake) == NULL) {
        http_refuse_field(request, 503, "city", "no city is loaded; try again");
        return;
    }
    if (warnings->rows != NULL && clock_monotonic_ms() - warnings->read_at < WARNINGS_KEPT_MS) {
        answer(warnings, request);
        return;
    }
    struct asking *asking = calloc(1, sizeof *asking);
    assert(asking != NULL);
    *asking = (struct asking){.next = warnings->first, .request = request, .answer = answer};
    warnings->first = asking;
    if (warnings->reading)
        return;
    struct ask *ask = ask_make(took_rows, warnings);
    ask_step(ask, "warnings_give", NULL, 0);
    ask_step(ask, "warnings_read", (const char *[]){WARNINGS_MAX}, 1);
    warnings->reading = asks_put(warnings->intake->asks, ASK_WRITE, ask);
    if (!warnings->reading)
        answer_all(warnings, false);
}

void intake_get_warnings(struct http_request *request, void *context) {
    with_rows(request, context, answer_feed);
}

void intake_get_warning(struct http_request *request, void *context) {
    with_rows(request, context, answer_warning);
}

struct warnings *warnings_open(struct intake *intake) {
    struct warnings *warnings = calloc(1, sizeof *warnings);
    assert(warnings != NULL);
    warnings->intake = intake;
    return warnings;
}

/* Requests that still wait are answered with the server's end. */
void warnings_close(struct warnings **warnings) {
    if (*warnings == NULL)
        return;
    while ((*warnings)->first != NULL) {
        struct asking *next = (*warnings)->first->next;
        free((*warnings)->first);
        (*warnings)->first = next;
    }
    PQclear((*warnings)->rows);
    free(*warnings);
    *warnings = NULL;
}
