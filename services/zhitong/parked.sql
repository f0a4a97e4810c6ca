-- Parked entries of one service (search_path is its schema).

-- name: parked_list
SELECT shard, upstream, seq, case_id, type, field, reason, parked_at, replay FROM parked WHERE discarded_at IS NULL
ORDER BY parked_at, shard, upstream, seq;

-- name: parked_replay
-- $1 shard, $2 upstream, $3 seq; all NULL: every one. The owner of the shard sees it at its next view of the mesh.
UPDATE parked SET replay = true
WHERE discarded_at IS NULL
  AND ($1::smallint IS NULL OR (shard = $1::smallint AND upstream = $2::smallint AND seq = $3::bigint))
RETURNING shard;

-- name: parked_discard
-- As parked_replay. The row stays, so that the audit knows why its case has no such entry.
UPDATE parked SET discarded_at = clock_timestamp()
WHERE discarded_at IS NULL
  AND ($1::smallint IS NULL OR (shard = $1::smallint AND upstream = $2::smallint AND seq = $3::bigint))
RETURNING shard, upstream, seq, case_id, type, field, reason, body;

-- name: parked_look
-- As parked_replay.
SELECT shard, upstream, seq, case_id, type, field, reason, body FROM parked
WHERE discarded_at IS NULL
  AND ($1::smallint IS NULL OR (shard = $1::smallint AND upstream = $2::smallint AND seq = $3::bigint))
ORDER BY shard, upstream, seq;

-- name: parked_notify
SELECT pg_notify('mesh', '')::text;
