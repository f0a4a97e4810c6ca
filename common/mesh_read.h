/* Reading the view of the mesh from its tables, and looking things up in it. */
#ifndef ZHITONG_MESH_READ_H
#define ZHITONG_MESH_READ_H

#include "common/mesh.h"

/* Fills members, placements, access, owned shards, what is in excess and unclaimed, and the city when its version differs from *city_version
 * (which is then updated). `why` tells why a city could not be read; that alone is no failure. -1: the database failed. */
MUST_CHECK int mesh_read_view(struct mesh_view *view, struct db *db, const char *service, uint64_t *city_version,
                              struct reason *why);

/* Only the city, when its version differs from *city_version, in the same way. */
MUST_CHECK int mesh_read_city(struct city **city, struct db *db, uint64_t *city_version, struct reason *why);

/* Only members and placements: for whoever wants to know which replica owns a shard. */
MUST_CHECK int mesh_read_owners(struct mesh_view *view, struct db *db);

#endif
