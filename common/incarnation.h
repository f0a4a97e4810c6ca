/* Which incarnation of the city this is: how numbers of a restored city differ from those that the restore has undone
 * (mesh.incarnation, docs/decisions/0022-what-a-restore-says.md). Thread-safe. */
#ifndef ZHITONG_INCARNATION_H
#define ZHITONG_INCARNATION_H

#include <stdbool.h>
#include <stdint.h>

#define INCARNATION_MAX 9000
/* Seqs of streams in one incarnation; mesh.stream_span() says the same. */
#define INCARNATION_SEQS_MAX UINT64_C(1000000000000)

/* What the database says at each connection. false: it said something else before. Then the database was restored under this process,
 * and nothing that it has in memory holds: it must end. */
bool incarnation_set(uint64_t incarnation);
/* 0 before the first incarnation_set, and for a city that was never restored. */
uint64_t incarnation_now(void);

/* The incarnation in which an entry of a stream was appended. */
static inline uint64_t incarnation_of_seq(uint64_t seq) {
    return seq / INCARNATION_SEQS_MAX;
}

#endif
