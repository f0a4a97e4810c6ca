/* The mesh: this replica's place among the others. A thread of its own registers it, holds its advisory lock, finds the
 * dead, claims shards up to the fair share, and sends the loop a view whenever something changed.
 *
 * Safety never depends on the lock, only on the epoch in the service's own shard rows (common/attempt.c). */
#ifndef ZHITONG_MESH_H
#define ZHITONG_MESH_H

#include "common/ids.h"
#include "common/mailbox.h"
#include "common/secret_keys.h"
#include "common/service.h"
#include "common/wire.h"
#include "common/work.h"

#define SERVICE_NAME_MAX 24
#define ENDPOINT_MAX 128

struct member {
    int32_t member;
    char service[SERVICE_NAME_MAX + 1];
    char endpoint[ENDPOINT_MAX + 1];
    char public_endpoint[ENDPOINT_MAX + 1];
    char curve_key[WIRE_KEY_SIZE];
};

struct placement { /* where one service's shards are: member ids, 0 where nobody is known */
    char service[SERVICE_NAME_MAX + 1];
    int32_t owner[SHARD_COUNT];
};

struct access { /* who may use the public endpoints */
    char name[WIRE_USER_MAX + 1];
    char kind[16]; /* "department" or "client" */
    char curve_key[WIRE_KEY_SIZE];
    char unit[CODE_MAX + 1]; /* of a department */
};

struct owned_shard {
    uint16_t shard;
    int64_t epoch;
    struct cursors cursors; /* as they were when the view was read: only good for an epoch seen for the first time */
    bool parked;
};

struct mesh_view { /* what is true about the mesh; owned by who takes it out of the mailbox */
    struct letter letter;
    bool connected; /* false: the database is out of reach; nothing else is filled */
    int32_t self;
    struct member *members;
    size_t member_count;
    struct placement *placements;
    size_t placement_count;
    struct access *access;
    size_t access_count;
    struct owned_shard owned[SHARD_COUNT];
    size_t owned_count;
    size_t excess;     /* shards beyond the fair share: to be released when idle */
    size_t unclaimed;  /* shards that were released by us and that nobody has claimed */
    struct city *city; /* a newly loaded city, or NULL; taken by the reader of the view */
};
void mesh_view_close(struct mesh_view **view);
const struct member *mesh_member(const struct mesh_view *view, int32_t member); /* NULL when unknown */
/* The replica that owns a service's shard, NULL when nobody is known. */
const struct member *mesh_owner(const struct mesh_view *view, const char *service, uint16_t shard);

struct mesh;

struct mesh_options {
    const struct service *service;
    const char *database_url;
    char endpoint[ENDPOINT_MAX + 1];        /* advertised to the other services */
    char public_endpoint[ENDPOINT_MAX + 1]; /* advertised to departments; "" when there is none */
    char curve_key[WIRE_KEY_SIZE];
    char ring[2 * SECRET_CODE_BYTES + 1]; /* a code of the keyring, see 013_member_says.sql; "": it has none */
    int keep_days;                        /* of the log's day partitions */
    int hung_ms;                          /* after this silence the sessions of a peer of this service are ended */
    struct mailbox *out;                  /* gets LETTER_VIEW */
};

struct mesh *mesh_open(const struct mesh_options *options);
/* Gives shards back, so that a replica with room can claim them. */
void mesh_release(struct mesh *mesh, const struct owned_shard *shards, size_t count);
/* We are about to end: what others leave is not for us any more. */
void mesh_claim_no_more(struct mesh *mesh);
/* Ends the membership, so that others claim the shards at once. Views go on coming: followers can be told where to go. */
void mesh_leave(struct mesh *mesh);
/* Leaves, if that has not happened yet. */
void mesh_close(struct mesh **mesh);

#endif
