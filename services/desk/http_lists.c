#include "services/desk/http_cases.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/desk/case_json.h"
#include "services/desk/list_page.h"
#include "services/desk/visit.h"

#define FIRST 2 /* columns before those of the case */
enum { COLUMN_CASE = FIRST, COLUMN_OPENED = FIRST + 10, COLUMN_DUE = FIRST + 11 };

struct listing {
    enum cursor_kind kind;
    struct list_page page;
};

static const char *parameter(void *request, const char *name) {
    return http_query(request, name);
}

/* Where the next page begins: after the last case of this one, or where the looking ended; false when there is no more. */
static bool next_page(const struct listing *listing, const PGresult *result, int rows, struct cursor *cursor) {
    int limit = listing->page.limit;
    int found = listing->kind == CURSOR_OPENED ? db_int4(result, 0, 0) : rows;
    if (found > limit && rows >= limit) {
        int column = listing->kind == CURSOR_OPENED ? COLUMN_OPENED : COLUMN_DUE;
        *cursor = (struct cursor){db_time(result, limit - 1, column),
                                  (uint64_t)db_int8(result, limit - 1, COLUMN_CASE)};
        return true;
    }
    if (rows == 0 && listing->kind != CURSOR_OPENED)
        return false;
    *cursor = (struct cursor){.at = db_time(result, 0, 1)};
    return cursor->at > 0;
}

static void listed(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const struct listing *listing = visit->own;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    int rows = PQntuples(result);
    if (listing->kind == CURSOR_OPENED && rows == 0) {
        visit_refuse(visit, 403, "unit", "this post's unit is no longer one of the city's; ask for another post");
        return;
    }
    struct cursor cursor;
    char after[CURSOR_SIZE];
    bool none = rows == 1 && db_null(result, 0, COLUMN_CASE);
    json_t *cases = json_array();
    for (int row = 0; !none && row < rows && row < listing->page.limit; row++)
        json_array_append_new(cases, case_json(result, row, FIRST));
    json_t *json = json_pack("{s:o}", "cases", cases);
    if (next_page(listing, result, none ? 0 : rows, &cursor)) {
        cursor_write(listing->kind, &cursor, after);
        json_object_set_new(json, "after", json_string(after));
    }
    visit_json(visit, 200, json);
}

static struct listing *listing_open(struct visit *visit, enum cursor_kind kind) {
    struct listing *listing = calloc(1, sizeof *listing);
    assert(listing != NULL);
    listing->kind = kind;
    visit->own = listing;
    return listing;
}

static void list(struct visit *visit) {
    struct listing *listing = listing_open(visit, CURSOR_OPENED);
    struct list_page *page = &listing->page;
    struct reason why;
    if (list_page_read(page, parameter, visit->request, &why) != 0) {
        visit_refuse_why(visit, 400, &why);
        return;
    }
    const char *area = page->values[0];
    if (area != NULL && !scope_covers(desk_city(visit->desk), &visit->person, area)) {
        visit_refuse(visit, 403, "area", "%s does not lie in the area of %s", area, visit->person.unit);
        return;
    }
    struct ask *ask = visit_ask(visit, listed);
    ask_step(ask, "desk_cases", page->values, LIST_VALUES);
    visit_put(visit, ASK_LIST, ask);
}

void desk_get_cases(struct http_request *request, void *context) {
    visit_begin(context, request, list);
}

static void queue(struct visit *visit) {
    struct listing *listing = listing_open(visit, CURSOR_DUE);
    const char *after = http_query(visit->request, "after");
    struct cursor cursor = {0};
    struct reason why;
    char at[24], number[24], limit[16];
    if (list_limit_read(http_query(visit->request, "limit"), &listing->page.limit, &why) != 0 ||
        (after != NULL && cursor_read(CURSOR_DUE, after, &cursor, &why) != 0)) {
        visit_refuse_why(visit, 400, &why);
        return;
    }
    snprintf(at, sizeof at, "%" PRId64, cursor.at);
    snprintf(number, sizeof number, "%" PRIu64, cursor.number);
    snprintf(limit, sizeof limit, "%d", listing->page.limit + 1);
    struct ask *ask = visit_ask(visit, listed);
    ask_step(ask, "desk_queue", (const char *[]){after != NULL ? at : NULL, after != NULL ? number : NULL, limit}, 3);
    visit_put(visit, ASK_LIST, ask);
}

void desk_get_work(struct http_request *request, void *context) {
    visit_begin(context, request, queue);
}
