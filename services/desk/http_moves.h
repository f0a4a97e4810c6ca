/* Moves of a case, and the tables that say what they are. */
#ifndef ZHITONG_DESK_HTTP_MOVES_H
#define ZHITONG_DESK_HTTP_MOVES_H

#include "common/command_calls.h"
#include "common/http.h"

struct visit;

http_handler desk_post_move, desk_get_moves, desk_get_roles, desk_get_states;
/* The answer to the command of this visit has come. */
void desk_move_answered(struct visit *visit, const struct command_answer *answer);

#endif
