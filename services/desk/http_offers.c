#include "services/desk/http_offers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "services/desk/case_json.h"
#include "services/desk/visit.h"

/* One list: a query of desk.sql whose columns are named as the fields, texts first. */
struct offer {
    const char *list, *query;
    int texts; /* columns; one that is NULL or empty is left out, `parties` is a list of codes */
    int flags; /* columns after them */
};

static json_t *row_json(const PGresult *result, int row, const struct offer *offer) {
    json_t *json = json_object();
    for (int column = 0; column < offer->texts + offer->flags; column++) {
        const char *name = PQfname(result, column);
        if (column >= offer->texts)
            json_object_set_new(json, name, json_boolean(db_bool(result, row, column)));
        else if (strcmp(name, "parties") == 0)
            json_object_set_new(json, name, codes_json(db_text(result, row, column)));
        else if (strcmp(name, "tier") == 0)
            json_object_set_new(json, name, json_integer(db_text(result, row, column)[0] - '0'));
        else if (!db_null(result, row, column) && db_text(result, row, column)[0] != '\0')
            json_object_set_new(json, name, json_string(db_text(result, row, column)));
    }
    return json;
}

static void offered(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const struct offer *offer = visit->own;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    json_t *array = json_array();
    for (int row = 0; row < PQntuples(result); row++)
        json_array_append_new(array, row_json(result, row, offer));
    visit_json(visit, 200, json_pack("{s:o}", offer->list, array));
}

static void put(struct visit *visit, struct offer of) {
    struct offer *offer = malloc(sizeof *offer);
    assert(offer != NULL);
    *offer = of;
    visit->own = offer;
    struct ask *ask = visit_ask(visit, offered);
    ask_step(ask, offer->query, NULL, 0);
    visit_put(visit, ASK_QUICK, ask);
}

#define OFFER(name, texts, flags) \
    static void show_##name(struct visit *visit) { \
        put(visit, (struct offer){#name, "desk_" #name, texts, flags}); \
    } \
    void desk_get_##name(struct http_request *request, void *context) { \
        visit_begin(context, request, show_##name); \
    }

OFFER(items, 7, 0)
OFFER(channels, 5, 2)
OFFER(units, 7, 0)
OFFER(reasons, 4, 0)
OFFER(templates, 4, 0)
