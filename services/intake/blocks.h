/* Who may not report now (intake.block), kept in memory and read again every BLOCKS_MS. While the database is out of reach, the last
 * ones hold. One thread, the loop. */
#ifndef ZHITONG_INTAKE_BLOCKS_H
#define ZHITONG_INTAKE_BLOCKS_H

#include "common/asks.h"
#include "common/secret_keys.h"
#include "common/service.h"

#define BLOCKS_MS 5000
#define BLOCKS_MAX 4096 /* that hold at once; of more the newest */

struct block {
    int64_t block; /* its number */
    char kind[8];
    char subject[65];
    char reason[201];
    char until[24];
};

struct blocks;
struct blocks *blocks_open(void); /* with none; the caller closes it */
void blocks_close(struct blocks **blocks);
/* Once a turn: has them read when it is time. */
void blocks_turn(struct blocks *blocks, const struct service_loop *loop, struct asks *asks);
/* For a loop that has nothing else to do: ms until then. */
int blocks_wait_ms(const struct blocks *blocks);

/* The block of a source; NULL: none. Borrowed until the next turn, as are the others. */
const struct block *blocks_of_source(const struct blocks *blocks, const char *source);
/* kind: "address", "phone" or "email"; the text in any form that contact_normal takes. Such a block is kept as the blind index of its
 * contact, with any key of the ring. keys: NULL where no keyring is set; only sources can be blocked then. */
const struct block *blocks_of_contact(const struct blocks *blocks, const struct secret_keys *keys, const char *kind,
                                      const char *text);

#endif
