#include "services/intake/http_likely.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/http_json.h"
#include "common/json_parts.h"
#include "services/intake/intake.h"
#include "services/intake/linking.h"

#define HOUR_MS 3600000LL
#define CELLS_TEXT_MAX (LIKENESS_CELLS * 24)
#define PUBLIC "public" /* privacy of channels whose cases anybody may hear of */

struct question { /* while the database is asked */
    struct http_request *request;
    struct intake *intake;
    struct older report;
    char area[CODE_MAX + 1];
};

struct known { /* an older case, and its state as routing has it */
    struct older older;
    char state[25];
};

/* ---- the answer ----------------------------------------------------------------------------------------------------------- */

static json_t *because_json(const struct likeness *likeness) {
    char words[LIKENESS_WORDS_MAX + 1];
    likeness_words(likeness, words);
    char *chinese = strstr(words, LIKENESS_BETWEEN);
    assert(chinese != NULL);
    *chinese = '\0';
    return json_pack("{s:s, s:s}", "en", words, "zh", chinese + strlen(LIKENESS_BETWEEN));
}

static json_t *found_json(const struct found *found) {
    const struct known *known = (const struct known *)(const void *)found->older; /* it begins with it */
    return json_pack("{s:o, s:i, s:o, s:s, s:I, s:s}", "case", id_json(found->older->case_id), "percent",
                     (int)found->likeness.percent, "because", because_json(&found->likeness), "state", known->state,
                     "at", (json_int_t)found->older->like.at, "item", found->older->item);
}

static void answer(struct http_request *request, const struct finds *finds) {
    json_t *likely = json_array();
    for (size_t i = 0; i < finds->count && i < LIKELY_MAX; i++)
        json_array_append_new(likely, found_json(&finds->best[i]));
    http_answer_json(request, 200, json_pack("{s:o}", "likely", likely));
}

/* Compared as if the question came through the channel of the other one. */
static void compare(struct question *question, struct known *known, struct finds *finds) {
    const struct city *city = intake_city(question->intake);
    const struct channel *channel = city_channel(city, known->older.channel);
    if (channel == NULL || strcmp(channel->privacy, PUBLIC) != 0)
        return;
    memcpy(question->report.channel, known->older.channel, sizeof known->older.channel);
    finds_add(finds, city, &question->report, &known->older);
}

static void read_all(struct question *question, const PGresult *result, struct known *known, struct finds *finds) {
    for (int row = 0; row < PQntuples(result); row++) {
        struct report_received report;
        struct reason why;
        size_t size;
        const uint8_t *body = db_bytea(result, row, 1, &size);
        if (message_decode(MESSAGE_report_received, body, size, &report, &why) != 0)
            continue;
        older_of(&report, &known[row].older);
        older_read_texts(&known[row].older);
        snprintf(known[row].state, sizeof known[row].state, "%s", db_text(result, row, 2));
        compare(question, &known[row], finds);
    }
}

static void got(void *context, const struct ask *ask) {
    struct question *question = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL || intake_city(question->intake) == NULL) {
        http_refuse_field(question->request, 503, "", "the database does not answer; try again");
    } else {
        struct finds finds = {0};
        struct known *known = calloc((size_t)PQntuples(result) + 1, sizeof *known);
        assert(known != NULL);
        read_all(question, result, known, &finds);
        answer(question->request, &finds);
        free(known);
    }
    free(question);
}

/* ---- the question ----------------------------------------------------------------------------------------------------------- */

static const char *value_of(const struct http_request *request, const char *name) {
    const char *value = http_query(request, name);
    return value != NULL ? value : "";
}

static int read_degrees(const struct http_request *request, const char *name, double limit, double *degrees,
                        struct reason *why) {
    const char *text = value_of(request, name);
    char *end;
    *degrees = NAN;
    if (*text == '\0')
        return 0;
    *degrees = strtod(text, &end);
    if (*end != '\0' || !(fabs(*degrees) <= limit))
        return refuse(why, name, "must be -%.0f to %.0f degrees", limit, limit);
    return 0;
}

static int read_code(const struct http_request *request, const char *name, char code[CODE_MAX + 1],
                     struct reason *why) {
    const char *text = value_of(request, name);
    if (strlen(text) > CODE_MAX)
        return refuse(why, name, "must be at most %d bytes", CODE_MAX);
    snprintf(code, CODE_MAX + 1, "%s", text);
    return 0;
}

/* 0, or the status with which it is refused. */
static int read_question(struct question *question, struct reason *why) {
    const struct http_request *request = question->request;
    const struct city *city = intake_city(question->intake);
    struct older *report = &question->report;
    if (city == NULL) {
        (void)refuse(why, "city", "none is loaded yet; try again");
        return 503;
    }
    if (read_code(request, "item", report->item, why) != 0 || read_code(request, "area", question->area, why) != 0 ||
        read_degrees(request, "lat", 90, &report->like.lat, why) != 0 ||
        read_degrees(request, "long", 180, &report->like.lon, why) != 0)
        return 400;
    if (city_item(city, report->item) == NULL) {
        (void)refuse(why, "item", "there is no item \"%s\"; see items.csv", report->item);
        return report->item[0] == '\0' ? 400 : 404;
    }
    report->like.item = report->item;
    report->like.at = clock_now();
    report->like.address = likeness_address(value_of(request, "address"));
    likeness_sketch(value_of(request, "text"), NULL, &report->like.text);
    return 0;
}

struct cells_text { /* arrays, as PostgreSQL reads them */
    char numbers[CELLS_TEXT_MAX], x[CELLS_TEXT_MAX], y[CELLS_TEXT_MAX];
};

static void add_number(char text[CELLS_TEXT_MAX], size_t i, int64_t number) {
    size_t size = i == 0 ? 0 : strlen(text) - 1; /* over the closing brace */
    snprintf(text + size, CELLS_TEXT_MAX - size, "%c%lld}", i == 0 ? '{' : ',', (long long)number);
}

static void put(struct question *question, const struct look *look) {
    struct cells_text cells = {"{}", "{}", "{}"};
    char since[32];
    for (size_t i = 0; i < look->cell_count; i++) {
        add_number(cells.numbers, i, look->cells[i].number);
        add_number(cells.x, i, look->cells[i].x);
        add_number(cells.y, i, look->cells[i].y);
    }
    snprintf(since, sizeof since, "%lld", (long long)(question->report.like.at - look->hours * HOUR_MS));
    struct ask *ask = ask_make(got, question);
    ask_step(ask, "intake_likely", (const char *[]){cells.numbers, cells.x, cells.y, since}, 4);
    if (asks_put(question->intake->asks, ASK_LIST, ask))
        return;
    http_refuse_field(question->request, 503, "", "too many requests are under way; try again");
    free(question);
}

void intake_get_likely(struct http_request *request, void *context) {
    struct question *question = calloc(1, sizeof *question);
    struct reason why;
    struct look look;
    assert(question != NULL);
    question->request = request;
    question->intake = intake_of(context);
    int status = read_question(question, &why);
    if (status == 0) {
        look_of(intake_city(question->intake), &question->report, question->area, &look);
        if (look.cell_count > 0) {
            put(question, &look);
            return;
        }
        status = 400;
        (void)refuse(&why, "lat", "say where it is: lat and long, or area and address");
    }
    http_refuse(request, status, &why);
    free(question);
}
