#include "services/desk/case_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json_parts.h"
#include "common/message_json.h"
#include "common/report_kept.h"

/* An instant that is 0 is left out, as everywhere. */
static void add_instant(json_t *object, const char *name, int64_t at) {
    if (at != 0)
        json_object_set_new(object, name, json_integer(at));
}

static void add_zh(json_t *object, const char *state) {
    enum case_state found = case_state_named(state);
    if (found != CASE_STATE_COUNT)
        json_object_set_new(object, "state_zh", json_string(case_state_spec(found)->zh));
}

/* ---- the opening -------------------------------------------------------------------------------------------------------- */

static int read_moved(const uint8_t *body, size_t size, struct case_moved *moved) {
    struct reason why;
    return message_decode(MESSAGE_case_moved, body, size, moved, &why);
}

json_t *case_facts_json(const uint8_t *opening, size_t size) {
    json_t *facts = json_object();
    struct report_kept kept;
    struct reason why;
    if (report_kept_read(opening, size, &kept, &why) != 0)
        return facts;
    json_add_text(facts, "title", kept.title);
    json_add_text(facts, "description", kept.description);
    json_add_text(facts, "address", kept.address);
    if (!isnan(kept.lat) && !isnan(kept.lon)) {
        json_object_set_new(facts, "lat", json_real(kept.lat));
        json_object_set_new(facts, "long", json_real(kept.lon));
    }
    json_t *attributes = kept.attributes[0] == '\0' ? NULL : json_loads(kept.attributes, 0, NULL);
    if (attributes != NULL)
        json_object_set_new(facts, "attributes", attributes);
    if (kept.files[0] != '\0')
        json_object_set_new(facts, "files", codes_json(kept.files));
    if (kept.missing[0] != '\0')
        json_object_set_new(facts, "missing", codes_json(kept.missing));
    if (kept.likely[0] != '\0')
        json_object_set_new(facts, "likely", codes_json(kept.likely));
    return facts;
}

json_t *case_json(const PGresult *result, int row, int first) {
    static const char *const texts[] = {"unit", "support", "channel", "item", "area"};
    json_t *json = json_object();
    json_object_set_new(json, "case", id_json((uint64_t)db_int8(result, row, first)));
    json_object_set_new(json, "version", json_integer(db_int4(result, row, first + 1)));
    json_add_text(json, "state", db_text(result, row, first + 2));
    add_zh(json, db_text(result, row, first + 2));
    json_add_text(json, "severity", db_text(result, row, first + 3));
    json_object_set_new(json, "tier", json_integer(db_int2(result, row, first + 4)));
    for (int i = 0; i < 5; i++)
        if (strcmp(texts[i], "support") == 0)
            json_object_set_new(json, texts[i], codes_json(db_text(result, row, first + 5 + i)));
        else
            json_add_text(json, texts[i], db_text(result, row, first + 5 + i));
    add_instant(json, "opened_at", db_time(result, row, first + 10));
    add_instant(json, "due_at", db_time(result, row, first + 11));
    json_object_set_new(json, "supervised", json_boolean(db_bool(result, row, first + 12)));
    size_t size;
    const uint8_t *opening = db_bytea(result, row, first + 13, &size);
    struct report_kept kept;
    struct reason why;
    if (report_kept_read(opening, size, &kept, &why) == 0) {
        json_add_text(json, "title", kept.title);
        json_add_text(json, "address", kept.address);
    }
    return json;
}

/* ---- moves and entries -------------------------------------------------------------------------------------------------- */

static json_t *needs_json(uint32_t needs) {
    size_t count;
    const char *const *names = case_need_names(&count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (needs & (1u << i))
            json_array_append_new(array, json_string(names[i]));
    return array;
}

json_t *case_move_json(const struct move_spec *line) {
    const char *from = line->from == CASE_any_open ? "any_open" : case_state_spec(line->from)->name;
    const char *to = line->to == CASE_same ? "same" : case_state_spec(line->to)->name;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "move", line->name, "zh", line->zh, "en", line->meaning,
                     "from", from, "to", to, "guard", case_guard_name(line->guard), "needs", needs_json(line->needs));
}

json_t *case_moves_json(uint32_t hats, enum case_state state) {
    json_t *array = json_array();
    const struct move_spec *line = NULL;
    while ((line = scope_move(line, hats, state)) != NULL)
        json_array_append_new(array, case_move_json(line));
    return array;
}

json_t *case_entry_json(const uint8_t *body, size_t size) {
    struct case_moved moved;
    if (read_moved(body, size, &moved) != 0)
        return NULL;
    json_t *json = message_to_json(MESSAGE_case_moved, &moved);
    const struct move_spec *line = case_move(moved.move, case_state_named(moved.from));
    json_object_set_new(json, "case", id_json(moved.case_id));
    json_object_set_new(json, "move_zh", json_string(line != NULL ? line->zh : moved.move));
    json_object_set_new(json, "move_en", json_string(line != NULL ? line->meaning : moved.move));
    if (moved.parent != 0)
        json_object_set_new(json, "parent", id_json(moved.parent));
    return json;
}

json_t *case_attached_json(const uint8_t *body, size_t size) {
    struct case_moved moved;
    char sha256[65], type[64];
    unsigned long long bytes;
    int end = 0;
    if (read_moved(body, size, &moved) != 0 || strcmp(moved.move, "attach") != 0 ||
        sscanf(moved.file, "%64s %63s %llu %n", sha256, type, &bytes, &end) != 3 || end == 0)
        return NULL;
    return json_pack("{s:s, s:s, s:I, s:s, s:I, s:s}", "sha256", sha256, "type", type, "bytes", (json_int_t)bytes,
                     "name", moved.file + end, "at", (json_int_t)moved.at, "actor", moved.actor);
}
