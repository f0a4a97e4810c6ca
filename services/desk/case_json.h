/* Cases as JSON, from rows of desk.sql and from messages. */
#ifndef ZHITONG_DESK_CASE_JSON_H
#define ZHITONG_DESK_CASE_JSON_H

#include <jansson.h>

#include "common/db.h"
#include "common/json_parts.h"
#include "services/desk/scope.h"

/* The case in this row, whose columns from `first` on are those of desk.rows. */
json_t *case_json(const PGresult *result, int row, int first);
/* What the opening says besides; an empty object where nothing is known. */
json_t *case_facts_json(const uint8_t *opening, size_t size);
/* An entry of the log, with the move's names; NULL where it cannot be read. */
json_t *case_entry_json(const uint8_t *body, size_t size);
/* A move as GET /moves shows it. */
json_t *case_move_json(const struct move_spec *line);
/* The moves that somebody with these hats may make now. */
json_t *case_moves_json(uint32_t hats, enum case_state state);
/* The file of an attach entry: {sha256, type, bytes, name, at, actor}; NULL for another entry. */
json_t *case_attached_json(const uint8_t *body, size_t size);

#endif
