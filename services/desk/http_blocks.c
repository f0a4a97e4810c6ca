#include "services/desk/http_blocks.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/city_place.h"
#include "common/city_sources.h"
#include "common/contact.h"
#include "services/desk/case_json.h"
#include "services/desk/scope.h"
#include "services/desk/visit.h"

#define REASON_BYTES_MAX 200
#define ANSWER_BYTES_MAX 2000
#define DAYS_USUAL 30
#define DAYS_MAX 365
#define APPEALS_MAX "500"

/* Supervisors of a unit whose area is the whole city; else answered. */
static bool may_block(struct visit *visit) {
    const struct city *city = desk_city(visit->desk);
    const struct role_spec *role = case_role(visit->person.role);
    if (role != NULL && (role->hats & HAT_supervisor) && scope_covers(city, &visit->person, city_top(city)->code))
        return true;
    visit_refuse(visit, 403, "role", "a block holds in the whole city: only a supervisor of its top unit makes it");
    return false;
}

static const char *text_of(const json_t *json, const char *field, size_t most, struct reason *why) {
    const json_t *value = json_object_get(json, field);
    size_t bytes = json_string_length(value);
    if (json_is_string(value) && bytes > 0 && bytes <= most && strlen(json_string_value(value)) == bytes)
        return json_string_value(value);
    (void)refuse(why, field, "must be a text of 1 to %zu bytes", most);
    return NULL;
}

/* ---- POST /blocks ------------------------------------------------------------------------------------------------------- */

struct wish {
    const char *kind, *reason;
    char subject[CONTACT_BYTES_MAX + 1], days[16];
};

/* What stands for it in the table: of all but a source only the blind index. */
static int read_subject(const struct visit *visit, const char *text, struct wish *wish, struct reason *why) {
    char normal[CONTACT_BYTES_MAX + 1];
    uint8_t index[SECRET_INDEX_BYTES];
    if (strcmp(wish->kind, "source") == 0) {
        if (city_source(desk_city(visit->desk), text) == NULL)
            return refuse(why, "source", "the city has no source of that code");
        snprintf(wish->subject, sizeof wish->subject, "%s", text);
        return 0;
    }
    if (!contact_normal(wish->kind, text, normal))
        return refuse(why, wish->kind, "must be %s", contact_form(wish->kind));
    if (visit->desk->keys == NULL)
        return refuse(why, wish->kind, "only its blind index is kept: the operator must set ZHITONG_SECRET_KEYS");
    secret_index(visit->desk->keys, 0, wish->kind, normal, index);
    sodium_bin2hex(wish->subject, sizeof wish->subject, index, sizeof index);
    return 0;
}

static int read_wish(const struct visit *visit, const json_t *json, struct wish *wish, struct reason *why) {
    static const char *const kinds[] = {"source", "address", "phone", "email"};
    const json_t *days = json_object_get(json, "days");
    json_int_t lasts = days == NULL ? DAYS_USUAL : json_integer_value(days);
    size_t given = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_get(json, kinds[i]) != NULL) {
            wish->kind = kinds[i];
            given++;
        }
    if (given != 1 || json_object_size(json) != (days == NULL ? 2 : 3))
        return refuse(why, "body", "must have one of source, address, phone and email; reason; and days, if wanted");
    if (lasts < 1 || lasts > DAYS_MAX)
        return refuse(why, "days", "must be 1 to %d", DAYS_MAX);
    snprintf(wish->days, sizeof wish->days, "%d", (int)lasts);
    wish->reason = text_of(json, "reason", REASON_BYTES_MAX, why);
    if (wish->reason == NULL)
        return -1;
    const char *text = text_of(json, wish->kind, CONTACT_BYTES_MAX, why);
    return text == NULL ? -1 : read_subject(visit, text, wish, why);
}

static void blocked(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0)
        visit_refuse(visit, 403, "role", "only a post of the whole city's area blocks");
    else
        visit_json(visit, 201,
                   json_pack("{s:o, s:I}", "block", id_json((uint64_t)db_int8(result, 0, 0)), "ends_at",
                             (json_int_t)db_time(result, 0, 1)));
}

static void add(struct visit *visit) {
    struct wish wish = {.kind = NULL};
    struct reason why;
    if (!may_block(visit))
        return;
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    /* A bad file leaves the ring as it is. */
    (void)!secret_keys_refresh(&visit->desk->keys, &why);
    if (read_wish(visit, json, &wish, &why) != 0) {
        visit_refuse_why(visit, 422, &why);
    } else {
        struct ask *ask = visit_ask(visit, blocked);
        ask_step(ask, "desk_block", (const char *[]){wish.kind, wish.subject, wish.reason, wish.days}, 4);
        visit_put(visit, ASK_WRITE, ask);
    }
    json_decref(json);
}

void desk_post_block(struct http_request *request, void *context) {
    visit_begin(context, request, add);
}

/* ---- GET /blocks/appeals ------------------------------------------------------------------------------------------------ */

static void appeals_read(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    json_t *appeals = json_array();
    for (int row = 0; row < PQntuples(result); row++)
        json_array_append_new(appeals, json_pack("{s:o, s:o, s:s, s:s, s:I, s:I, s:s}", "appeal",
                                                 id_json((uint64_t)db_int8(result, row, 0)), "block",
                                                 id_json((uint64_t)db_int8(result, row, 1)), "kind",
                                                 db_text(result, row, 2), "reason", db_text(result, row, 3), "ends_at",
                                                 (json_int_t)db_time(result, row, 4), "at",
                                                 (json_int_t)db_time(result, row, 5), "text", db_text(result, row, 6)));
    visit_json(visit, 200, json_pack("{s:o}", "appeals", appeals));
}

static void list(struct visit *visit) {
    if (!may_block(visit))
        return;
    struct ask *ask = visit_ask(visit, appeals_read);
    ask_step(ask, "desk_block_appeals", (const char *[]){APPEALS_MAX}, 1);
    visit_put(visit, ASK_LIST, ask);
}

void desk_get_appeals(struct http_request *request, void *context) {
    visit_begin(context, request, list);
}

/* ---- POST /blocks/BLOCK/keep and /remove -------------------------------------------------------------------------------- */

static void answered(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0)
        visit_refuse(visit, 404, "block", "it does not hold, or nobody waits for an answer");
    else
        visit_json(visit, 200, json_pack("{s:I}", "appeals", (json_int_t)db_int8(result, 0, 0)));
}

static void answer(struct visit *visit, const char *lift) {
    const char *number = http_path_part(visit->request, 0);
    size_t digits = strspn(number, "0123456789");
    struct reason why;
    if (!may_block(visit))
        return;
    if (digits == 0 || number[digits] != '\0' || digits > 18) {
        visit_refuse(visit, 404, "block", "must be a number of at most 18 digits");
        return;
    }
    json_t *json = visit_body(visit);
    if (json == NULL)
        return;
    const char *text = text_of(json, "text", ANSWER_BYTES_MAX, &why);
    if (text == NULL) {
        visit_refuse_why(visit, 422, &why);
    } else {
        struct ask *ask = visit_ask(visit, answered);
        ask_step(ask, "desk_block_answer", (const char *[]){number, text, lift}, 3);
        visit_put(visit, ASK_WRITE, ask);
    }
    json_decref(json);
}

static void keep(struct visit *visit) {
    answer(visit, "false");
}

static void lift(struct visit *visit) {
    answer(visit, "true");
}

void desk_keep_block(struct http_request *request, void *context) {
    visit_begin(context, request, keep);
}

void desk_remove_block(struct http_request *request, void *context) {
    visit_begin(context, request, lift);
}
