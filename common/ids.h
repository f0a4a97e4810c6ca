/* Shards and case ids. A case belongs to one shard for life: the low 7 bits of its id. */
#ifndef ZHITONG_IDS_H
#define ZHITONG_IDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SHARD_COUNT 128 /* fixed at install (DESIGN.md section 2) */

/* Cases of a shard in one incarnation of the city (mesh.incarnation): what a restore has undone is never numbered again. */
#define INCARNATION_CASES_MAX UINT64_C(100000000)

/* seq is that of the intake log's entry that brought the report, unique in its shard; incarnation 0: was never restored. */
static inline uint64_t case_id_of(uint64_t incarnation, uint16_t shard, uint64_t seq) {
    return (incarnation * INCARNATION_CASES_MAX + seq) * SHARD_COUNT + shard;
}
static inline uint64_t case_seq(uint64_t case_id) {
    return case_id / SHARD_COUNT % INCARNATION_CASES_MAX;
}
static inline uint16_t case_shard(uint64_t case_id) {
    return (uint16_t)(case_id % SHARD_COUNT);
}

#define ID_DIGITS_MAX 18 /* of an id as it is written; more would not fit a bigint */

/* Whether a text is an id as it is written: 1 to ID_DIGITS_MAX digits. */
static inline bool is_id(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= ID_DIGITS_MAX && text[digits] == '\0';
}

#endif
