#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file_store.h"
#include "common/http_json.h"
#include "common/json_parts.h"
#include "common/message_json.h"
#include "services/intake/receipt_page.h"
#include "services/intake/receipt_visit.h"
#include "services/intake/report.h"
#include "services/intake/supplement.h"

#define IDEMPOTENCY_KEY_MAX 200

/* ---- what the request says ---------------------------------------------------------------------------------------------- */

static const struct receipt_action *action_named(const char *name) {
    size_t count;
    const struct receipt_action *actions = receipt_actions(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* The caller's key, of this case and action: the same for another action is another key. */
static int read_key(struct receipt_visit *visit, struct reason *why) {
    const char *given = http_header(visit->request, "Idempotency-Key");
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash_state state;
    char id[24];
    if (given == NULL || given[0] == '\0' || strlen(given) > IDEMPOTENCY_KEY_MAX)
        return refuse(why, "Idempotency-Key",
                      "is needed, of 1 to %d bytes: the same for every retry, another for what is new",
                      IDEMPOTENCY_KEY_MAX);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    const char *parts[] = {"receipt", id, visit->action->name, given};
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        crypto_generichash_update(&state, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2base64(visit->key, sizeof visit->key, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return 0;
}

static int check_fields(const struct receipt_action *action, json_t *json, struct reason *why) {
    const char *name;
    json_t *value;
    json_object_foreach(json, name, value) {
        const char *const *field = action->fields;
        while (*field != NULL && strcmp(*field, name) != 0)
            field++;
        if (*field == NULL)
            return refuse(why, name, "is no field of %s", action->name);
    }
    return 0;
}

static bool is_texts(const json_t *value) {
    size_t i;
    json_t *one;
    if (json_is_string(value))
        return true;
    if (!json_is_array(value))
        return false;
    json_array_foreach(value, i, one) {
        if (!json_is_string(one))
            return false;
    }
    return true;
}

/* A message carries them as the text of a JSON object. */
static int read_attributes(json_t *json, struct reason *why) {
    json_t *attributes = json_object_get(json, "attributes"), *value;
    const char *code;
    if (attributes == NULL)
        return 0;
    if (!json_is_object(attributes) || json_object_size(attributes) == 0)
        return refuse(why, "attributes", "must be an object from a question's code to a text or an array of texts");
    json_object_foreach(attributes, code, value) {
        if (!is_texts(value))
            return refuse(why, "attributes", "%.48s must be a text or an array of texts", code);
    }
    report_pack_attributes(json);
    return 0;
}

static int check_supplement(struct command *command, struct reason *why) {
    if (command->note[0] == '\0' && command->attributes[0] != '\0')
        strcpy(command->note, SUPPLEMENT_NOTE);
    if (command->note[0] == '\0' && command->file[0] == '\0')
        return refuse(why, "note", "say what there is to add: a note, attributes or a file");
    return 0;
}

static int read_command(struct receipt_visit *visit, json_t *json, struct reason *why) {
    char actor[RECEIPT_ACTOR_SIZE];
    receipt_actor(visit->case_id, actor);
    if (check_fields(visit->action, json, why) != 0 || read_attributes(json, why) != 0)
        return -1;
    json_object_set_new(json, "key", json_string(visit->key));
    json_object_set_new(json, "case", json_integer((json_int_t)visit->case_id));
    json_object_set_new(json, "move", json_string("note")); /* until the case's state is known */
    json_object_set_new(json, "actor", json_string(actor));
    json_object_set_new(json, "role", json_string("citizen"));
    if (message_from_json(MESSAGE_command, json, &visit->command, why) != 0)
        return -1;
    if (strcmp(visit->action->name, "rate") == 0 && (visit->command.rating < 1 || visit->command.rating > 5))
        return refuse(why, "rating", "must be 1 (very dissatisfied) to 5 (very satisfied)");
    return strcmp(visit->action->name, "supplement") == 0 ? check_supplement(&visit->command, why) : 0;
}

static int read_body(struct receipt_visit *visit, struct reason *why) {
    size_t size;
    (void)http_body(visit->request, &size);
    json_t *json = size == 0 ? json_object() : http_body_object(visit->request, why);
    if (json == NULL)
        return -1;
    int status = read_command(visit, json, why);
    json_decref(json);
    return status;
}

/* ---- the move --------------------------------------------------------------------------------------------------------------- */

static int status_of(const char *field) {
    if (strcmp(field, "move") == 0 || strcmp(field, "version") == 0)
        return 409;
    if (strcmp(field, "role") == 0 || strcmp(field, "actor") == 0 || strcmp(field, "actor_unit") == 0)
        return 403;
    return strcmp(field, "case") == 0 ? 404 : 422;
}

static void send(struct receipt_visit *visit);

static void answer_done(struct receipt_visit *visit, const struct command_answer *answer) {
    json_t *json = json_pack("{s:o, s:s}", "case", id_json(visit->command.case_id), "move", visit->command.move);
    receipt_add_state(json, answer->state);
    if (visit->found.score > 0) {
        json_object_set_new(json, "score", json_integer((json_int_t)visit->found.score));
        json_object_set_new(json, "missing", codes_json(visit->found.missing));
    }
    receipt_json(visit, 200, json);
}

static void answered(void *context, const struct command_answer *answer) {
    struct receipt_visit *visit = context;
    switch (answer->outcome) {
    case COMMAND_DONE:
        if (visit->file[0] == '\0') {
            answer_done(visit, answer);
            return;
        }
        /* What was said is written down; now the file. Its key is made of the first one's, so that a retry does neither twice. */
        visit->key[0] = visit->key[0] == 'A' ? 'B' : 'A';
        memcpy(visit->command.key, visit->key, sizeof visit->key);
        strcpy(visit->command.move, "attach");
        visit->command.note[0] = '\0';
        visit->command.attributes[0] = '\0';
        memcpy(visit->command.file, visit->file, sizeof visit->command.file);
        visit->file[0] = '\0';
        send(visit);
        return;
    case COMMAND_REFUSED:
        receipt_refuse_why(visit, status_of(answer->why.field), &answer->why);
        return;
    case COMMAND_BUSY:
        http_add_header(visit->request, "Retry-After", "1");
        receipt_refuse_why(visit, 503, &answer->why);
        return;
    case COMMAND_UNKNOWN:
        receipt_refuse(visit, 504, "", "no answer came in time; the same Idempotency-Key asked again tells");
        return;
    }
}

static void send(struct receipt_visit *visit) {
    intake_trace(visit->intake, visit->request, visit->command.traceparent);
    if (!intake_command(visit->intake, &visit->command, answered, visit))
        receipt_refuse(visit, 503, "", "too many moves are under way; nothing was done, ask again with the same key");
}

/* A retry must ask for the same move as the first time, even if that has changed the state: then routing, which remembers the key,
 * answers as it did. So a state that allows no move is for routing to refuse. */
static void looked(void *context, const struct ask *ask) {
    struct receipt_visit *visit = context;
    struct command *command = &visit->command;
    const struct receipt_action *action = visit->action;
    const PGresult *cases = receipt_result(visit, ask, 0);
    if (cases == NULL)
        return;
    if (PQntuples(cases) == 0) {
        http_add_header(visit->request, "Retry-After", "1");
        receipt_refuse(visit, 503, "case", "the report came in a moment ago; try again");
        return;
    }
    int row = action->with_parent && PQntuples(cases) > 1 ? 1 : 0;
    const char *move = receipt_move(action, case_state_named(db_text(cases, row, 1)), command->rating);
    if (move == NULL)
        move = action->moves[strcmp(action->name, "rate") == 0 && command->rating < 3 ? 1 : 0];
    command->case_id = (uint64_t)db_int8(cases, row, 0);
    bool only_file = command->note[0] == '\0' && command->file[0] != '\0';
    if (!only_file)
        memcpy(visit->file, command->file, sizeof visit->file);
    if (!only_file)
        command->file[0] = '\0';
    snprintf(command->move, sizeof command->move, "%s", only_file ? "attach" : move);
    send(visit);
}

/* A file is written down as used before the move names it: else it could be removed in between. */
static void find_case(struct receipt_visit *visit) {
    struct ask *ask = receipt_ask(visit, looked);
    bool with_file = visit->command.file[0] != '\0';
    char hash[FILE_HEX_BYTES + 1];
    receipt_step(ask, visit, "intake_receipt_cases", NULL);
    snprintf(hash, sizeof hash, "%.*s", FILE_HEX_BYTES, visit->command.file);
    if (with_file)
        receipt_step(ask, visit, "intake_receipt_file", hash);
    receipt_put(visit, with_file ? ASK_WRITE : ASK_QUICK, ask);
}

static void act(struct receipt_visit *visit) {
    struct reason why;
    visit->action = action_named(http_path_part(visit->request, 1));
    if (visit->action == NULL) {
        receipt_refuse(visit, 404, "action", "must be supplement, rate, reopen, withdraw, appeal or urge");
        return;
    }
    if (read_key(visit, &why) != 0) {
        receipt_refuse_why(visit, 400, &why);
        return;
    }
    if (read_body(visit, &why) != 0) {
        receipt_refuse_why(visit, strcmp(why.field, "body") == 0 ? 400 : 422, &why);
        return;
    }
    if (strcmp(visit->action->name, "supplement") == 0)
        receipt_supplement(visit, find_case);
    else
        find_case(visit);
}

void receipt_post(struct http_request *request, void *context) {
    receipt_begin(context, request, act);
}
