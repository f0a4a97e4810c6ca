/* Passwords: argon2id takes some 50 ms, so a thread of its own does it, one after the other, and only so many may wait. */
#ifndef ZHITONG_DESK_HASHER_H
#define ZHITONG_DESK_HASHER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/mailbox.h"

#define PASSWORD_MAX 512            /* bytes */
#define PASSWORD_OPERATIONS 2       /* of argon2id, with which passwords are hashed */
#define PASSWORD_MEMORY 19922944ULL /* bytes: 19 MiB */

typedef void hasher_done(void *context, bool same);

struct hasher;
struct hasher *hasher_open(struct mailbox *out, size_t waiting_max);
/* Whether the password is that of the hash, told from the loop. A hash of "" costs as much time and never fits, so that nobody
 * hears from the time whether a login exists. False: too many wait. */
bool hasher_verify(struct hasher *hasher, const char *password, const char *hash, hasher_done *done, void *context);
void hasher_stop(struct hasher *hasher);
void hasher_close(struct hasher **hasher);

#endif
