/* The compatibility lock: what messages.def has promised to those who already speak the protocol.
 *
 * One line per message and field, in table order:
 *   message case_moved 33
 *   field case_moved unit text 48 needed
 *   field case_moved due_at i64 - optional
 * A locked message keeps its number; a locked field keeps its place, type and need, and its limit never shrinks. What
 * is appended to a locked message is optional. */
#ifndef ZHITONG_LOCK_H
#define ZHITONG_LOCK_H

#include <stdio.h>

#include "proto/codec.h"

#define LOCK_LINE_MAX 256 /* bytes */

/* Writes the lock of the compiled tables. */
void lock_write(FILE *out);

/* Do the compiled tables keep every line of this lock? Refuses the first broken promise, with message.field as field. */
MUST_CHECK int lock_keeps(FILE *lock, struct reason *why);

/* Does the lock hold exactly the compiled tables? Refuses the first line that differs: run zt-describe lock. */
MUST_CHECK int lock_is_current(FILE *lock, struct reason *why);

const char *field_type_name(enum field_type type); /* text, u64, i64, f64, flag */

#endif
